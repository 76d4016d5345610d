// Rows of a ledger as they are read: every value is looked at before it is believed, for the file may be damaged.
#pragma once

#include "codec_values.hpp"
#include "sqlite_ledger_columns.hpp"

#include <skein/tracing/sqlite.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skein::bus::ledger_file {

/// One row of a query, read column by column; the first one that cannot be what a ledger wrote is kept as the error.
class row_reader {
 public:
  row_reader(sqlite::statement const& row, std::string_view what) : row_(row), what_(what) {}

  [[nodiscard]] std::int64_t integer(int column) const { return row_.integer(column); }
  template <class Unsigned>
  [[nodiscard]] Unsigned number(int column) const { return static_cast<Unsigned>(row_.integer(column)); }
  [[nodiscard]] std::string text(int column) const { return std::string{row_.text(column)}; }
  [[nodiscard]] timestamp time(int column) const { return timestamp{std::chrono::nanoseconds{row_.integer(column)}}; }

  template <class Enum>
  [[nodiscard]] Enum enumerator(int column, Enum last) {
    auto const value = row_.integer(column);
    if (value < 0 || value > static_cast<std::int64_t>(last)) fail("an unknown state");
    return static_cast<Enum>(value);
  }
  /// NULL is the empty id.
  template <class Id>
  [[nodiscard]] Id id(int column) {
    std::array<std::uint8_t, Id::size_bytes> raw{};
    read_blob(column, raw.data(), raw.size());
    return Id{raw};
  }
  [[nodiscard]] span_context context(int column) {
    std::array<std::uint8_t, context_blob::size_bytes> raw{};
    read_blob(column, raw.data(), raw.size());
    std::array<std::uint8_t, trace_id::size_bytes> trace{};
    std::array<std::uint8_t, span_id::size_bytes> span{};
    std::copy_n(raw.begin(), trace.size(), trace.begin());
    std::copy_n(raw.begin() + trace.size(), span.size(), span.begin());
    return {trace_id{trace}, span_id{span}, raw.back()};
  }
  /// A part that the codec wrote; NULL is null.
  template <class Part>
  [[nodiscard]] Part part(int column, Part (*read)(wire::reader&)) {
    if (row_.is_null(column)) return {};
    wire::reader in{row_.blob(column), {std::numeric_limits<std::uint32_t>::max(), 16}, "column"};
    auto value = read(in);
    if (!in.ok() || in.remaining() > 0) fail("a part that cannot be read");
    return value;
  }
  [[nodiscard]] std::vector<std::uint64_t> inputs(int first, int others) {
    std::vector<std::uint64_t> out;
    if (!row_.is_null(first)) out.push_back(number<std::uint64_t>(first));
    auto const more = row_.blob(others);
    if (more.size() % 8 != 0) fail("inputs that cannot be read");
    for (std::size_t i = 0; i + 8 <= more.size(); i += 8) {
      std::uint64_t value = 0;
      for (std::size_t k = 0; k < 8; ++k) value = value << 8 | std::to_integer<std::uint64_t>(more[i + k]);
      out.push_back(value);
    }
    return out;
  }

  void fail(std::string_view why) {
    if (!failure_) failure_ = error{errc::corrupt, std::string{what_} + ' ' + std::to_string(row_.integer(0)) + " has " +
                                                       std::string{why} + "; restore a copy of the ledger or move it away"};
  }
  [[nodiscard]] std::optional<error> const& failure() const noexcept { return failure_; }

 private:
  void read_blob(int column, std::uint8_t* out, std::size_t size) {
    if (row_.is_null(column)) return;
    auto const blob = row_.blob(column);
    if (blob.size() != size) return fail("an id of another size");
    std::transform(blob.begin(), blob.end(), out, [](std::byte one) { return std::to_integer<std::uint8_t>(one); });
  }

  sqlite::statement const& row_;
  std::string_view what_;
  std::optional<error> failure_;
};

/// Calls `take(row)` for every row of a query that is bound already.
template <class Take>
result<void> each(sqlite::statement& query, std::string_view what, Take take) {
  for (;;) {
    auto const found = query.step();
    if (!found) return found.error();
    if (!*found) return {};
    row_reader row{query, what};
    take(row);
    if (row.failure()) return query.reset(), *row.failure();
  }
}

template <class Take>
result<void> each(sqlite::database& file, std::string const& sql, std::string_view what, Take take) {
  auto query = file.prepare(sql);
  if (!query) return query.error();
  return each(*query, what, take);
}

}  // namespace skein::bus::ledger_file
