// The spans of a batch as a table that SQL can read: one `INSERT … SELECT … FROM incoming_spans` stores them all. Stepping and binding a
// statement for each span costs more than the row itself.
#pragma once

#include "live_runs.hpp"
#include "shape_numbers.hpp"

#include <skein/tracing/span_view.hpp>
#include <skein/tracing/sqlite.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace skein {

/// One span on its way to its row: what is sorted, compared and counted, and where the rest is.
struct incoming_span {
  std::string_view bytes;       ///< All of `span`, whose own members say how long that is.
  span_view span;
  live_run* run = nullptr;
  span_id id, parent;
  timestamp start{};
  status_code status = status_code::unset;
  std::uint64_t name_hash = 0;
  std::int64_t shape_no = 0;
  shape_numbers::said_part said;   ///< By the shape: the row has the attributes behind it.
  std::int64_t ordinal = 0;     ///< 0 = none.
  std::int64_t row = 0;         ///< span_rows.no, once it was inserted.
  bool fresh = false;           ///< Is to be inserted.
  bool has_extras = false;      ///< It fills columns that most rows leave NULL, and that a statement for such rows need not name.

  /// Whether the row can still be replaced: a span that is running, or was cut off.
  [[nodiscard]] bool unended() const noexcept { return status == status_code::running || status == status_code::interrupted; }
};

/// The eponymous table `incoming_spans` of one connection, with the columns of span_rows. Shows what show() was given.
class incoming_spans {
 public:
  /// The table lives as long as the connection of `file`.
  [[nodiscard]] static result<std::shared_ptr<incoming_spans>> make(sqlite::database& file);
  /// `rows` must stay while statements that read the table run.
  void show(std::span<incoming_span* const> rows) noexcept { rows_ = rows; }
  [[nodiscard]] std::span<incoming_span* const> rows() const noexcept { return rows_; }

 private:
  std::span<incoming_span* const> rows_;
};

}  // namespace skein
