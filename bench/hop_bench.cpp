// One hop, publish → handler → publish: a chain of four agents with worker_threads = 0, so that one thread does all of it. Floors:
// floors/mutex_queue.cpp and floors/raw_zmq.cpp in memory, floors/sqlite.cpp on the disk.
#include "floors/chain.hpp"
#include "temporary_file.hpp"

#include <skein/testing.hpp>

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

namespace {

struct idea {
  std::int64_t number = 0;
  std::string body;
  SKEIN_ARTIFACT("bench.idea", 1, number, body)
};
struct draft {
  std::int64_t number = 0;
  std::string body;
  SKEIN_ARTIFACT("bench.draft", 1, number, body)
};
struct review {
  std::int64_t number = 0;
  std::string body;
  SKEIN_ARTIFACT("bench.review", 1, number, body)
};
struct article {
  std::int64_t number = 0;
  std::string body;
  SKEIN_ARTIFACT("bench.article", 1, number, body)
};

template <class In, class Out>
skein::agent stage(std::string name) {
  return skein::agent{std::move(name)}.on<In>([](In const& in) { return floors::next_item<Out>(in); }).template publishes<Out>();
}

skein::orchestrator_options in_memory() {
  skein::orchestrator_options options;
  options.ledger = "memory:";
  options.worker_threads = 0;
  options.tracing = false;
  options.artifacts_kept_max = 10'000;  // What leaves the board's memory is part of the steady state.
  return options;
}

class chain {
 public:
  explicit chain(skein::orchestrator_options options) : hub_(std::move(options)) {
    hub_.add(stage<idea, draft>("drafter"));
    hub_.add(stage<draft, review>("reviewer"));
    hub_.add(stage<review, article>("editor"));
    hub_.add(skein::agent{"printer"}.on<article>([](article const& in) { benchmark::DoNotOptimize(in.number); }));
  }

  /// Publishes all ideas at once and works them off, so often, in one run. False when not everything was handled.
  [[nodiscard]] bool run(std::vector<idea> const& ideas, std::size_t bursts) {
    skein::traced_run const run{hub_, "chain"};
    std::size_t handled = 0;
    for (std::size_t i = 0; i < bursts; ++i) {
      hub_.publish_all(ideas);
      handled = hub_.run_until_idle().activations.size();
    }
    return handled == ideas.size() * floors::chain_stages * bursts;
  }

 private:
  skein::orchestrator hub_;
};

void measure(benchmark::State& state, skein::orchestrator_options options, std::size_t items, std::size_t bursts,
             skein::testing::memory_traces* traces = nullptr) {
  chain agents{std::move(options)};
  std::vector<idea> const ideas(items, idea{0, floors::item_body()});
  for (auto _ : state) {
    if (!agents.run(ideas, bursts)) return state.SkipWithError("a handler failed or did not run");
    if (traces == nullptr) continue;
    state.PauseTiming();
    traces->clear();
    state.ResumeTiming();
  }
  state.counters["items"] = static_cast<double>(items * floors::chain_stages * bursts);
}

void hop_untraced(benchmark::State& state) { measure(state, in_memory(), floors::burst_items, 1); }
BENCHMARK(hop_untraced);

/// Two spans a hop; the run ends when the sink has them all.
void hop_memory_sink(benchmark::State& state) {
  skein::testing::memory_traces traces;
  auto options = in_memory();
  options.tracing = true;
  options.sinks = {traces.sink()};
  measure(state, std::move(options), floors::burst_items, 1, &traces);
}
BENCHMARK(hop_memory_sink)->UseRealTime()->MeasureProcessCPUTime();

void hop_durable(benchmark::State& state) {
  bench::temporary_file const path{"ledger"};
  auto options = in_memory();
  options.ledger = "sqlite:" + path.path();
  measure(state, std::move(options), floors::durable_items, floors::durable_bursts);
}
BENCHMARK(hop_durable)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
