#include <skein/tracing/trace_store.hpp>

#include "nanoseconds.hpp"
#include "span_reader.hpp"
#include "trace_schema.hpp"

#include <skein/tracing/owner_lock.hpp>
#include <skein/tracing/sqlite.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace skein {
namespace {

namespace files = std::filesystem;

// Queries read this one file: other files are other people's.
int only_this_file(void*, int action, char const*, char const*, char const*, char const*) {
  return action == SQLITE_ATTACH || action == SQLITE_DETACH ? SQLITE_DENY : SQLITE_OK;
}

sqlite::database open_for_reading(std::string const& path) {
  std::error_code failed;
  if (!files::exists(path, failed) && !failed) {
    throw error{errc::not_found, "there is no such file; run a program that traces to it or pass another path", path};
  }
  if (files::is_directory(path, failed)) throw error{errc::io_failed, "it is a folder; pass the traces file in it", path};
  auto opened = sqlite::database::open(path, sqlite::open_mode::read_only);
  // A reader makes -wal and -shm files, which a folder without write permission refuses. Where no -wal file is, nobody writes.
  if (!opened && opened.error().code() == errc::io_failed && !files::exists(path + "-wal", failed)) {
    opened = sqlite::database::open(path, sqlite::open_mode::immutable);
  }
  auto file = std::move(opened).value();
  trace_schema::check_readable(file).value();
  sqlite3_set_authorizer(file.handle(), only_this_file, nullptr);
  return file;
}

run_info info_of(sqlite::statement const& row) {
  run_info run;
  run.id = run_id::parse(row.text(0)).value_or({});
  run.trace = trace_id::parse(row.text(1)).value_or({});
  run.name = row.text(2);
  run.status = static_cast<run_status>(row.integer(3));
  run.start = timestamp{std::chrono::nanoseconds{row.integer(4)}};
  if (!row.is_null(5)) {
    run.end = timestamp{std::chrono::nanoseconds{row.integer(5)}};
    run.duration = run.end - run.start;
  }
  run.spans = static_cast<std::uint64_t>(row.integer(6));
  run.failures = static_cast<std::uint64_t>(row.integer(7));
  run.attributes = row.text(8);
  run.tags = row.text(9);
  run.session = row.text(10);
  run.user = row.text(11);
  run.request_preview = row.text(12);
  run.response_preview = row.text(13);
  return run;
}

// The lower-case hex digits of a part of an id as people write it.
std::string hex_digits_of(std::string_view part) {
  std::string digits;
  for (char const c : part) {
    if (c == '-') continue;
    char const lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    bool const hex = (lower >= '0' && lower <= '9') || (lower >= 'a' && lower <= 'f');
    if (!hex) throw error{errc::invalid_argument, "'" + std::string{part} + "' is no part of an id; ids are hex digits"};
    digits += lower;
  }
  if (digits.empty()) throw error{errc::invalid_argument, "an empty text fits every run; give some digits of its id"};
  return digits;
}

// Only what nobody writes can be emptied; the caller holds the lock.
result<void> empty_file(std::string const& path) {
  auto file = sqlite::database::open(path, sqlite::open_mode::read_write_create);
  if (!file) return file.error();
  if (auto ready = trace_schema::prepare_for_writing(*file); !ready) return ready;
  auto done = file->execute(
      "BEGIN IMMEDIATE; DELETE FROM span_rows; DELETE FROM span_extras; DELETE FROM run_rows; DELETE FROM shapes; DELETE FROM assessment_rows;"
      "DELETE FROM counters; COMMIT");
  if (done) done = file->execute("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
  return done;
}

}  // namespace

struct trace_store::state {
  explicit state(std::string chosen) : path(std::move(chosen)), file(open_for_reading(path)) {}
  std::string path;
  sqlite::database file;
};

trace_store::trace_store(std::string path) : state_(std::make_shared<state>(std::move(path))) {}
trace_store::trace_store(trace_store&&) noexcept = default;
trace_store& trace_store::operator=(trace_store&&) noexcept = default;
trace_store::~trace_store() = default;

std::string const& trace_store::path() const noexcept { return state_->path; }

std::vector<run_info> trace_store::runs(run_filter const& filter) const {
  auto query = state_->file
                   .prepare("SELECT run_id, trace_id, name, status, start_time, end_time, spans, failures, attributes, tags, session, user,"
                            " request_preview, response_preview FROM run_rows WHERE status IS NOT NULL AND (?1 IS NULL OR name = ?1)"
                            " AND (?2 IS NULL OR status = ?2) AND (?3 IS NULL OR start_time >= ?3) AND (?4 IS NULL OR start_time < ?4)"
                            " ORDER BY no DESC LIMIT ?5")
                   .value();
  if (!filter.name.empty()) query.bind(1, std::string_view{filter.name});
  if (filter.status) query.bind(2, static_cast<std::int64_t>(*filter.status));
  if (filter.since) query.bind(3, ns(*filter.since));
  if (filter.until) query.bind(4, ns(*filter.until));
  query.bind(5, filter.limit == 0 ? std::int64_t{-1} : static_cast<std::int64_t>(filter.limit));
  std::vector<run_info> found;
  while (query.step().value()) found.push_back(info_of(query));
  return found;
}

std::vector<span_record> trace_store::spans(run_id const& run) const {
  auto found = read_spans(state_->file, run);
  if (found.empty() && state_->file.integer("SELECT count(*) FROM run_rows WHERE run_id = '" + run.to_string() + "'").value() == 0) {
    throw error{errc::not_found, "there is no run " + run.to_string() + "; `skein traces list` shows the runs", path()};
  }
  return found;
}

span_tree trace_store::tree(run_id const& run) const {
  auto all = spans(run);
  if (all.empty()) throw error{errc::not_found, "run " + run.to_string() + " has no spans as yet", path()};
  return build_tree(std::move(all)).value();
}

sql_rows trace_store::sql(std::string_view query) const {
  auto statement = state_->file.prepare(query).value();
  auto const read = std::string_view{sqlite3_sql(statement.handle())}.size();
  if (query.find_first_not_of(" \t\r\n;", read) != std::string_view::npos) {
    throw error{errc::invalid_argument, "the SQL holds more than one statement; pass them one by one"};
  }
  if (sqlite3_stmt_readonly(statement.handle()) == 0) {
    throw error{errc::invalid_argument, "traces are only read here; SELECT is what works"};
  }
  return {state_, std::move(statement)};
}

run_id trace_store::find_run(std::string_view part) const {
  auto const digits = hex_digits_of(part);
  constexpr std::size_t candidates_max = 5;
  auto query = state_->file
                   .prepare("SELECT DISTINCT run_id FROM run_rows WHERE instr(replace(run_id, '-', ''), ?1) > 0 OR instr(trace_id, ?1) > 0"
                            " ORDER BY no DESC LIMIT ?2")
                   .value();
  query.bind(1, std::string_view{digits}).bind(2, static_cast<std::int64_t>(candidates_max + 1));
  std::vector<std::string> found;
  while (query.step().value()) found.emplace_back(query.text(0));
  if (found.empty()) throw error{errc::not_found, "no run's id contains '" + std::string{part} + "'; `skein traces list` shows the runs", path()};
  if (found.size() == 1) return run_id::parse(found.front()).value();
  std::string names;
  for (std::size_t i = 0; i < std::min(found.size(), candidates_max); ++i) names += (i == 0 ? "" : ", ") + found[i];
  if (found.size() > candidates_max) names += ", …";
  throw error{errc::ambiguous, "'" + std::string{part} + "' fits several runs: " + names + "; give more of the id", path()};
}

result<void> trace_store::clear() {
  auto const lock = owner_lock::acquire(state_->path);
  if (!lock) return lock.error();
  return empty_file(state_->path);
}

}  // namespace skein
