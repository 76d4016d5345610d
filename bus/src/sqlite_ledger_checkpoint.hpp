// Keeps the WAL small, and large enough: moves what commits have written into the database file, and makes room before they write.
#pragma once

#include <skein/tracing/sqlite.hpp>

#include <cstdint>
#include <memory>

namespace skein::bus::ledger_file {

/// SQLite's own automatic checkpoint never waits: readers that follow each other closely, each of an older commit, can keep it from ever
/// coming to the end of the WAL, which then grows without bound. This one waits for them, shortly, when the WAL has become long.
class checkpoints {
 public:
  /// Takes the place of the automatic checkpoint of `file`, which is to be made after so many pages in the WAL.
  checkpoints(sqlite::database& file, int pages);
  checkpoints(checkpoints&&) = default;

  /// In the WAL, as of the last commit.
  [[nodiscard]] int pages() const noexcept { return *in_wal_; }
  /// Outside of transactions: makes a checkpoint if the WAL has `from` pages or more. Does what it can: whatever fails is tried again by the next call.
  void shorten(sqlite::database& file, int from) noexcept;

  /// Within a transaction, before its end. A sync takes several times as long when the file has grown, for then its size is written too. So it grows ahead, by zeros,
  /// in large steps: SQLite takes what was never a frame for the end of the WAL. Does what it can.
  void make_room(sqlite::database& file) noexcept;

 private:
  int pages_;
  std::int64_t frame_bytes_ = 0;
  std::int64_t file_bytes_ = 0;   ///< At least so long is the WAL.
  std::unique_ptr<int> in_wal_;   ///< As of the last commit; SQLite keeps its address.
  int busy_wait_ms_ = 0;          ///< Of the connection, for everything else.
  int wait_at_;                   ///< Pages in the WAL at which the next checkpoint waits for readers.
};

}  // namespace skein::bus::ledger_file
