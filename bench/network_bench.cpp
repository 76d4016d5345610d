// One hop across processes: publish here → handler in a worker process → what it publishes comes back, four agents in a row, two spans a
// hop into a memory sink. Floors: floors/raw_zmq_network.cpp.
#include "agent_chain.hpp"
#include "floors/latencies.hpp"
#include "floors/network.hpp"

#include <skein/agents/serve.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

/// A folder for a socket and keys.
class folder {
 public:
  folder() : path_(std::filesystem::temp_directory_path() / ("network_bench_" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  folder(folder const&) = delete;
  folder& operator=(folder const&) = delete;
  [[nodiscard]] std::string operator/(std::string const& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

void serve_chain(skein::serve_options options) {
  options.name = "bench";
  options.log = "off";
  options.credit = floors::window;
  options.concurrency = 1;
  (void)skein::serve(std::move(options), bench::chain_agents());
}

/// So many items at once through the chain, again and again in one run.
void hop(benchmark::State& state, std::string const& transport, std::size_t items) {
  folder const files;
  skein::serve_options worker;
  skein::orchestrator_options options;
  options.ledger = "memory:";
  options.worker_threads = 0;
  options.artifacts_kept_max = 10'000;
  worker.connect = transport == "ipc" ? "ipc://" + files / "hub.sock" : "tcp://127.0.0.1:" + std::to_string(20'000 + ::getpid() % 20'000);
  options.listen = {worker.connect};
  if (transport == "curve") {
    (void)skein::bus::generate_keys(files / "keys", {"bench"}).value();
    options.keys = skein::curve_keys::load(files / "keys/hub.key_secret", files / "keys/allowed");
    worker.key = files / "keys/bench.key_secret";
    worker.server_key = files / "keys/hub.key";
  }
  floors::beside const process{[&] { serve_chain(worker); }};
  skein::testing::memory_traces traces;
  options.sinks = {traces.sink()};
  skein::orchestrator hub{std::move(options)};
  hub.wait_for_agents({"drafter", "reviewer", "editor", "printer"}, std::chrono::seconds{20});
  auto const ideas = bench::make_ideas(items);
  std::size_t const bursts = items == 1 ? 64 : 16;
  double cpu = 0;
  floors::latencies took;
  for (auto _ : state) {
    auto const cpu_before = process.cpu();
    {
      skein::traced_run const run{hub, "chain"};
      for (std::size_t i = 0; i < bursts; ++i) {
        auto const begin = took.now();
        hub.publish_all(ideas);
        hub.run_until_idle();
        if (items == 1) took.add(begin, floors::chain_stages);
      }
    }
    cpu += process.cpu() - cpu_before;
    state.PauseTiming();
    (void)hub.flush();
    if (traces.spans().size() < items * bursts * (2 * floors::chain_stages)) state.SkipWithError("spans are missing");
    traces.clear();
    state.ResumeTiming();
  }
  took.report(state);
  auto const hops = static_cast<double>(items * bursts * floors::chain_stages);
  state.counters["items"] = hops;
  state.counters["other_ns"] = 1e9 * cpu / hops / static_cast<double>(state.iterations());
}

int const registered = [] {
  for (auto const* transport : floors::transports) {
    for (std::size_t const items : {floors::window, std::size_t{1}}) {
      auto const name = std::string{"hop/"} + transport + "/" + std::to_string(items);
      benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { hop(state, transport, items); })
          ->UseRealTime()
          ->MeasureProcessCPUTime()
          ->Unit(benchmark::kMillisecond);
    }
  }
  return 0;
}();

}  // namespace

BENCHMARK_MAIN();
