#include "sqlite_ledger_checkpoint.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>

namespace skein::bus::ledger_file {
namespace {

// How long a WAL becomes before a commit waits for readers, and how much longer before the next one does.
constexpr int waits_after = 16;
// A reader that takes longer is not waited for: it costs disk space instead.
constexpr int wait_ms = 250;

// What most commits write at most; and the steps by which the WAL grows: by as much as it is long, within these.
constexpr std::int64_t room_bytes = 128 << 10, step_bytes_min = 128 << 10, step_bytes_max = 1 << 20;
// A frame is a page and its header.
constexpr std::int64_t frame_header_bytes = 24;

int note_pages(void* in_wal, sqlite3*, char const*, int pages) {
  *static_cast<int*>(in_wal) = pages;
  return SQLITE_OK;
}

}  // namespace

checkpoints::checkpoints(sqlite::database& file, int pages) : pages_(pages), in_wal_(std::make_unique<int>(0)), wait_at_(pages * waits_after) {
  busy_wait_ms_ = static_cast<int>(file.integer("PRAGMA busy_timeout").value_or(0));
  frame_bytes_ = frame_header_bytes + file.integer("PRAGMA page_size").value_or(4096);
  sqlite3_wal_hook(file.handle(), &note_pages, in_wal_.get());
}

void checkpoints::shorten(sqlite::database& file, int from) noexcept {
  if (*in_wal_ < pages_) wait_at_ = pages_ * waits_after;
  if (*in_wal_ < from) return;
  auto* const handle = file.handle();
  sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (*in_wal_ < wait_at_) return;
  sqlite3_busy_timeout(handle, wait_ms);
  // Not RESTART: that leaves the beginning anew to the next commit, and a reader may be faster.
  bool const emptied = sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr) == SQLITE_OK;
  file_bytes_ = 0;
  wait_at_ = (emptied ? 0 : *in_wal_) + pages_ * waits_after;
  sqlite3_busy_timeout(handle, busy_wait_ms_);
}

void checkpoints::make_room(sqlite::database& file) noexcept {
  static constexpr std::array<char, 64 << 10> zeros{};
  auto const needed = *in_wal_ * frame_bytes_ + room_bytes;
  if (needed <= file_bytes_) return;
  sqlite3_file* wal = nullptr;
  sqlite3_int64 size = 0;
  if (sqlite3_file_control(file.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) != SQLITE_OK || wal == nullptr || wal->pMethods == nullptr) return;
  if (wal->pMethods->xFileSize(wal, &size) != SQLITE_OK) return;
  file_bytes_ = size;
  if (needed <= size) return;
  // From its end on: in front of that may stand frames of this transaction already.
  auto const end = std::max<std::int64_t>(needed, size + std::clamp<std::int64_t>(size, step_bytes_min, step_bytes_max));
  while (file_bytes_ < end) {
    if (wal->pMethods->xWrite(wal, zeros.data(), static_cast<int>(zeros.size()), file_bytes_) != SQLITE_OK) return;
    file_bytes_ += static_cast<std::int64_t>(zeros.size());
  }
}

}  // namespace skein::bus::ledger_file
