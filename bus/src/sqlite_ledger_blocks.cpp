#include "sqlite_ledger_blocks.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace skein::bus::ledger_file {
namespace {

// More blocks than these are read again when they are needed: some 10 MiB.
constexpr std::size_t cached_max = 4'096;

std::int64_t block_of(activation_no no) { return static_cast<std::int64_t>(no / block_rows); }

// SQLite takes no blob of even half that size.
std::uint32_t as_size(std::size_t bytes) { return static_cast<std::uint32_t>(bytes); }

error unknown(activation_no no) { return {errc::ledger_failed, "the ledger holds no activation " + std::to_string(no) + " that could change"}; }

}  // namespace

result<activation_blocks> activation_blocks::prepare(sqlite::database& file) {
  activation_blocks out;
  auto const prepared = file.prepare_all({
      {out.find_, "SELECT rows, open, dead FROM activation_block WHERE block = ?1"},
      {out.newest_block_, "SELECT coalesce(max(block), -1) FROM activation_block"},
      {out.add_, "INSERT INTO activation_block VALUES(?1, ?2, ?3, ?4)"},
      // Naming the other columns would make SQLite write their indexes again.
      {out.write_rows_, "UPDATE activation_block SET rows = ?4 WHERE block = ?1"},
      {out.write_all_, "UPDATE activation_block SET open = ?2, dead = ?3, rows = ?4 WHERE block = ?1"},
      {out.remove_, "DELETE FROM activation_block WHERE block = ?1"},
      {out.next_, "SELECT block, rows FROM activation_block WHERE block > ?1 ORDER BY block LIMIT ?2"},
      {out.open_blocks_, "SELECT block, rows FROM activation_block WHERE open = 1"},
      {out.dead_blocks_, "SELECT block, rows FROM activation_block WHERE dead = 1 ORDER BY block DESC"},
      {out.leave_run_, "DELETE FROM run_activations WHERE run = ?1 AND block = ?2"},
      {out.keep_number_, "INSERT INTO counter VALUES('last_activation', ?1) ON CONFLICT(name) DO UPDATE SET value = max(value, ?1)"},
  });
  if (!prepared) return prepared.error();
  return out;
}

void activation_blocks::forget() noexcept {
  blocks_.clear();
  changed_.clear();
  unwritten_.clear();
  texts_.clear();
  last_ = nullptr;
  newest_ = removed_from_ = -1;
  open_known_ = dead_known_ = false;
}

// ---- blocks in memory ----

result<void> activation_blocks::find_newest() {
  if (newest_ >= 0) return {};
  auto const row = newest_block_.step();
  if (!row) return row.error();
  newest_ = newest_block_.integer(0);
  newest_block_.reset();
  return {};
}

result<activation_blocks::block*> activation_blocks::find(std::int64_t no) {
  if (last_ != nullptr && last_->no == no) return last_;
  if (auto const known = blocks_.find(no); known != blocks_.end()) return last_ = &known->second;
  if (auto const done = find_newest(); !done) return done.error();
  if (no > newest_) return nullptr;
  auto const row = find_.bind(1, no).step();
  if (!row) return row.error();
  if (!*row) return nullptr;
  auto const stored = find_.blob(0);
  block made{.no = no, .rows = bytes(stored.begin(), stored.end()), .stored = true, .stored_open = find_.integer(1) != 0, .stored_dead = find_.integer(2) != 0};
  find_.reset();
  auto const all = unpack_block(no, made.rows);
  if (!all) return all.error();
  for (auto const& one : *all) {
    made.places[one.row.no % block_rows] = {as_size(one.begin), as_size(one.changing - one.begin), as_size(one.end - one.begin), 0, one.row.subscription, one.row.state};
  }
  return last_ = &blocks_.emplace(no, std::move(made)).first->second;
}

result<activation_blocks::block*> activation_blocks::find_or_make(std::int64_t no) {
  auto const found = find(no);
  if (!found || *found != nullptr) return found;
  newest_ = std::max(newest_, no);
  last_ = &blocks_[no];
  last_->no = no;
  return last_;
}

void activation_blocks::drop_idle() {
  auto const idle = [&](block const& one) {
    return one.no != newest_ && (!one.stored_open || blocks_.size() > cached_max);
  };
  std::erase_if(blocks_, [&](auto const& one) { return idle(one.second); });
  last_ = nullptr;
}

