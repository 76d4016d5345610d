// As installed: a hub with the default options (SQLite ledger, FULL; traces to SQLite; a worker thread for each core), a chain of four agents,
// and the clock stops when the spans are in their file. The peer does the same: peers/langgraph.
#include "floors/chain.hpp"

#include <skein/skein.hpp>

#include <benchmark/benchmark.h>

#include <unistd.h>

#include <filesystem>
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

template <class In, class Out>
skein::agent stage(std::string name) {
  return skein::agent{std::move(name)}.on<In>([](In const& in) { return floors::next_item<Out>(in); }).template publishes<Out>();
}

class chain {
 public:
  chain() {
    hub_.add(stage<idea, draft>("drafter"));
    hub_.add(stage<draft, review>("reviewer"));
    hub_.add(stage<review, article>("editor"));
    hub_.add(skein::agent{"printer"}.on<article>([](article const& in) { benchmark::DoNotOptimize(in.number); }));
  }

  [[nodiscard]] skein::orchestrator& hub() noexcept { return hub_; }

 private:
  skein::orchestrator hub_;
};

/// `handle` brings items and says how many activations it waited for.
void measure(benchmark::State& state, std::size_t items, auto handle) {
  temporary_folder const folder;
  chain agents;
  std::vector<idea> const ideas(items, idea{0, floors::item_body()});
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
