// The chain of four agents that the hops are measured on, and the options of its hubs.
#pragma once

#include "floors/chain.hpp"

#include <skein/testing.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace bench {

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

/// No spans, no disk; handlers run on the thread that waits, or on so many of their own.
inline skein::orchestrator_options in_memory(unsigned threads = 0) {
  skein::orchestrator_options options;
  options.ledger = "memory:";
  options.worker_threads = threads;
  options.tracing = false;
  options.artifacts_kept_max = 10'000;  // What leaves the board's memory is part of the steady state.
  return options;
}

/// The same, spans go to `sink`.
inline skein::orchestrator_options traced_to(std::shared_ptr<skein::span_sink> sink, unsigned threads = 0) {
  auto options = in_memory(threads);
  options.tracing = true;
  options.sinks = {std::move(sink)};
  return options;
}

/// As many items as there are in a burst.
inline std::vector<idea> make_ideas(std::size_t count) { return std::vector<idea>(count, idea{0, floors::item_body()}); }

/// What handlers do beside their output.
struct no_work {
  void operator()() const noexcept {}
};

template <class In, class Out, class Work = no_work>
skein::agent stage(std::string name, Work work = {}) {
  return skein::agent{std::move(name)}
      .on<In>([work](In const& in) {
        work();
        return floors::next_item<Out>(in);
      })
      .template publishes<Out>();
}

/// The four agents. Each handler calls `work` first. `concurrency`: how many activations of one agent run at once.
template <class Work = no_work>
std::vector<skein::agent> chain_agents(Work work = {}, std::uint32_t concurrency = 1) {
  std::vector<skein::agent> made = {stage<idea, draft>("drafter", work), stage<draft, review>("reviewer", work), stage<review, article>("editor", work),
                                    skein::agent{"printer"}.on<article>([work](article const& in) {
                                      work();
                                      benchmark::DoNotOptimize(in.number);
                                    })};
  for (auto& one : made) one.max_concurrency(concurrency);
  return made;
}

/// A hub with the four.
class agent_chain {
 public:
  explicit agent_chain(skein::orchestrator_options options, std::vector<skein::agent> const& agents = chain_agents()) : hub_(std::move(options)) {
    for (auto const& one : agents) hub_.add(one);
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

  [[nodiscard]] skein::orchestrator& hub() noexcept { return hub_; }

 private:
  skein::orchestrator hub_;
};

/// Calls `once` for each iteration, which handles so many hops; what a memory sink holds goes outside the time. False ends it as failed.
template <class Once>
void measure(benchmark::State& state, std::size_t hops, Once once, skein::testing::memory_traces* traces = nullptr) {
  for (auto _ : state) {
    if (!once()) return state.SkipWithError("a handler failed or did not run");
    if (traces == nullptr) continue;
    state.PauseTiming();
    traces->clear();
    state.ResumeTiming();
  }
  state.counters["items"] = static_cast<double>(hops);
}

}  // namespace bench
