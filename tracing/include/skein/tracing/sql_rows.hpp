// The rows of a query: a range to iterate once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace skein {

namespace sqlite {
class statement;
}

/// One value of a row. Refers to the row: valid until the iteration goes on. Conversions are SQLite's own ("12" is 12, NULL is 0 or "").
class sql_value {
 public:
  /// For sql_row.
  sql_value(sqlite::statement const& at, int column) noexcept : at_(&at), column_(column) {}

  /// Whether it is NULL.
  [[nodiscard]] bool is_null() const noexcept;
  /// Whether SQLite has it as an integer, without converting.
  [[nodiscard]] bool is_integer() const noexcept;
  /// Whether SQLite has it as a float, without converting.
  [[nodiscard]] bool is_real() const noexcept;
  /// As an integer.
  [[nodiscard]] std::int64_t integer() const noexcept;
  /// As a float.
  [[nodiscard]] double real() const noexcept;
  /// A copy.
  [[nodiscard]] std::string text() const;

 private:
  sqlite::statement const* at_;
  int column_;
};

/// The row that the iteration stands on.
class sql_row {
 public:
  /// For sql_rows.
  explicit sql_row(sqlite::statement const& at) noexcept : at_(&at) {}

  /// How many columns.
  [[nodiscard]] std::size_t size() const noexcept;
  /// The value of a column, from 0. Out of range is a bug (asserted).
  [[nodiscard]] sql_value operator[](std::size_t column) const noexcept;

 private:
  sqlite::statement const* at_;
};

/// The rows of trace_store::sql. Keeps the store's connection alive, and its file's snapshot until the last row was read or it is
/// destroyed. One thread at a time. Iterating throws skein::error when a row cannot be read.
class sql_rows {
 public:
  /// A single pass: all iterators of one sql_rows stand at the same row.
  class iterator {
   public:
    /// For the standard library.
    using iterator_concept = std::input_iterator_tag;
    /// For the standard library.
    using value_type = sql_row;
    /// For the standard library.
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    /// Stands where `rows` stands.
    explicit iterator(sql_rows& rows) noexcept : rows_(&rows) {}
    /// The row; valid until the iteration goes on.
    [[nodiscard]] sql_row operator*() const noexcept { return rows_->current(); }
    /// Reads the next row.
    iterator& operator++() { return rows_->advance(), *this; }
    /// Reads the next row.
    void operator++(int) { rows_->advance(); }
    /// Whether there are no more rows.
    friend bool operator==(iterator const& it, std::default_sentinel_t) noexcept { return it.at_end(); }

   private:
    [[nodiscard]] bool at_end() const noexcept { return rows_ == nullptr || rows_->done_; }

    sql_rows* rows_ = nullptr;
  };

  /// For trace_store::sql, which keeps `connection` open for it.
  sql_rows(std::shared_ptr<void> connection, sqlite::statement&& query);
  sql_rows(sql_rows&&) noexcept;
  sql_rows& operator=(sql_rows&&) noexcept;
  ~sql_rows();

  /// Reads the first row. To be called once.
  [[nodiscard]] iterator begin();
  /// Where every iteration ends.
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }
  /// The names of the columns.
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  void advance();
  [[nodiscard]] sql_row current() const noexcept;

  std::shared_ptr<void> connection_;  // Declared before the query: it must outlive it.
  std::unique_ptr<sqlite::statement> query_;
  bool done_ = false;
};

}  // namespace skein
