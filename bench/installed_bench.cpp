// As installed: a hub with the default options (SQLite ledger, FULL; traces to SQLite; a worker thread for each core), a chain of four agents,
// and the clock stops when the spans are in their file. The peer does the same: peers/langgraph.
#include "agent_chain.hpp"

#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

namespace {

using bench::idea;

/// The working directory of one benchmark: the default paths are below it.
class temporary_folder {
 public:
  temporary_folder() : before_(std::filesystem::current_path()) {
    std::filesystem::create_directories(path_);
    std::filesystem::current_path(path_);
  }
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::current_path(before_, ignored);
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_folder(temporary_folder const&) = delete;
  temporary_folder& operator=(temporary_folder const&) = delete;

 private:
  std::filesystem::path before_, path_ = std::filesystem::temp_directory_path() / ("installed_" + std::to_string(::getpid()));
};

/// `handle` brings items and says how many activations it waited for.
void measure(benchmark::State& state, std::size_t items, auto handle) {
  temporary_folder const folder;
  bench::agent_chain agents{skein::orchestrator_options{}};
  auto const ideas = bench::make_ideas(items);
  for (auto _ : state) {
    bool const all = handle(agents.hub(), ideas) == items * floors::chain_stages;
    if (!agents.hub().flush() || !all) return state.SkipWithError("a handler failed or did not run, or spans were not written");
  }
  state.counters["items"] = static_cast<double>(items * floors::chain_stages);
}

/// All items in one call and one run.
void installed_publish_all(benchmark::State& state) {
  measure(state, floors::burst_items, [](skein::orchestrator& hub, std::vector<idea> const& ideas) {
    skein::traced_run const run{hub, "chain"};
    hub.publish_all(ideas);
    return hub.run_until_idle().activations.size();
  });
}
BENCHMARK(installed_publish_all)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

/// One call for each item, each a run of its own: it returns when the item is on the disk.
void installed_publish(benchmark::State& state) {
  measure(state, floors::burst_items, [](skein::orchestrator& hub, std::vector<idea> const& ideas) {
    for (auto const& one : ideas) hub.publish(one);
    return hub.run_until_idle().activations.size();
  });
}
BENCHMARK(installed_publish)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

/// Likewise, but the caller goes on at once.
void installed_publish_async(benchmark::State& state) {
  measure(state, floors::burst_items, [](skein::orchestrator& hub, std::vector<idea> const& ideas) {
    for (auto const& one : ideas) hub.publish_async(one);
    return hub.run_until_idle().activations.size();
  });
}
BENCHMARK(installed_publish_async)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

/// One item at a time: the next one comes when the agents are through with the last.
void installed_one_in_flight(benchmark::State& state) {
  measure(state, 1, [](skein::orchestrator& hub, std::vector<idea> const& ideas) {
    hub.publish(ideas.front());
    return hub.run_until_idle().activations.size();
  });
}
BENCHMARK(installed_one_in_flight)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
