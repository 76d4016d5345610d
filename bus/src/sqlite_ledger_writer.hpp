// Changes to rows, inside a transaction that somebody else begins and ends.
#pragma once

#include "sqlite_ledger_blocks.hpp"

#include <skein/bus/change.hpp>
#include <skein/tracing/sqlite.hpp>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace skein::bus::ledger_file {

/// Keeps prepared statements and the numbers of names and runs that it has seen.
class row_writer {
 public:
  [[nodiscard]] static result<row_writer> prepare(sqlite::database& file);

  /// Applies the changes in order. Only the last state of an activation or a run within one call is written, and nothing of a group that
  /// opens and closes within it: nobody can see the earlier ones.
  [[nodiscard]] result<void> apply(std::span<change const> changes);

  /// Forgets everything: to be called when a transaction was rolled back.
  void forget() noexcept;
  /// Forgets the numbers of runs: to be called when runs were deleted.
  void forget_runs() noexcept;
  [[nodiscard]] activation_blocks& activations() noexcept { return activations_; }

 private:
  struct string_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  struct known_run {
    std::int64_t no = 0;
    std::string text;   ///< Of the id.
    std::int64_t artifacts = -1, activations = -1;   ///< The last parts that are known to hold some of it.
  };

  [[nodiscard]] result<void> add(subscription_row const& row);
  [[nodiscard]] result<void> add(run_row const& row);
  [[nodiscard]] result<void> add(artifact_row const& row);
  /// What its row holds besides its own members.
  struct numbered_artifact {
    artifact_data const* artifact = nullptr;
    bytes_view payload;
    std::int64_t type = 0, producer = 0, run = 0;   ///< Numbers; no run is 0.
    bool inherited = false;                         ///< Its correlation is the run's.
  };
  [[nodiscard]] result<numbered_artifact> number(artifact_data const& artifact);
  [[nodiscard]] result<void> add_whole(artifact_row const& row, numbered_artifact const& numbers);
  /// Writes the artifacts that wait for company: many rows in one statement cost a third less than each in its own.
  [[nodiscard]] result<void> write_plain();
  [[nodiscard]] result<void> write_plain(sqlite::statement& statement, std::span<numbered_artifact const> rows);
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
  void forget_names() noexcept;
  void collect(std::span<change const> changes);

  [[nodiscard]] result<std::int64_t> name(std::string_view text);
  /// 0 for none.
  [[nodiscard]] result<std::int64_t> host_number(std::string const& host);
  /// The run's number, giving it one when it has none; nullptr for no run.
  [[nodiscard]] result<known_run*> run(run_id const& id);
  known_run* remember(run_id const& id, std::int64_t no);

  sqlite::statement find_name_, add_name_, find_run_, refer_run_, put_run_, update_run_;
  sqlite::statement put_subscription_, add_artifact_, free_key_, add_run_artifacts_, add_run_activations_;
  sqlite::statement add_group_, add_member_, remove_members_, remove_group_, keep_group_number_, add_embargo_, lift_embargo_;
  sqlite::statement put_timer_, pause_agent_, resume_agent_, put_count_;
  /// Statements that write so many plain artifacts each.
  static constexpr std::array<std::size_t, 3> plain_rows = {32, 4, 1};
  std::array<sqlite::statement, plain_rows.size()> add_plain_artifacts_;
  using name_map = std::unordered_map<std::string, std::int64_t, string_hash, std::equal_to<>>;
  name_map names_;
  /// Entries of `names_` that were used lately: comparing one costs less than hashing. Null where there is none.
  std::array<name_map::value_type const*, 16> recent_names_{};
  std::unordered_map<run_id, known_run> runs_;
  activation_blocks activations_;
  // Of the changes at hand.
  struct last_run {
    run_row const* row = nullptr;
    std::string_view name;   ///< The last one that is not empty.
  };
  std::unordered_map<run_id, last_run> last_runs_;
  std::unordered_map<group_no, bool> groups_;   ///< Opened by them, and whether closed too.
  group_no last_group_ = 0;                     ///< The highest of `groups_`.
  std::vector<numbered_artifact> plain_;        ///< Routed ones without tags, visibility, headers and key, not yet written.
  // Reused from row to row: bound without copies.
  std::string json_;
  bytes visibility_, headers_, inputs_, offer_, said_;
};

}  // namespace skein::bus::ledger_file
