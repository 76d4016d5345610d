// The places of spans among siblings of one name, in start order: the ordinals of their labels. Most spans come in that order and are
// right as they are given; for the others the rows behind them change when the run ends.
#pragma once

#include "incoming_spans.hpp"
#include "live_runs.hpp"

#include <skein/tracing/sqlite.hpp>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace skein {

/// Works on one batch after the other: number(), the caller inserts the spans, inserted(). Errors are those of the file.
class sibling_labels {
 public:
  /// `file` must outlive it.
  [[nodiscard]] static result<sibling_labels> make(sqlite::database& file);

  /// Gives ordinals to those of the spans that are to be inserted. Those of runs whose groups are not known get none.
  void number(live_runs& runs, std::span<incoming_span> spans);
  /// The spans that were numbered have their rows.
  [[nodiscard]] result<void> inserted(live_runs& runs);
  /// They have not been inserted, and their runs' siblings are forgotten.
  void forget() noexcept;
  /// The run has ended: its labels become right.
  [[nodiscard]] result<void> finish(live_runs& runs, live_run& run);
  /// Makes all labels of a run right by its rows, which reads all of them.
  [[nodiscard]] result<void> relabel(std::int64_t run_no);

 private:
  struct numbered {
    sibling_group* group;
    incoming_span* span;
    bool late;   ///< It stands before one that came earlier.
  };

  [[nodiscard]] bool number_as_they_come(live_runs& runs, std::span<incoming_span> spans);
  void count(incoming_span& span, sibling_group& group);
  [[nodiscard]] result<void> place(live_runs& runs, numbered const& one);
  [[nodiscard]] result<void> put_right(sibling_group& group, std::size_t until);
  [[nodiscard]] result<void> set_ordinal(stored_sibling& of, std::int64_t ordinal);

  sqlite::database* file_ = nullptr;
  sqlite::statement set_ordinal_, relabel_;
  std::uint64_t batch_ = 0;

  // Of the batch at hand.
  std::vector<numbered> numbered_;
  std::vector<stored_sibling*> stored_firsts_;   // Those that were alone of their name until this batch.
  std::vector<std::pair<sibling_group*, sibling_count>> counts_before_;
  std::vector<incoming_span*> in_start_order_;
};

}  // namespace skein
