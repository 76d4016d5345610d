#include "sqlite_ledger_checkpoint.hpp"

#include <sqlite3.h>

namespace skein::bus::ledger_file {
namespace {

// How long a WAL becomes before a commit waits for readers, and how much longer before the next one does.
constexpr int waits_after = 16;
// A reader that takes longer is not waited for: it costs disk space instead.
constexpr int wait_ms = 250;

int note_pages(void* in_wal, sqlite3*, char const*, int pages) {
  *static_cast<int*>(in_wal) = pages;
  return SQLITE_OK;
}

}  // namespace

checkpoints::checkpoints(sqlite::database& file, int pages) : pages_(pages), in_wal_(std::make_unique<int>(0)), wait_at_(pages * waits_after) {
  busy_wait_ms_ = static_cast<int>(file.integer("PRAGMA busy_timeout").value_or(0));
  sqlite3_wal_hook(file.handle(), &note_pages, in_wal_.get());
}

void checkpoints::run(sqlite::database& file) noexcept {
  if (*in_wal_ < pages_) {
    wait_at_ = pages_ * waits_after;
    return;
  }
  auto* const handle = file.handle();
  sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (*in_wal_ < wait_at_) return;
  sqlite3_busy_timeout(handle, wait_ms);
  // Not RESTART: that leaves the beginning anew to the next commit, and a reader may be faster.
  bool const emptied = sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr) == SQLITE_OK;
  wait_at_ = (emptied ? 0 : *in_wal_) + pages_ * waits_after;
  sqlite3_busy_timeout(handle, busy_wait_ms_);
}

}  // namespace skein::bus::ledger_file
