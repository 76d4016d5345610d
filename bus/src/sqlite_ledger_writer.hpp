// Changes to rows, inside a transaction that somebody else begins and ends.
#pragma once

#include <skein/bus/change.hpp>
#include <skein/tracing/sqlite.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace skein::bus::ledger_file {

/// Keeps prepared statements and the numbers of names and runs that it has seen.
class row_writer {
 public:
  [[nodiscard]] static result<row_writer> prepare(sqlite::database& file);

  /// Applies the changes in order. Only the last state of an activation or a run within one call is written, and nothing of a group that
  /// opens and closes within it: nobody can see the earlier ones, and most short activations open and close in one commit.
  [[nodiscard]] result<void> apply(std::span<change const> changes);

  /// Forgets all numbers: to be called when a transaction was rolled back, or when runs were deleted.
  void forget() noexcept;

 private:
  struct string_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  struct known_run {
    std::int64_t no = 0;
    std::string text;   ///< Of the id.
  };

  [[nodiscard]] result<void> add(subscription_row const& row);
  [[nodiscard]] result<void> add(run_row const& row);
  [[nodiscard]] result<void> add(artifact_row const& row);
  [[nodiscard]] result<void> add(activation_row const& row);
  [[nodiscard]] result<void> add(activation_update const& row);
  [[nodiscard]] result<void> add(group_row const& row);
  [[nodiscard]] result<void> add(group_member const& row);
  [[nodiscard]] result<void> add(group_closed const& row);
  [[nodiscard]] result<void> add(embargo_row const& row);
  [[nodiscard]] result<void> add(embargo_lifted const& row);
  [[nodiscard]] result<void> add(timer_row const& row);
  [[nodiscard]] result<void> add(agent_row const& row);
  [[nodiscard]] result<void> add(activation_count const& row);
  [[nodiscard]] result<void> insert(activation_row const& row, activation_update const& state);
  void collect(std::span<change const> changes);

  [[nodiscard]] result<std::int64_t> name(std::string_view text);
  /// The run's number, giving it one when it has none; nullptr for no run.
  [[nodiscard]] result<known_run const*> run(run_id const& id);
  known_run const* remember(run_id const& id, std::int64_t no);

  sqlite::statement find_name_, add_name_, find_run_, refer_run_, put_run_, update_run_;
  sqlite::statement put_subscription_, add_artifact_, free_key_, add_activation_, update_activation_;
  sqlite::statement add_group_, add_member_, remove_members_, remove_group_, keep_group_number_, add_embargo_, lift_embargo_;
  sqlite::statement put_timer_, pause_agent_, resume_agent_, put_count_;
  std::unordered_map<std::string, std::int64_t, string_hash, std::equal_to<>> names_;
  std::unordered_map<run_id, known_run> runs_;
  // Of the changes at hand.
  struct last_state {
    bool inserted = false;
    activation_update const* update = nullptr;
    subscription_no subscription = 0;   ///< The last one that is not 0.
  };
  std::unordered_map<activation_no, last_state> last_activations_;
  struct last_run {
    run_row const* row = nullptr;
    std::string_view name;   ///< The last one that is not empty.
  };
  std::unordered_map<run_id, last_run> last_runs_;
  std::unordered_map<group_no, bool> groups_;   ///< Opened by them, and whether closed too.
  group_no last_group_ = 0;                     ///< The highest of `groups_`.
  // Reused from row to row: bound without copies.
  std::string json_;
  bytes visibility_, headers_, inputs_, offer_, said_;
};

}  // namespace skein::bus::ledger_file
