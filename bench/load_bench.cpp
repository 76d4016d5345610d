// The chain under load: many threads that publish and handle at once, and handlers that work.
#include "agent_chain.hpp"
#include "temporary_file.hpp"

#include <skein/tracing/sqlite_sink.hpp>

#include <chrono>
#include <thread>

namespace {

constexpr std::size_t threaded_items = 8192;

/// As many threads publish, one item after the other, as handle. Spans go to a memory sink.
void hop_threads(benchmark::State& state) {
  auto const threads = static_cast<std::size_t>(state.range(0)), share = threaded_items / threads;
  skein::testing::memory_traces traces;
  bench::agent_chain agents{bench::traced_to(traces.sink(), static_cast<unsigned>(threads)),
                            bench::chain_agents(bench::no_work{}, static_cast<std::uint32_t>(threads))};
  bench::idea const item{0, floors::item_body()};
  bench::measure(
      state, threaded_items * floors::chain_stages,
      [&] {
        skein::traced_run const run{agents.hub(), "load"};
        std::vector<std::thread> publishers;
        for (std::size_t i = 0; i < threads; ++i) {
          publishers.emplace_back(skein::trace_context::current().bind([&] {
            for (std::size_t n = 0; n < share; ++n) agents.hub().publish(item);
          }));
        }
        for (auto& one : publishers) one.join();
        return agents.hub().run_until_idle().activations.size() == threaded_items * floors::chain_stages;
      },
      &traces);
}
BENCHMARK(hop_threads)->ArgName("threads")->Arg(2)->Arg(8)->Arg(64)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

/// A handler that computes for 100 µs.
struct busy {
  void operator()() const {
    auto const end = std::chrono::steady_clock::now() + std::chrono::microseconds{100};
    while (std::chrono::steady_clock::now() < end) {
    }
  }
};

constexpr std::size_t busy_items = 250;

void work(benchmark::State& state, skein::orchestrator_options options) {
  bench::agent_chain agents{std::move(options), bench::chain_agents(busy{})};
  auto const ideas = bench::make_ideas(busy_items);
  bench::measure(state, busy_items * floors::chain_stages, [&] { return agents.run(ideas, 1) && agents.hub().flush(); });
}

/// range(0): threads that handle.
void work_untraced(benchmark::State& state) { work(state, bench::in_memory(static_cast<unsigned>(state.range(0)))); }
BENCHMARK(work_untraced)->ArgName("threads")->Arg(0)->Arg(2)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

void work_traced(benchmark::State& state) {
  bench::temporary_file const path{"work_spans"};
  work(state, bench::traced_to(skein::open_sqlite_sink({.path = path.path(), .service = "chain"}).value(), static_cast<unsigned>(state.range(0))));
}
BENCHMARK(work_traced)->ArgName("threads")->Arg(0)->Arg(2)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
