#include <skein/tracing/sqlite.hpp>

#include <sqlite3.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

namespace skein::sqlite {
namespace {

// Long enough for a checkpoint or a short transaction of somebody else, short enough that a stuck writer is noticed.
constexpr int busy_wait_ms = 5'000;

// What the user does about a primary result code; empty = the text of SQLite says it all.
struct verdict {
  errc code;
  char const* way_out;
};

verdict judge(int code) noexcept {
  switch (code & 0xff) {
    case SQLITE_NOTADB: return {errc::corrupt, "it is not a SQLite database; move it away or pass another path"};
    case SQLITE_CORRUPT: return {errc::corrupt, "the file is damaged; move it away or restore a copy"};
    case SQLITE_FULL: return {errc::io_failed, "free some space on the disk"};
    case SQLITE_READONLY: return {errc::io_failed, "make the file and its folder writable or pass another path"};
    case SQLITE_CANTOPEN: return {errc::io_failed, "check that the file and its folder exist and may be opened"};
    case SQLITE_PERM: return {errc::io_failed, "check the permissions of the file and its folder"};
    case SQLITE_IOERR: return {errc::io_failed, "check the disk and the permissions of the folder"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return {errc::locked, "another connection is writing; try again"};
    case SQLITE_INTERRUPT: return {errc::cancelled, ""};
    case SQLITE_TOOBIG: return {errc::too_large, "the value is longer than SQLite's limit"};
    case SQLITE_NOMEM: return {errc::limit_reached, "memory is exhausted"};
    case SQLITE_ERROR:
    case SQLITE_AUTH:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE: return {errc::invalid_argument, ""};
    default: return {errc::io_failed, ""};
  }
}

error failure(sqlite3* handle, int code, std::string where) {
  auto const [kind, way_out] = judge(code);
  std::string text = handle != nullptr && sqlite3_errcode(handle) != SQLITE_OK ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  int const system = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  int const primary = code & 0xff;
  if (system != 0 && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN)) {
    text += " (" + std::generic_category().message(system) + ")";
  }
  text += " [sqlite " + std::to_string(code) + "]";
  if (*way_out != '\0') text += std::string{"; "} + way_out;
  return error{kind, std::move(text), std::move(where)};
}

error failure(sqlite3_stmt* statement, int code) {
  sqlite3* const handle = sqlite3_db_handle(statement);
  char const* const file = sqlite3_db_filename(handle, "main");
  return failure(handle, code, file != nullptr && *file != '\0' ? file : ":memory:");
}

// `file:` URI of a path, for the parameters that only URIs carry.
std::string immutable_uri(std::string const& path) {
  std::string uri = "file:";
  for (char const c : path) {
    if (c == '%' || c == '?' || c == '#') {
      char escaped[4];
      std::snprintf(escaped, sizeof escaped, "%%%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      uri += escaped;
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

}  // namespace

statement::statement(statement&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), bind_error_(std::exchange(other.bind_error_, 0)) {}

statement& statement::operator=(statement&& other) noexcept {
  if (this != &other) {
    sqlite3_finalize(handle_);
    handle_ = std::exchange(other.handle_, nullptr);
    bind_error_ = std::exchange(other.bind_error_, 0);
  }
  return *this;
}

statement::~statement() { sqlite3_finalize(handle_); }

statement& statement::bind(int parameter, std::int64_t value) noexcept {
  if (int const code = sqlite3_bind_int64(handle_, parameter, value); code != SQLITE_OK) bind_error_ = code;
  return *this;
}

statement& statement::bind(int parameter, double value) noexcept {
  if (int const code = sqlite3_bind_double(handle_, parameter, value); code != SQLITE_OK) bind_error_ = code;
  return *this;
}

statement& statement::bind(int parameter, std::string_view text) noexcept {
  // A null pointer would bind NULL; an empty text is not NULL.
  char const* const data = text.data() != nullptr ? text.data() : "";
  int const code = sqlite3_bind_text64(handle_, parameter, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

statement& statement::bind(int parameter, bytes_view blob) noexcept {
  void const* const data = blob.data() != nullptr ? static_cast<void const*>(blob.data()) : "";
  if (int const code = sqlite3_bind_blob64(handle_, parameter, data, blob.size(), SQLITE_STATIC); code != SQLITE_OK) bind_error_ = code;
  return *this;
}

statement& statement::bind_null(int parameter) noexcept {
  if (int const code = sqlite3_bind_null(handle_, parameter); code != SQLITE_OK) bind_error_ = code;
  return *this;
}

result<bool> statement::step() {
  if (handle_ == nullptr) return error{errc::misuse, "the statement was never prepared"};
  int const code = bind_error_ != 0 ? bind_error_ : sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return reset(), false;
  auto failed = failure(handle_, code);
  reset();
  return failed;
}

result<void> statement::run() {
  for (;;) {
    auto const row = step();
    if (!row) return row.error();
    if (!*row) return {};
  }
}

void statement::reset() noexcept {
  sqlite3_reset(handle_);
  bind_error_ = 0;
}

int statement::columns() const noexcept { return sqlite3_column_count(handle_); }
bool statement::is_null(int column) const noexcept { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }
std::int64_t statement::integer(int column) const noexcept { return sqlite3_column_int64(handle_, column); }
double statement::real(int column) const noexcept { return sqlite3_column_double(handle_, column); }

std::string_view statement::text(int column) const noexcept {
  // The text first: asking for the length first could be invalidated by the conversion.
  void const* const data = sqlite3_column_text(handle_, column);
  auto const size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  return data != nullptr ? std::string_view{static_cast<char const*>(data), size} : std::string_view{};
}

bytes_view statement::blob(int column) const noexcept {
  void const* const data = sqlite3_column_blob(handle_, column);
  auto const size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  return {static_cast<std::byte const*>(data), data != nullptr ? size : 0};
}

database::database(database&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)), path_(std::move(other.path_)) {}

database& database::operator=(database&& other) noexcept {
  if (this != &other) {
    sqlite3_close_v2(handle_);
    handle_ = std::exchange(other.handle_, nullptr);
    path_ = std::move(other.path_);
  }
  return *this;
}

database::~database() { sqlite3_close_v2(handle_); }

result<database> database::open(std::string const& path, open_mode mode, char const* vfs) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= mode == open_mode::read_write_create ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  if (mode == open_mode::immutable) flags |= SQLITE_OPEN_URI;
  std::string const name = mode == open_mode::immutable ? immutable_uri(path) : path;
  database opened;
  opened.path_ = path;
  if (int const code = sqlite3_open_v2(name.c_str(), &opened.handle_, flags, vfs); code != SQLITE_OK) {
    return failure(opened.handle_, code, path);
  }
  sqlite3_busy_timeout(opened.handle_, busy_wait_ms);
  // SQLite reads nothing until asked to; a file that is not a database must show here.
  if (auto readable = opened.execute("PRAGMA schema_version"); !readable) return readable.error();
  return opened;
}

result<void> database::execute(std::string const& sql) {
  int const code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(handle_, code, path_);
  return {};
}

result<statement> database::prepare(std::string_view sql, bool persistent) {
  sqlite3_stmt* prepared = nullptr;
  int const code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), persistent ? SQLITE_PREPARE_PERSISTENT : 0,
                                      &prepared, nullptr);
  if (code != SQLITE_OK) return failure(handle_, code, path_);
  if (prepared == nullptr) return error{errc::invalid_argument, "the SQL text holds no statement", path_};
  return statement{prepared};
}

result<void> database::prepare_all(std::initializer_list<preparation> all) {
  for (auto const& [into, sql] : all) {
    auto prepared = prepare(sql, true);
    if (!prepared) return prepared.error();
    into = std::move(*prepared);
  }
  return {};
}

result<std::int64_t> database::integer(std::string_view sql) {
  auto query = prepare(sql);
  if (!query) return query.error();
  auto const row = query->step();
  if (!row) return row.error();
  if (!*row) return error{errc::corrupt, "no row came back for: " + std::string{sql}, path_};
  return query->integer(0);
}

std::int64_t database::last_row() const noexcept { return sqlite3_last_insert_rowid(handle_); }

unsigned database::pages_written() const noexcept {
  int written = 0, ignored = 0;
  sqlite3_db_status(handle_, SQLITE_DBSTATUS_CACHE_WRITE, &written, &ignored, 0);
  return static_cast<unsigned>(written);
}

std::int64_t database::changes() const noexcept { return sqlite3_changes64(handle_); }

}  // namespace skein::sqlite
