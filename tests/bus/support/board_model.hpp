// What a ledger must remember, in the plainest form: the reference that real ledgers are compared with, and the store of simulations.
#pragma once

#include <skein/bus/ledger.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skein::bus::testing {

/// Applies changes in memory and keeps everything but groups that closed and embargoes that were lifted. A change that contradicts what
/// is there (a number used twice, an update of an unknown activation, a reference to an unknown artifact, a second member in one place of
/// a group, the end of a group that is not open) throws std::logic_error: no board may write it. A value: copy to snapshot.
class board_model {
 public:
  void apply(change const& one);
  /// What ledger::load() must give back.
  [[nodiscard]] board_state state() const;
  /// What ledger::history() must give back when nothing was deleted.
  [[nodiscard]] run_history history(run_id run) const;

  // Everything ever written, for checks of whole runs.
  [[nodiscard]] std::map<std::uint64_t, artifact_row> const& artifacts() const noexcept { return artifacts_; }
  [[nodiscard]] std::map<activation_no, activation_row> const& activations() const noexcept { return activations_; }
  [[nodiscard]] std::vector<run_row> const& runs() const noexcept { return runs_; }

 private:
  void add(subscription_row const& row);
  void add(run_row const& row);
  void add(artifact_row const& row);
  void add(activation_row const& row);
  void add(activation_update const& update);
  void add(group_row const& row);
  void add(group_member const& row);
  void add(group_closed const& row);
  void add(embargo_row const& row);
  void add(embargo_lifted const& row);
  void add(timer_row const& row);
  void add(agent_row const& row);
  void add(activation_count const& row);

  struct open_group {
    group_row row;
    std::map<std::uint32_t, std::uint64_t> members;   ///< Artifact seqs by position.
  };

  std::map<subscription_no, subscription_row> subscriptions_;
  std::vector<run_row> runs_;                       ///< In the order in which they became known.
  std::map<run_id, std::size_t> run_index_;
  std::map<std::uint64_t, artifact_row> artifacts_;
  std::map<artifact_id, std::uint64_t> artifact_index_;
  std::map<std::string, std::uint64_t> keys_;
  std::map<activation_no, activation_row> activations_;
  std::map<activation_id, activation_no> activation_index_;
  std::map<group_no, open_group> groups_;
  group_no last_group_ = 0;
  std::map<std::uint64_t, embargo_row> embargoes_;
  std::map<subscription_no, timer_row> timers_;
  std::map<std::string, agent_row> paused_agents_;
  std::map<std::pair<run_id, std::string>, activation_count> counts_;
};

/// What outlives a killed hub: the test owns it, the ledgers of one hub after the other write to it.
struct memory_store {
  board_model model;
  ledger_counters counters;
  /// Asked before each commit; an error makes that commit fail and change nothing. Null = all succeed.
  std::function<std::optional<error>(std::span<change const>)> before_commit;
};

/// A ledger on a memory_store: durable as far as the hub can tell.
class memory_store_ledger final : public ledger {
 public:
  explicit memory_store_ledger(std::shared_ptr<memory_store> store) : store_(std::move(store)) {}

  result<void> commit(std::span<change const> changes) override;
  result<board_state> load() override { return store_->model.state(); }
  result<run_history> history(run_id run) override { return store_->model.history(run); }
  ledger_counters counters() const noexcept override { return store_->counters; }
  bool durable() const noexcept override { return true; }
  std::string describe() const override { return "memory store"; }

 private:
  std::shared_ptr<memory_store> store_;
};

/// Two states, or two histories, with equal contents: artifacts are compared by value and encoded payload. Empty when equal,
/// otherwise what differs.
[[nodiscard]] std::string difference(board_state const& left, board_state const& right);
[[nodiscard]] std::string difference(run_history const& left, run_history const& right);
[[nodiscard]] bool same_artifact(artifact_data const& left, artifact_data const& right);

}  // namespace skein::bus::testing
