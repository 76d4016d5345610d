#include <skein/tracing/sql_rows.hpp>

#include <skein/tracing/sqlite.hpp>

#include <sqlite3.h>

#include <cassert>
#include <utility>

namespace skein {

bool sql_value::is_null() const noexcept { return at_->is_null(column_); }
bool sql_value::is_integer() const noexcept { return sqlite3_column_type(at_->handle(), column_) == SQLITE_INTEGER; }
bool sql_value::is_real() const noexcept { return sqlite3_column_type(at_->handle(), column_) == SQLITE_FLOAT; }
std::int64_t sql_value::integer() const noexcept { return at_->integer(column_); }
double sql_value::real() const noexcept { return at_->real(column_); }
std::string sql_value::text() const { return std::string{at_->text(column_)}; }

std::size_t sql_row::size() const noexcept { return static_cast<std::size_t>(at_->columns()); }

sql_value sql_row::operator[](std::size_t column) const noexcept {
  assert(column < size());
  return {*at_, static_cast<int>(column)};
}

sql_rows::sql_rows(std::shared_ptr<void> connection, sqlite::statement&& query)
    : connection_(std::move(connection)), query_(std::make_unique<sqlite::statement>(std::move(query))) {}

sql_rows::sql_rows(sql_rows&&) noexcept = default;
sql_rows& sql_rows::operator=(sql_rows&& other) noexcept {
  // The old query goes before the connection that it uses.
  query_ = std::move(other.query_);
  connection_ = std::move(other.connection_);
  done_ = other.done_;
  return *this;
}
sql_rows::~sql_rows() = default;

sql_rows::iterator sql_rows::begin() {
  advance();
  return iterator{*this};
}

std::vector<std::string> sql_rows::names() const {
  std::vector<std::string> all;
  for (int column = 0; column < query_->columns(); ++column) all.emplace_back(sqlite3_column_name(query_->handle(), column));
  return all;
}

void sql_rows::advance() { done_ = !query_->step().value(); }

sql_row sql_rows::current() const noexcept { return sql_row{*query_}; }

}  // namespace skein
