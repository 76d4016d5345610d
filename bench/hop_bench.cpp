// One hop, publish → handler → publish, in a chain of four agents. With worker_threads = 0 one thread does all of it, with 2 the hub's own do. Floors and
// peers: floors/mutex_queue.cpp, floors/raw_zmq.cpp, floors/caf.cpp, floors/nats.cpp in memory, floors/sqlite.cpp on the disk.
#include "agent_chain.hpp"
#include "counted.hpp"
#include "floors/latencies.hpp"
#include "temporary_file.hpp"

#include <skein/tracing/sqlite_sink.hpp>

namespace {

constexpr std::size_t burst_hops = floors::burst_items * floors::chain_stages;

void burst(benchmark::State& state, skein::orchestrator_options options, skein::testing::memory_traces* traces = nullptr) {
  bench::agent_chain agents{std::move(options)};
  auto const ideas = bench::make_ideas(floors::burst_items);
  bench::measure(state, burst_hops, [&] { return agents.run(ideas, 1); }, traces);
}

void hop_untraced(benchmark::State& state) { burst(state, bench::in_memory()); }
BENCHMARK(hop_untraced)->UseRealTime()->MeasureProcessCPUTime()->Apply(bench::counted);

/// Two spans a hop; the run ends when the sink has them all.
void hop_memory_sink(benchmark::State& state) {
  skein::testing::memory_traces traces;
  burst(state, bench::traced_to(traces.sink()), &traces);
}
BENCHMARK(hop_memory_sink)->UseRealTime()->MeasureProcessCPUTime()->Apply(bench::counted);

void hop_2_threads(benchmark::State& state) {
  skein::testing::memory_traces traces;
  burst(state, bench::traced_to(traces.sink(), 2), &traces);
}
BENCHMARK(hop_2_threads)->UseRealTime()->MeasureProcessCPUTime()->Apply(bench::counted);

/// Every delivery goes through a ROUTER and a DEALER.
void hop_inproc_link(benchmark::State& state) {
  skein::testing::memory_traces traces;
  auto options = bench::traced_to(traces.sink(), 2);
  options.local_link = skein::local_link::inproc;
  burst(state, std::move(options), &traces);
}
BENCHMARK(hop_inproc_link)->UseRealTime()->MeasureProcessCPUTime()->Apply(bench::counted);

/// From the publish of one item until the hub says that it is idle.
void hop_one_in_flight(benchmark::State& state) {
  constexpr int items_of_a_run = 16;
  skein::testing::memory_traces traces;
  bench::agent_chain agents{bench::traced_to(traces.sink(), 2)};
  bench::idea const item{0, floors::item_body()};
  floors::latencies took;
  bench::measure(
      state, items_of_a_run * floors::chain_stages,
      [&] {
        skein::traced_run const run{agents.hub(), "chain"};
        std::size_t handled = 0;
        for (int i = 0; i < items_of_a_run; ++i) {
          auto const begin = took.now();
          agents.hub().publish(item);
          handled = agents.hub().run_until_idle().activations.size();
          took.add(begin, floors::chain_stages);
        }
        return handled == items_of_a_run * floors::chain_stages;
      },
      &traces);
  took.report(state);
}
BENCHMARK(hop_one_in_flight)->UseRealTime()->MeasureProcessCPUTime();

/// Until everything recorded is in the file.
void hop_persisted(benchmark::State& state) {
  bench::temporary_file const path{"hop_spans"};
  auto sink = skein::open_sqlite_sink({.path = path.path(), .service = "chain"}).value();
  bench::agent_chain agents{bench::traced_to(std::move(sink), 2)};
  auto const ideas = bench::make_ideas(floors::burst_items);
  bench::measure(state, burst_hops * floors::persisted_bursts, [&] { return agents.run(ideas, floors::persisted_bursts) && agents.hub().flush(); });
}
BENCHMARK(hop_persisted)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

void hop_durable(benchmark::State& state) {
  bench::temporary_file const path{"ledger"};
  auto options = bench::in_memory();
  options.ledger = "sqlite:" + path.path();
  bench::agent_chain agents{std::move(options)};
  auto const ideas = bench::make_ideas(floors::durable_items);
  bench::measure(state, floors::durable_items * floors::durable_bursts * floors::chain_stages,
                 [&] { return agents.run(ideas, floors::durable_bursts); });
}
BENCHMARK(hop_durable)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond)->Apply(bench::counted);

}  // namespace

BENCHMARK_MAIN();
