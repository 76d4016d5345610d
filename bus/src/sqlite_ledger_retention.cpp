#include "sqlite_ledger_retention.hpp"

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
  struct one {
    sqlite::statement& statement;
    char const* sql;
  };
  for (auto const& [statement, sql] : {
           one{out.pages_, "PRAGMA page_count"},
           one{out.free_pages_, "PRAGMA freelist_count"},
           one{out.keep_numbers_, "INSERT INTO counter SELECT 'last_seq', coalesce(max(seq), 0) FROM artifact "
                                  "UNION ALL SELECT 'last_activation', coalesce(max(no), 0) FROM activation WHERE true "
                                  "ON CONFLICT(name) DO UPDATE SET value = max(value, excluded.value)"},
           one{out.next_activations_, "SELECT no, state <= 2 OR (state = 4 AND no >= ?3) FROM activation WHERE no > ?1 ORDER BY no LIMIT ?2"},
           one{out.oldest_dead_, "SELECT no FROM activation WHERE state = 4 ORDER BY no DESC LIMIT 1 OFFSET ?1"},
           one{out.remove_activation_, "DELETE FROM activation WHERE no = ?1"},
           one{out.group_inputs_, "SELECT more_inputs FROM activation WHERE state <= 2 AND more_inputs IS NOT NULL UNION ALL "
                                  "SELECT more_inputs FROM activation WHERE state = 4 AND no >= ?1 AND more_inputs IS NOT NULL"},
           one{out.next_artifacts_, "SELECT seq, EXISTS(SELECT 1 FROM activation WHERE input = a.seq AND state <= 2) OR "
                                    "EXISTS(SELECT 1 FROM activation WHERE input = a.seq AND state = 4 AND no >= ?3) OR "
                                    "EXISTS(SELECT 1 FROM waiting_member WHERE seq = a.seq) OR EXISTS(SELECT 1 FROM embargo WHERE seq = a.seq) FROM artifact a "
                                    "WHERE seq > ?1 ORDER BY seq LIMIT ?2"},
           one{out.remove_artifact_, "DELETE FROM artifact WHERE seq = ?1"},
           // Runs older than every row that is left.
           one{out.remove_runs_, "DELETE FROM run WHERE no IN (SELECT no FROM run WHERE status IS NOT 0 AND no < min("
                                 "coalesce((SELECT min(run) FROM artifact), 0x7fffffffffffffff), "
                                 "coalesce((SELECT min(run) FROM activation), 0x7fffffffffffffff), "
                                 "(SELECT max(no) FROM run)) ORDER BY no LIMIT ?1)"},
       }) {
    auto prepared = file.prepare(sql, true);
    if (!prepared) return prepared.error();
    statement = std::move(*prepared);
  }
  return out;
}

result<bool> retention::over_limit() {
  std::int64_t counts[2] = {};
  for (int i = 0; i < 2; ++i) {
    auto& statement = i == 0 ? pages_ : free_pages_;
    auto const row = statement.step();
    if (!row) return row.error();
    counts[i] = *row ? statement.integer(0) : 0;
    statement.reset();
  }
  return static_cast<std::uint64_t>((counts[0] - counts[1]) * page_bytes_) > file_bytes_max_;
}

result<void> retention::find_oldest_dead() {
  dead_from_ = std::numeric_limits<std::int64_t>::max();
  if (dead_kept_max_ == 0) return {};
  auto const row = oldest_dead_.bind(1, static_cast<std::int64_t>(dead_kept_max_ - 1)).step();
  if (!row) return row.error();
  dead_from_ = *row ? oldest_dead_.integer(0) : 0;
  oldest_dead_.reset();
  return {};
}

result<retention::removed> retention::run(sqlite::database& file, std::size_t rows) {
  removed out;
  if (pause_ > 0) return --pause_, out;
  auto const over = over_limit();
  if (!over) return over.error();
  if (!*over) return out;
  auto const limit = static_cast<std::int64_t>(std::max(rows_min, 2 * rows));
  auto done = keep_numbers_.run();
  if (done) done = find_oldest_dead();
  if (done) done = remove_activations(limit, out);
  if (done) done = remove_artifacts(limit, out);
  if (done) done = remove_runs(file, limit, out);
  if (!done) return done.error();
  if (!out.any()) pause_ = pause_commits;
  return out;
}

namespace {

struct candidate {
  std::int64_t key;
  bool pinned;
};

/// The next rows after `from`, from the front again when there are none.
result<std::vector<candidate>> next_rows(sqlite::statement& query, std::int64_t& from, std::int64_t limit, std::int64_t dead_from) {
  std::vector<candidate> out;
  for (int turn = 0; turn < 2 && out.empty(); ++turn) {
    query.bind(1, from).bind(2, limit).bind(3, dead_from);
    for (;;) {
      auto const row = query.step();
      if (!row) return row.error();
      if (!*row) break;
      out.push_back({query.integer(0), query.integer(1) != 0});
    }
    from = out.empty() ? 0 : out.back().key;
  }
  return out;
}

}  // namespace

result<void> retention::remove_activations(std::int64_t limit, removed& out) {
  auto const rows = next_rows(next_activations_, activations_from_, limit, dead_from_);
  if (!rows) return rows.error();
  for (auto const& row : *rows) {
    if (row.pinned) continue;
    if (auto const done = remove_activation_.bind(1, row.key).run(); !done) return done;
    ++out.activations;
  }
  return {};
}

result<void> retention::remove_artifacts(std::int64_t limit, removed& out) {
  auto const rows = next_rows(next_artifacts_, artifacts_from_, limit, dead_from_);
  if (!rows) return rows.error();
  std::vector<std::int64_t> of_groups;
  group_inputs_.bind(1, dead_from_);
  for (;;) {
    auto const row = group_inputs_.step();
    if (!row) return row.error();
    if (!*row) break;
    auto const inputs = group_inputs_.blob(0);
    for (std::size_t i = 0; i + 8 <= inputs.size(); i += 8) {
      std::uint64_t seq = 0;
      for (std::size_t k = 0; k < 8; ++k) seq = seq << 8 | std::to_integer<std::uint64_t>(inputs[i + k]);
      of_groups.push_back(static_cast<std::int64_t>(seq));
    }
  }
  std::ranges::sort(of_groups);
  for (auto const& row : *rows) {
    if (row.pinned || std::ranges::binary_search(of_groups, row.key)) continue;
    if (auto const done = remove_artifact_.bind(1, row.key).run(); !done) return done;
    ++out.artifacts;
  }
  return {};
}

result<void> retention::remove_runs(sqlite::database& file, std::int64_t limit, removed& out) {
  if (auto const done = remove_runs_.bind(1, limit).run(); !done) return done;
  out.runs = static_cast<std::uint64_t>(file.changes());
  return {};
}

}  // namespace skein::bus::ledger_file