// ---- changes ----

template <class Row>
void activation_blocks::set_state(block& one, place& at, Row const& row, std::int64_t host) {
  if (at.unwritten == 0) {
    unwritten_.emplace_back();
    at.unwritten = as_size(unwritten_.size());
    if (!std::exchange(one.changed, true)) changed_.push_back(&one);
  }
  unwritten_[at.unwritten - 1] = {row.state, row.attempt, row.failures, row.losses, row.not_before, row.since, host, keep(row.error_type), keep(row.what)};
}

std::string_view activation_blocks::keep(std::string const& text) {
  return text.empty() ? std::string_view{} : texts_.emplace_back(text);
}

result<void> activation_blocks::insert(activation_row const& row, std::int64_t run, std::int64_t host) {
  auto const found = find_or_make(block_of(row.no));
  if (!found) return found.error();
  auto& one = **found;
  auto const slot = row.no % block_rows;
  auto& at = one.places[slot];
  if (at.size != 0) return error{errc::ledger_failed, "the ledger holds an activation " + std::to_string(row.no) + " already"};
  {
    auto to = pack_over(identity_);
    pack_identity(to, row, run);
  }
  at.begin = as_size(one.rows.size());
  at.identity = at.size = as_size(identity_.size());
  one.rows.insert(one.rows.end(), identity_.begin(), identity_.end());
  at.subscription = row.subscription;
  at.state = row.state;
  set_state(one, at, row, host);
  if (is_open(at.state)) count_inputs(one, slot, true);
  dead_known_ = dead_known_ && at.state != activation_state::dead;
  return {};
}

result<void> activation_blocks::update(activation_update const& state, std::int64_t host) {
  auto const found = find(block_of(state.no));
  if (!found) return found.error();
  auto const slot = state.no % block_rows;
  if (*found == nullptr || (*found)->places[slot].size == 0) return unknown(state.no);
  auto& one = **found;
  auto& at = one.places[slot];
  if (state.subscription != 0) at.subscription = state.subscription;
  set_state(one, at, state, host);
  if (is_open(at.state) != is_open(state.state)) count_inputs(one, slot, is_open(state.state));
  dead_known_ = dead_known_ && (at.state == activation_state::dead) == (state.state == activation_state::dead);
  at.state = state.state;
  return {};
}

/// Makes the rows of the block anew.
void activation_blocks::pack(block& one) {
  {
    auto to = pack_over(packed_);
    for (auto& at : one.places) {
      if (at.size == 0) continue;
      auto const* const from = one.rows.data() + at.begin;
      at.begin = as_size(to.size());
      to.raw(from, at.unwritten == 0 ? at.size : at.identity);
      if (at.unwritten == 0) continue;
      pack_state(to, unwritten_[at.unwritten - 1], at.subscription);
      at.size = as_size(to.size()) - at.begin;
      at.unwritten = 0;
    }
  }
  one.rows.swap(packed_);
}

result<void> activation_blocks::write() {
  for (auto* const one : changed_) {
    if (auto const done = write(*one); !done) return done;
  }
  bool const closed = std::ranges::any_of(changed_, [](block const* one) { return !one->stored_open; });
  changed_.clear();
  unwritten_.clear();
  texts_.clear();
  if (closed || blocks_.size() > cached_max) drop_idle();
  return {};
}

result<void> activation_blocks::write(block& one) {
  pack(one);
  bool open = false, dead = false;
  for (auto const& at : one.places) {
    if (at.size == 0) continue;
    open = open || is_open(at.state);
    dead = dead || at.state == activation_state::dead;
  }
  auto& statement = !one.stored ? add_ : open == one.stored_open && dead == one.stored_dead ? write_rows_ : write_all_;
  statement.bind(1, one.no).bind(4, bytes_view{one.rows});
  if (&statement != &write_rows_) statement.bind(2, std::int64_t{open}).bind(3, std::int64_t{dead});
  one.changed = false;
  one.stored = true;
  one.stored_open = open;
  one.stored_dead = dead;
  return statement.run();
}

// ---- retention ----

