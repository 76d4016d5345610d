#include "trace_retention.hpp"

#include <string>

namespace skein {
namespace {

// More than a batch brings, so that deleting keeps up with writing; little enough that producers do not wait long.
constexpr std::int64_t spans_per_call_max = 20'000;

result<std::uint64_t> bytes_in_use(sqlite::database& file) {
  auto const pages = file.integer("PRAGMA page_count");
  if (!pages) return pages.error();
  auto const free = file.integer("PRAGMA freelist_count");
  if (!free) return free.error();
  auto const size = file.integer("PRAGMA page_size");
  if (!size) return size.error();
  return static_cast<std::uint64_t>((*pages - *free) * *size);
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
  done = file.execute("DELETE FROM assessment_rows WHERE run_no = " + run + "; DELETE FROM run_rows WHERE no = " + run);
  if (!done) return done.error();
  return true;
}

result<void> count(sqlite::database& file, char const* name, std::uint64_t by) {
  return file.execute(std::string{"INSERT INTO counters VALUES('"} + name + "', " + std::to_string(by) +
                      ") ON CONFLICT DO UPDATE SET value = value + excluded.value");
}

result<deleted_runs> delete_some(sqlite::database& file, std::uint64_t bytes_goal) {
  deleted_runs gone;
  std::int64_t budget = spans_per_call_max;
  for (;;) {
    auto const used = bytes_in_use(file);
    if (!used) return used.error();
    if (*used <= bytes_goal || budget <= 0) break;
    auto const oldest = file.integer("SELECT coalesce((SELECT no FROM run_rows WHERE status IS NOT 0 ORDER BY no LIMIT 1), 0)");
    if (!oldest) return oldest.error();
    if (*oldest == 0) break;
    auto const whole = delete_run(file, *oldest, budget);
    if (!whole) return whole.error();
    if (*whole) gone.numbers.push_back(*oldest);
  }
  gone.spans = static_cast<std::uint64_t>(spans_per_call_max - budget);
  if (auto done = count(file, "runs_deleted", gone.numbers.size()); !done) return done.error();
  if (auto done = count(file, "spans_deleted", gone.spans); !done) return done.error();
  return gone;
}

}  // namespace

result<deleted_runs> delete_oldest_runs(sqlite::database& file, std::uint64_t bytes_max) {
  auto const used = bytes_in_use(file);
  if (!used) return used.error();
  if (*used <= bytes_max) return deleted_runs{};
  if (auto begun = file.execute("BEGIN IMMEDIATE"); !begun) return begun.error();
  auto gone = delete_some(file, bytes_max / 100 * 95);
  if (gone) {
    if (auto done = file.execute("COMMIT"); !done) gone = done.error();
  }
  if (!gone) static_cast<void>(file.execute("ROLLBACK"));  // The first error is the one to tell.
  return gone;
}

}  // namespace skein
