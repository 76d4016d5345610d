#include "sqlite_ledger_retention.hpp"

#include "sqlite_ledger_columns.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <limits>

namespace skein::bus::ledger_file {
namespace {

constexpr std::size_t rows_min = 256;
constexpr unsigned pause_commits = 256;

}  // namespace

result<retention> retention::prepare(sqlite::database& file, std::uint64_t file_bytes_max, std::size_t dead_kept_max) {
  retention out;
  out.file_bytes_max_ = file_bytes_max;
  out.dead_kept_max_ = dead_kept_max;
  auto const page = file.integer("PRAGMA page_size");
  if (!page) return page.error();
  out.page_bytes_ = *page;
  auto const prepared = file.prepare_all({
      {out.pages_, "PRAGMA page_count"},
      {out.free_pages_, "PRAGMA freelist_count"},
      {out.keep_numbers_, "INSERT INTO counter SELECT 'last_seq', coalesce(max(seq), 0) FROM artifact WHERE true "
                          "ON CONFLICT(name) DO UPDATE SET value = max(value, excluded.value)"},
      {out.last_seq_, "SELECT value FROM counter WHERE name = 'last_seq'"},
      {out.next_artifacts_, "SELECT seq, EXISTS(SELECT 1 FROM waiting_member WHERE seq = a.seq) OR EXISTS(SELECT 1 FROM embargo WHERE seq = a.seq), "
                            "coalesce(run, 0) FROM artifact a WHERE seq > ?1 ORDER BY seq LIMIT ?2"},
      {out.remove_artifact_, "DELETE FROM artifact WHERE seq = ?1"},
      {out.leave_run_, "DELETE FROM run_artifacts WHERE run = ?1 AND part = ?2 AND NOT EXISTS("
                       "SELECT 1 FROM artifact WHERE seq BETWEEN ?2 * 64 AND ?2 * 64 + 63 AND run = ?1)"},
      // Of a run that is left, the newest rows are: they go last. The highest number would be given to another run again.
      {out.next_runs_, "SELECT no, status IS 0 OR no = (SELECT max(no) FROM run) OR "
                       "EXISTS(SELECT 1 FROM run_artifacts p CROSS JOIN artifact a ON a.seq BETWEEN p.part * 64 AND p.part * 64 + 63 AND a.run = p.run "
                       "WHERE p.run = r.no ORDER BY p.part DESC) OR "
                       "EXISTS(SELECT 1 FROM run_activations p JOIN activation_block b ON b.block = p.block AND length(b.rows) > 0 WHERE p.run = r.no ORDER BY p.block DESC), 0 "
                       "FROM run r WHERE no > ?1 ORDER BY no LIMIT ?2"},
      {out.remove_run_, "DELETE FROM run WHERE no = ?1"},
  });
  if (!prepared) return prepared.error();
  return out;
}

/// Asking for the size makes SQLite prepare the statements anew, each time. So it is asked again when as many pages were written as are missing to the limit: every
/// page that the file grows by is written.
result<bool> retention::over_limit() {
  int written = 0, ignored = 0;
  sqlite3_db_status(sqlite3_db_handle(pages_.handle()), SQLITE_DBSTATUS_CACHE_WRITE, &written, &ignored, 0);
  if (static_cast<unsigned>(written) - written_then_ < pages_left_) return false;
  std::int64_t counts[2] = {};
  for (int i = 0; i < 2; ++i) {
    auto& statement = i == 0 ? pages_ : free_pages_;
    auto const row = statement.step();
    if (!row) return row.error();
    counts[i] = *row ? statement.integer(0) : 0;
    statement.reset();
  }
  auto const limit = static_cast<std::int64_t>(file_bytes_max_ / static_cast<std::uint64_t>(page_bytes_));
  auto const used = counts[0] - counts[1];
  written_then_ = static_cast<unsigned>(written);
  pages_left_ = used < limit ? static_cast<unsigned>(std::min<std::int64_t>(limit - used, std::numeric_limits<int>::max())) : 0;
  return used > limit;
}

result<retention::removed> retention::run(activation_blocks& activations, std::size_t rows) {
  removed out;
  if (pause_ > 0) return --pause_, out;
  auto const over = over_limit();
  if (!over) return over.error();
  if (!*over) return out;
  auto const limit = std::max(rows_min, 2 * rows);
  auto done = keep_numbers_.run();
  if (!done) return done.error();
  auto const closed = activations.remove_closed(limit, dead_kept_max_);
  if (!closed) return closed.error();
  out.activations = *closed;
  done = activations.find_needed(dead_kept_max_);
  if (done) done = remove_artifacts(activations, static_cast<std::int64_t>(limit), out);
  if (done) done = remove_runs(static_cast<std::int64_t>(limit), out);
  if (!done) return done.error();
  if (!out.any()) pause_ = pause_commits;
  return out;
}

namespace {

/// The next rows after `from`, from the front again when there are none.
result<std::vector<retention::candidate>> next_rows(sqlite::statement& query, std::int64_t& from, std::int64_t limit) {
  std::vector<retention::candidate> out;
  for (int turn = 0; turn < 2 && out.empty(); ++turn) {
    query.bind(1, from).bind(2, limit);
    for (;;) {
      auto const row = query.step();
      if (!row) return row.error();
      if (!*row) break;
      out.push_back({query.integer(0), query.integer(1) != 0, query.integer(2)});
    }
    from = out.empty() ? 0 : out.back().key;
  }
  return out;
}

}  // namespace

result<void> retention::remove_artifacts(activation_blocks const& activations, std::int64_t limit, removed& out) {
  auto const last = last_seq_.step();
  if (!last) return last.error();
  last_part_ = *last ? last_seq_.integer(0) / part_artifacts : 0;
  last_seq_.reset();
  auto const rows = next_rows(next_artifacts_, artifacts_from_, limit);
  if (!rows) return rows.error();
  candidate const* before = nullptr;
  auto const leaves = [&](candidate const& next) { return before->run != next.run || before->key / part_artifacts != next.key / part_artifacts; };
  for (auto const& row : *rows) {
    if (row.pinned || activations.is_needed(static_cast<std::uint64_t>(row.key))) continue;
    if (auto const done = remove_artifact_.bind(1, row.key).run(); !done) return done;
    ++out.artifacts;
    if (before != nullptr && leaves(row)) {
      if (auto const done = leave_run(*before); !done) return done;
    }
    before = &row;
  }
  return before != nullptr ? leave_run(*before) : result<void>{};
}

/// After the last of several artifacts of one run and part was deleted.
result<void> retention::leave_run(candidate const& last) {
  // The last part may get more artifacts of the run, which are found by it: that entry goes with the run.
  auto const part = last.key / part_artifacts;
  if (last.run == 0 || part >= last_part_) return {};
  return leave_run_.bind(1, last.run).bind(2, part).run();
}

result<void> retention::remove_runs(std::int64_t limit, removed& out) {
  auto const rows = next_rows(next_runs_, runs_from_, limit);
  if (!rows) return rows.error();
  for (auto const& row : *rows) {
    if (row.pinned) continue;
    if (auto const done = remove_run_.bind(1, row.key).run(); !done) return done;
    ++out.runs;
  }
  return {};
}

}  // namespace skein::bus::ledger_file
