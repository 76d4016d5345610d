// What the writer of a traces file remembers of runs between batches: their numbers, and how many siblings of each name they have.
#pragma once

#include <skein/registry/ids.hpp>
#include <skein/tracing/span_record.hpp>

#include "sibling_groups.hpp"
#include "span_bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace skein {

struct run_key {
  run_id run;
  trace_id trace;
  friend bool operator==(run_key const&, run_key const&) = default;
};

struct run_key_hash {
  std::size_t operator()(run_key const& key) const noexcept { return std::hash<run_id>{}(key.run) ^ (std::hash<trace_id>{}(key.trace) * 31); }
};

/// The run that a span is stored under: one that names none is a run of its own, with the digits of its trace.
[[nodiscard]] inline run_key run_key_of(flat::head const& span) noexcept {
  return {span.run.empty() ? run_id{span.trace.bytes()} : span.run, span.trace};
}

struct live_run {
  std::int64_t no = 0;
  std::int64_t base = 0;
  std::int64_t root_row = 0;
  std::optional<run_status> status;
  bool stored = false;         ///< Has a row.
  bool in_ended = false;       ///< Stands in the list of those that ended.
  bool labels_known = true;    ///< `siblings` has all of the run's groups.
  bool labels_in_order = true; ///< Rows came in start order, or late ones found their place, so that ordinals are right but for those displaced.
  sibling_groups siblings;
  sibling_key newest_key;
  sibling_group* newest_group = nullptr; ///< The one that was asked for last, under `newest_key`.
  std::vector<sibling_group*> displaced; ///< Groups that have some.
  std::unordered_set<span_id> unended;   ///< Spans whose rows can still be replaced, as far as they are known.

  // Of the batch at hand.
  bool touched = false;
  std::uint64_t place = 0;               ///< Among the runs of the batch, by number.
  run_record const* record = nullptr;
  std::uint64_t spans_added = 0;

  [[nodiscard]] bool ended() const noexcept { return status && *status != run_status::running; }
};

/// A bounded cache of runs. Addresses of runs stay valid until trim() or forget().
class live_runs {
 public:
  /// The run under `key`, made empty (no = 0) if it is not here.
  [[nodiscard]] live_run& at(run_key const& key) { return runs_[key]; }
  /// The group of siblings under `key`, made empty (count = 0) if it is not here.
  [[nodiscard]] sibling_group& siblings(live_run& run, sibling_key const& key);
  /// Labels of spans to come are left to the end of the run.
  void forget_siblings(live_run& run);
  /// What is late from now on finds no place, and the end of the run puts its labels right.
  void forget_tails(live_run& run) noexcept;
  /// Somebody lengthened tails of groups by so many, or shortened them.
  void count_tails(std::ptrdiff_t by) noexcept { in_tails_ += by; }
  /// The run under `key` has ended. Few more spans of it will come, if any, and their labels can be made right without its siblings.
  void ended(run_key const& key, live_run& run);
  /// Forgets what is over the bounds: first runs that ended, the oldest first, then all.
  void trim();
  /// Forgets the runs with these numbers.
  void forget(std::vector<std::int64_t> const& numbers);

 private:
  using entries = std::unordered_map<run_key, live_run, run_key_hash>;

  entries::iterator erase(entries::iterator at);
  /// Empties it; its memory may serve another run.
  void give_back(sibling_groups& groups);
  void erase_oldest_ended();

  entries runs_;
  std::deque<run_key> ended_;   // Runs that had ended, the oldest first; some may run again or be forgotten.
  std::vector<sibling_groups> spare_;   // Empty ones with their memory.
  // Of all runs; forgotten runs are subtracted.
  std::size_t groups_ = 0;
  std::ptrdiff_t in_tails_ = 0;
};

}  // namespace skein
