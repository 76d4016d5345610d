// A thin guard around SQLite, for the stores of tracing and bus: errors become result<T>, handles free themselves.
#pragma once

#include <skein/registry/artifact_type.hpp>
#include <skein/registry/error.hpp>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace skein::sqlite {

/// A prepared statement. Parameters count from 1, columns from 0. Not thread-safe; must not outlive its database.
class statement {
 public:
  statement() = default;
  statement(statement&& other) noexcept;
  statement& operator=(statement&& other) noexcept;
  ~statement();

  /// Text and blobs are bound without a copy: they must live until the next reset().
  statement& bind(int parameter, std::int64_t value) noexcept;
  statement& bind(int parameter, double value) noexcept;
  statement& bind(int parameter, std::string_view text) noexcept;
  statement& bind(int parameter, bytes_view blob) noexcept;
  /// NULL.
  statement& bind_null(int parameter) noexcept;

  /// Advances: true = a row is there, false = done (and reset). Errors of binds show here.
  [[nodiscard]] result<bool> step();
  /// Runs to the end and resets; rows are ignored.
  [[nodiscard]] result<void> run();
  /// Stands before the first row again; what is bound stays.
  void reset() noexcept;

  /// How many columns a row has.
  [[nodiscard]] int columns() const noexcept;
  /// Whether the column is NULL.
  [[nodiscard]] bool is_null(int column) const noexcept;
  /// The column as an integer; SQLite converts.
  [[nodiscard]] std::int64_t integer(int column) const noexcept;
  /// The column as a float; SQLite converts.
  [[nodiscard]] double real(int column) const noexcept;
  /// Valid until the next step or reset.
  [[nodiscard]] std::string_view text(int column) const noexcept;
  /// The column's bytes. Valid until the next step or reset.
  [[nodiscard]] bytes_view blob(int column) const noexcept;
  /// For calls that this guard does not have; null when empty.
  [[nodiscard]] sqlite3_stmt* handle() const noexcept { return handle_; }

 private:
  friend class database;
  explicit statement(sqlite3_stmt* handle) noexcept : handle_(handle) {}
  sqlite3_stmt* handle_ = nullptr;
  int bind_error_ = 0;
};

/// A statement to be made, and its text.
struct preparation {
  statement& into;        ///< Becomes the statement.
  std::string_view sql;   ///< Its text.
};

/// What a connection may do.
enum class open_mode {
  read_only,
  read_write_create,
  immutable,  ///< Read-only without locks: for a file that nobody writes, in a folder where SQLite cannot make its -shm file.
};

/// A connection, opened SQLITE_OPEN_NOMUTEX: one thread at a time. Errors carry the file name, SQLite's text and extended code:
/// corrupt (not a database, damaged), io_failed (full, read-only, cannot open, I/O), locked (somebody else writes, after waiting 5 s),
/// invalid_argument (the SQL is wrong or a constraint refused the values), too_large, limit_reached (no memory).
class database {
 public:
  database() = default;
  database(database&& other) noexcept;
  database& operator=(database&& other) noexcept;
  ~database();

  /// errc::io_failed; corrupt when the file is not a database. `vfs` null = the default.
  [[nodiscard]] static result<database> open(std::string const& path, open_mode mode, char const* vfs = nullptr);

  /// Runs statements, separated by semicolons, and ignores their rows.
  [[nodiscard]] result<void> execute(std::string const& sql);
  /// For statements that are kept and run often, persistent = true.
  [[nodiscard]] result<statement> prepare(std::string_view sql, bool persistent = false);
  /// Prepares statements that are kept and run often.
  [[nodiscard]] result<void> prepare_all(std::initializer_list<preparation> all);
  /// The first column of the first row as integer; errc::corrupt when there is no row.
  [[nodiscard]] result<std::int64_t> integer(std::string_view sql);
  /// Pages that this connection has written to the file or its -wal, modulo 2^32.
  [[nodiscard]] unsigned pages_written() const noexcept;
  /// Rows that the last statement inserted, changed or deleted.
  [[nodiscard]] std::int64_t changes() const noexcept;
  /// The rowid of the newest row that this connection inserted.
  [[nodiscard]] std::int64_t last_row() const noexcept;
  /// As it was opened.
  [[nodiscard]] std::string const& path() const noexcept { return path_; }
  /// For calls that this guard does not have; null when not open.
  [[nodiscard]] sqlite3* handle() const noexcept { return handle_; }

 private:
  sqlite3* handle_ = nullptr;
  std::string path_;
};

}  // namespace skein::sqlite
