#include "support/failing_vfs.hpp"

#include <sqlite3.h>

#include <atomic>

namespace skein::testing {
namespace {

// SQLite's callbacks carry no user pointer down to a file, so the one disk of the tests is here.
struct disk {
  std::atomic<bool> full{false};
  sqlite3_vfs vfs{};
  // The usual ones, but for xWrite: of databases, and of the files beside them, which SQLite handles without locks.
  sqlite3_io_methods database{}, beside{};
  int (*usual_write)(sqlite3_file*, void const*, int, sqlite3_int64) = nullptr;
};

disk& the_disk() {
  static disk only;
  return only;
}

int write(sqlite3_file* file, void const* data, int size, sqlite3_int64 offset) {
  return the_disk().full ? SQLITE_FULL : the_disk().usual_write(file, data, size, offset);
}

int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  auto* const usual = sqlite3_vfs_find("unix");
  int const code = usual->xOpen(usual, name, file, flags, out_flags);
  if (code != SQLITE_OK) return code;
  auto& disk = the_disk();
  auto& methods = (flags & SQLITE_OPEN_MAIN_DB) != 0 ? disk.database : disk.beside;
  disk.usual_write = file->pMethods->xWrite;
  methods = *file->pMethods;
  methods.xWrite = write;
  file->pMethods = &methods;
  return SQLITE_OK;
}

}  // namespace

char const* failing_vfs() {
  auto& disk = the_disk();
  if (disk.vfs.zName == nullptr) {
    disk.vfs = *sqlite3_vfs_find("unix");
    disk.vfs.zName = "skein-failing";
    disk.vfs.xOpen = open;
    disk.vfs.pNext = nullptr;
    sqlite3_vfs_register(&disk.vfs, 0);
  }
  return disk.vfs.zName;
}

void set_disk_full(bool full) { the_disk().full = full; }

}  // namespace skein::testing
