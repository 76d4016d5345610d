// The blocks of activations of a ledger file: those at work are in memory, and go to the file once a commit.
#pragma once

#include "sqlite_ledger_packed.hpp"

#include <skein/tracing/sqlite.hpp>

#include <array>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace skein::bus::ledger_file {

/// Inside transactions that somebody else begins and ends.
class activation_blocks {
 public:
  [[nodiscard]] static result<activation_blocks> prepare(sqlite::database& file);

  /// Opens an activation. Runs and hosts are numbers of their tables; 0 = none.
  [[nodiscard]] result<void> insert(activation_row const& row, std::int64_t run, std::int64_t host);
  /// errc::ledger_failed when there is none of that number.
  [[nodiscard]] result<void> update(activation_update const& state, std::int64_t host);
  /// Writes the blocks that changed.
  [[nodiscard]] result<void> write();
  /// Forgets what is in memory: to be called when a transaction was rolled back.
  void forget() noexcept;

  // ---- for retention, when everything is written ----

  /// Deletes closed activations, the oldest first, of as many blocks as hold about `rows`, but spares the newest `dead_kept_max` dead ones.
  /// The next call goes on where this one ended, after the last block from the front again. Gives how many.
  [[nodiscard]] result<std::uint64_t> remove_closed(std::size_t rows, std::size_t dead_kept_max);
  /// Finds what `is_needed` must know.
  [[nodiscard]] result<void> find_needed(std::size_t dead_kept_max);
  /// Whether an open activation, or one of the newest dead ones, has this artifact as an input. After find_needed().
  [[nodiscard]] bool is_needed(std::uint64_t seq) const { return needed_by_open_.contains(seq) || needed_by_dead_.contains(seq); }

 private:
  struct place {
    std::uint32_t begin = 0;                ///< Where it stands in `rows`.
    std::uint32_t identity = 0, size = 0;   ///< Bytes there: what never changes, and all. 0 = no such activation.
    std::uint32_t unwritten = 0;            ///< Its state is the one before this of `unwritten_`; 0 = the one in `rows`.
    subscription_no subscription = 0;
    activation_state state{};
  };
  struct block {
    std::int64_t no = 0;
    bytes rows;
    std::array<place, block_rows> places{};
    bool changed = false, stored = false, stored_open = false, stored_dead = false;
  };

  /// The block from memory or from the file; null when there is none.
  [[nodiscard]] result<block*> find(std::int64_t no);
  [[nodiscard]] result<block*> find_or_make(std::int64_t no);
  [[nodiscard]] result<void> write(block& one);
  [[nodiscard]] result<void> remove_from(std::int64_t no, bytes_view rows, std::uint64_t& removed);
  [[nodiscard]] result<void> find_newest();
  [[nodiscard]] result<void> find_dead(std::size_t dead_kept_max);
  [[nodiscard]] result<void> find_open();
  template <class Row>
  void set_state(block& one, place& at, Row const& row, std::int64_t host);
  [[nodiscard]] std::string_view keep(std::string const& text);
  void pack(block& one);
  void count_inputs(block const& one, std::size_t slot, bool opened);
  void drop_idle();

  sqlite::statement find_, newest_block_, add_, write_rows_, write_all_, remove_, next_, open_blocks_, dead_blocks_, leave_run_, keep_number_;
  std::unordered_map<std::int64_t, block> blocks_;
  block* last_ = nullptr;            ///< The one that was used last.
  std::vector<block*> changed_;
  std::vector<packed_state> unwritten_;   ///< What write() packs: of several states within a transaction, only the last.
  std::deque<std::string> texts_;         ///< Of `unwritten_`.
  std::int64_t newest_ = -1;         ///< The highest block there is; -1 = none is known.
  bytes identity_, packed_;          ///< Scratch.

  // Known only while retention is at work.
  std::int64_t removed_from_ = -1;   ///< remove_closed() goes on after this block.
  bool open_known_ = false, dead_known_ = false;
  std::unordered_map<std::uint64_t, std::uint32_t> needed_by_open_;   ///< And by how many.
  std::unordered_set<std::uint64_t> needed_by_dead_;
  activation_no dead_from_ = 0;      ///< Dead ones from this number on stay.
};

}  // namespace skein::bus::ledger_file
