// Moves what commits have written from the WAL into the database file, so that the WAL stays small.
#pragma once

#include <skein/tracing/sqlite.hpp>

#include <memory>

namespace skein::bus::ledger_file {

/// SQLite's own automatic checkpoint never waits: readers that follow each other closely, each of an older commit, can keep it from ever
/// coming to the end of the WAL, which then grows without bound. This one waits for them, shortly, when the WAL has become long.
class checkpoints {
 public:
  /// Takes the place of the automatic checkpoint of `file`, after so many pages in the WAL.
  checkpoints(sqlite::database& file, int pages);
  checkpoints(checkpoints&&) = default;

  /// After each commit. Does what it can: whatever fails is tried again after the next commit.
  void run(sqlite::database& file) noexcept;

 private:
  int pages_;
  std::unique_ptr<int> in_wal_;   ///< As of the last commit; SQLite keeps its address.
  int busy_wait_ms_ = 0;          ///< Of the connection, for everything else.
  int wait_at_;                   ///< Pages in the WAL at which the next checkpoint waits for readers.
};

}  // namespace skein::bus::ledger_file
