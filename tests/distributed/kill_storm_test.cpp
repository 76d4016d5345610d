// A tree of a known size grows while its hub and its workers are killed, again and again. SKEIN_STORM_SEEDS and SKEIN_STORM_DEPTH make it longer.
#include "support/build_kind.hpp"
#include "support/child.hpp"
#include "support/traces.hpp"
#include "support/tree.hpp"

#include "orchestrator/support/fifo.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace skein::testing {
namespace {

constexpr unsigned workers = 3;

class storm {
 public:
  storm(std::uint32_t seed, int depth) : random_(seed), depth_(depth) {
    start_hub();
    for (unsigned i = 0; i < workers; ++i) start_worker(i);
  }

  /// Until a hub says that all is done: what it says of its end, and what it counts.
  std::string rage() {
    std::int64_t handled = 0, next = pause();
    std::vector<std::string> answers;   // of the hub that lives
    while (answers.size() < answers_expected_) {
      auto const line = told_.line();
      if (line.starts_with(prefix_)) answers.push_back(line.substr(prefix_.size()));
      if (line != "handled" || ++handled < next) continue;
      if (strike()) answers.clear();
      next = handled + pause();
    }
    return answers[answers.size() - 2] + ", " + answers.back();
  }
  void end() {
    for (auto& one : workers_) one.signal(SIGTERM);
    for (auto& one : workers_) {
      auto const code = one.wait();
      EXPECT_TRUE(code == 0 || code == 128 + SIGTERM) << code << "; the signal itself ends one that has just been started";
    }
    hub_.end_input();
    EXPECT_EQ(hub_.wait(), 0);
  }

  [[nodiscard]] int worker_kills() const noexcept { return worker_kills_; }
  [[nodiscard]] int hub_kills() const noexcept { return hub_kills_; }
  [[nodiscard]] trace_store traces() const { return trace_store{folder_ / "traces.db"}; }

 private:
  /// Handled nodes until the next kill; more than all workers hold together, so that the tree grows between two.
  std::int64_t pause() { return std::uniform_int_distribution<std::int64_t>{40, 160}(random_); }

  /// Whether it was the hub.
  bool strike() {
    auto victim = std::uniform_int_distribution<unsigned>{0, workers}(random_);
    if (hub_kills_ + worker_kills_ == 0) victim = workers;   // each seed kills a hub, and a worker
    if (hub_kills_ == 1 && worker_kills_ == 0) victim %= workers;
    if (victim == workers) {
      ++hub_kills_;
      hub_.kill();
      start_hub();
    } else {
      ++worker_kills_;
      workers_[victim].kill();
      start_worker(victim);
    }
    return victim == workers;
  }
  void start_hub() {
    // Those that follow the first know from the ledger whom they wait for.
    std::string const first = hub_kills_ == 0 ? "agents grower\ntree " + std::to_string(depth_) + "\n" : "";
    answers_expected_ = first.empty() ? 3 : 5;
    prefix_ = "hub " + std::to_string(hub_kills_) + ": ";
    hub_ = child{{TEST_HUB, "ledger=sqlite:" + folder_ / "ledger.db", "traces=sqlite:" + folder_ / "traces.db", "listen=ipc://" + folder_ / "bus", "grace_ms=3000",
                  "prefix=" + prefix_},
                 {.output = told_.path()}};
    hub_.say(first + "idle\ncount");
  }
  void start_worker(unsigned i) {
    child made{{TREE_WORKER, "--connect", "ipc://" + folder_ / "bus", "--name", "grower-" + std::to_string(i), "--concurrency", "2", "--credit", "8", "--log", "error"},
               {.environment = {"TREE_TOLD=" + told_.path()}}};
    if (i < workers_.size()) workers_[i] = std::move(made);
    else workers_.push_back(std::move(made));
  }

  temporary_folder folder_;
  fifo told_{folder_, "told"};
  std::mt19937 random_;
  int depth_, worker_kills_ = 0, hub_kills_ = 0;
  std::size_t answers_expected_ = 0;
  std::string prefix_;
  child hub_;
  std::vector<child> workers_;
};

int setting(char const* name, int otherwise) {
  char const* const text = std::getenv(name);
  return text ? std::atoi(text) : otherwise;
}

TEST(kill_storm, loses_nothing_doubles_nothing_and_leaves_one_trace) {
  int const depth = setting("SKEIN_STORM_DEPTH", sanitized ? 5 : 6);
  auto const nodes = std::to_string(nodes_of_tree(depth)), leaves = std::to_string(leaves_of_tree(depth));
  for (int seed = 1; seed <= setting("SKEIN_STORM_SEEDS", 1); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    storm one{static_cast<std::uint32_t>(seed), depth};
    // Idle, nothing blocked, nothing failed; every leaf and node once; no receipts.
    EXPECT_EQ(one.rage(), "idle 0 0, " + leaves + ' ' + leaves + ' ' + nodes + ' ' + nodes + " 0 0");
    EXPECT_GT(one.worker_kills(), 0);
    EXPECT_GT(one.hub_kills(), 0);
    one.end();
    auto const traces = one.traces();
    expect_whole(traces);
    // Waits outside a run are traces of their own; the tree is one.
    EXPECT_EQ(count(traces, "SELECT count(DISTINCT trace_id) FROM spans WHERE name <> 'run_until_idle'"), 1);
    EXPECT_EQ(count(traces, "SELECT count(*) FROM spans WHERE parent_id IS NULL AND name <> 'run_until_idle'"), 1);
    EXPECT_EQ(count(traces, "SELECT count(DISTINCT parent_id) FROM spans WHERE name = 'invoke_agent grower'"), nodes_of_tree(depth));
    EXPECT_EQ(count(traces, "SELECT count(*) FROM spans WHERE name = 'publish tests.leaf'"), leaves_of_tree(depth));
    EXPECT_GT(count(traces, "SELECT count(*) FROM spans WHERE name = 'invoke_agent grower' AND status_code = 'interrupted'"), 0);
  }
}

}  // namespace
}  // namespace skein::testing