void activation_blocks::count_inputs(block const& one, std::size_t slot, bool opened) {
  if (!open_known_) return;
  for (auto const seq : unpack_inputs(bytes_view{one.rows}.subspan(one.places[slot].begin, one.places[slot].identity))) {
    if (opened) {
      ++needed_by_open_[seq];
    } else if (auto const counted = needed_by_open_.find(seq); counted != needed_by_open_.end() && --counted->second == 0) {
      needed_by_open_.erase(counted);
    }
  }
}

result<void> activation_blocks::find_open() {
  if (open_known_) return {};
  needed_by_open_.clear();
  auto const done = each_activation(open_blocks_, [&](packed_activation const& one) {
    if (!is_open(one.row.state)) return;
    for (auto const seq : one.row.inputs) ++needed_by_open_[seq];
  });
  open_known_ = static_cast<bool>(done);
  return done;
}

result<void> activation_blocks::find_dead(std::size_t dead_kept_max) {
  if (dead_known_) return {};
  needed_by_dead_.clear();
  auto const dead = newest_dead(dead_blocks_, dead_kept_max);
  if (!dead) return dead.error();
  dead_from_ = dead->empty() ? std::numeric_limits<activation_no>::max() : dead->front().row.no;
  for (auto const& one : *dead) needed_by_dead_.insert(one.row.inputs.begin(), one.row.inputs.end());
  dead_known_ = true;
  return {};
}

result<void> activation_blocks::find_needed(std::size_t dead_kept_max) {
  if (auto const done = find_open(); !done) return done;
  return find_dead(dead_kept_max);
}

result<std::uint64_t> activation_blocks::remove_closed(std::size_t rows, std::size_t dead_kept_max) {
  if (auto const done = find_dead(dead_kept_max); !done) return done.error();
  if (auto const done = find_newest(); !done) return done.error();
  std::vector<std::pair<std::int64_t, bytes>> found;
  for (int turn = 0; turn < 2 && found.empty(); ++turn) {
    next_.bind(1, removed_from_).bind(2, static_cast<std::int64_t>(rows / block_rows + 1));
    for (;;) {
      auto const row = next_.step();
      if (!row) return row.error();
      if (!*row) break;
      auto const stored = next_.blob(1);
      found.emplace_back(next_.integer(0), bytes(stored.begin(), stored.end()));
    }
    removed_from_ = found.empty() ? -1 : found.back().first;
  }
  std::uint64_t removed = 0;
  for (auto const& [no, stored] : found) {
    if (auto const done = remove_from(no, stored, removed); !done) return done.error();
  }
  return removed;
}

result<void> activation_blocks::remove_from(std::int64_t no, bytes_view rows, std::uint64_t& removed) {
  auto const all = unpack_block(no, rows);
  if (!all) return all.error();
  auto const stays = [&](packed_activation const& one) {
    return is_open(one.row.state) || (one.row.state == activation_state::dead && one.row.no >= dead_from_);
  };
  bytes left;
  bool open = false, dead = false;
  activation_no highest = 0;
  std::unordered_set<std::int64_t> runs;
  for (auto const& one : *all) {
    if (!stays(one)) {
      ++removed;
      highest = std::max(highest, one.row.no);
      continue;
    }
    left.insert(left.end(), rows.begin() + static_cast<std::ptrdiff_t>(one.begin), rows.begin() + static_cast<std::ptrdiff_t>(one.end));
    open = open || is_open(one.row.state);
    dead = dead || one.row.state == activation_state::dead;
    runs.insert(one.run);
  }
  if (highest == 0) return {};
  if (blocks_.erase(no) > 0) last_ = nullptr;
  if (auto const kept = keep_number_.bind(1, static_cast<std::int64_t>(highest)).run(); !kept) return kept;
  for (auto const& one : *all) {
    // The newest block may get more of the same run, and the run's rows are found by it: that entry leaves with the run.
    if (no == newest_ || one.run == 0 || !runs.insert(one.run).second) continue;
    if (auto const done = leave_run_.bind(1, one.run).bind(2, no).run(); !done) return done;
  }
  if (left.empty() && no != newest_) return remove_.bind(1, no).run();
  return write_all_.bind(1, no).bind(2, std::int64_t{open}).bind(3, std::int64_t{dead}).bind(4, bytes_view{left}).run();
}

}  // namespace skein::bus::ledger_file
