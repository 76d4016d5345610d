#include "trace_retention.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace skein {
namespace {

// More than a batch brings, so that deleting keeps up with writing; little enough that producers do not wait long.
constexpr std::int64_t spans_per_call_max = 20'000;

result<std::uint64_t> number_of(sqlite::statement& query) {
  auto const row = query.step();
  if (!row) return row.error();
  auto const number = *row ? static_cast<std::uint64_t>(query.integer(0)) : 0;
  query.reset();
  return number;
}

// True when the run is gone, false when it has more spans than `budget`, which sinks by what was deleted.
result<bool> delete_run(sqlite::database& file, std::int64_t no, std::int64_t& budget) {
  auto const run = std::to_string(no);
  auto done = file.execute("DELETE FROM span_rows WHERE no IN (SELECT no FROM span_rows WHERE run_no = " + run + " LIMIT " +
                           std::to_string(budget) + ")");
  if (!done) return done.error();
  auto const deleted = file.changes();
  bool const whole = deleted < budget;
  budget -= deleted;
  if (!whole) return false;
  done = file.execute("DELETE FROM span_extras WHERE run_no = " + run + "; DELETE FROM assessment_rows WHERE run_no = " + run + "; DELETE FROM run_rows WHERE no = " + run);
  if (!done) return done.error();
  return true;
}

result<void> count(sqlite::database& file, char const* name, std::uint64_t by) {
  return file.execute(std::string{"INSERT INTO counters VALUES('"} + name + "', " + std::to_string(by) +
                      ") ON CONFLICT DO UPDATE SET value = value + excluded.value");
}

}  // namespace

result<trace_retention> trace_retention::make(sqlite::database& file, std::uint64_t bytes_max) {
  trace_retention made;
  made.file_ = &file;
  made.bytes_max_ = bytes_max;
  auto const page_bytes = file.integer("PRAGMA page_size");
  if (!page_bytes) return page_bytes.error();
  made.page_bytes_ = static_cast<std::uint64_t>(*page_bytes);
  auto const prepared = file.prepare_all({{made.pages_, "PRAGMA page_count"}, {made.free_pages_, "PRAGMA freelist_count"}});
  if (!prepared) return prepared.error();
  return made;
}

result<std::uint64_t> trace_retention::bytes_in_use() {
  auto const pages = number_of(pages_);
  if (!pages) return pages.error();
  auto const free = number_of(free_pages_);
  if (!free) return free.error();
  return (*pages - *free) * page_bytes_;
}

result<deleted_runs> trace_retention::delete_some(std::uint64_t bytes_goal) {
  deleted_runs gone;
  std::int64_t budget = spans_per_call_max;
  for (;;) {
    auto const used = bytes_in_use();
    if (!used) return used.error();
    if (*used <= bytes_goal || budget <= 0) break;
    auto const oldest = file_->integer("SELECT coalesce((SELECT no FROM run_rows WHERE status IS NOT 0 ORDER BY no LIMIT 1), 0)");
    if (!oldest) return oldest.error();
    if (*oldest == 0) break;
    auto const whole = delete_run(*file_, *oldest, budget);
    if (!whole) return whole.error();
    if (*whole) gone.numbers.push_back(*oldest);
  }
  gone.spans = static_cast<std::uint64_t>(spans_per_call_max - budget);
  if (auto done = count(*file_, "runs_deleted", gone.numbers.size()); !done) return done.error();
  if (auto done = count(*file_, "spans_deleted", gone.spans); !done) return done.error();
  return gone;
}

// Asking for the size makes SQLite prepare the statements anew, each time. So it is asked again when as many pages were written as were missing to the
// bound: every page that is new in use was written.
bool trace_retention::may_be_over() const noexcept { return file_->pages_written() - written_then_ >= pages_left_; }

result<deleted_runs> trace_retention::delete_oldest_runs() {
  if (!may_be_over()) return deleted_runs{};
  auto const used = bytes_in_use();
  if (!used) return used.error();
  written_then_ = file_->pages_written();
  pages_left_ = *used < bytes_max_ ? static_cast<unsigned>(std::min<std::uint64_t>((bytes_max_ - *used) / page_bytes_, std::numeric_limits<int>::max())) : 0;
  if (*used <= bytes_max_) return deleted_runs{};
  if (auto begun = file_->execute("BEGIN IMMEDIATE"); !begun) return begun.error();
  auto gone = delete_some(bytes_max_ / 100 * 95);
  if (gone) {
    if (auto done = file_->execute("COMMIT"); !done) gone = done.error();
  }
  if (!gone) static_cast<void>(file_->execute("ROLLBACK"));  // The first error is the one to tell.
  return gone;
}

}  // namespace skein
