#include "fault_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <random>

namespace skein::bus::testing {

namespace {

constexpr std::size_t sector_bytes = 512;

void overwrite(std::string& content, std::uint64_t offset, std::string_view data) {
  if (content.size() < offset + data.size()) content.resize(offset + data.size());
  std::ranges::copy(data, content.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace

/// What SQLite sees as an open file; the real one's bytes follow it in the same allocation.
struct fault_file {
  sqlite3_file base;
  fault_vfs* owner;
  fault_vfs::disk_file* disk;   ///< Null for temporary files.

  static fault_file& of(sqlite3_file* file) { return *reinterpret_cast<fault_file*>(file); }
  static sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<sqlite3_file*>(&of(file) + 1); }
  static sqlite3_io_methods const& methods();

  static int open(sqlite3_vfs* vfs, char const* path, sqlite3_file* file, int flags, int* out_flags) {
    auto* const owner = static_cast<fault_vfs*>(vfs->pAppData);
    auto* const made = new (file) fault_file{};
    auto const code = owner->real_->xOpen(owner->real_, path, real(file), flags, out_flags);
    made->owner = owner;
    made->disk = path != nullptr ? owner->track(path) : nullptr;
    made->base.pMethods = real(file)->pMethods != nullptr ? &methods() : nullptr;
    return code;
  }
  static int remove(sqlite3_vfs* vfs, char const* path, int sync_folder) {
    auto* const owner = static_cast<fault_vfs*>(vfs->pAppData);
    if (auto const refused = owner->attempt(fault_vfs::operation::change); refused != SQLITE_OK) return SQLITE_IOERR_DELETE;
    owner->files_[path] = {};
    return owner->real_->xDelete(owner->real_, path, sync_folder);
  }

  static int close(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }
  static int read(sqlite3_file* file, void* to, int size, sqlite3_int64 at) { return real(file)->pMethods->xRead(real(file), to, size, at); }
  static int write(sqlite3_file* file, void const* from, int size, sqlite3_int64 at) {
    auto& self = of(file);
    if (auto const refused = self.owner->attempt(fault_vfs::operation::change); refused != SQLITE_OK) return refused;
    if (self.disk != nullptr) {
      self.disk->unsynced.push_back({static_cast<std::uint64_t>(at), std::string(static_cast<char const*>(from), static_cast<std::size_t>(size)), false});
    }
    return real(file)->pMethods->xWrite(real(file), from, size, at);
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    auto& self = of(file);
    if (auto const refused = self.owner->attempt(fault_vfs::operation::change); refused != SQLITE_OK) return refused;
    if (self.disk != nullptr) self.disk->unsynced.push_back({static_cast<std::uint64_t>(size), {}, true});
    return real(file)->pMethods->xTruncate(real(file), size);
  }
  /// The real file needs no sync: power fails only in here.
  static int sync(sqlite3_file* file, int) {
    auto& self = of(file);
    if (auto const refused = self.owner->attempt(fault_vfs::operation::sync); refused != SQLITE_OK) return refused;
    if (self.disk == nullptr) return SQLITE_OK;
    for (auto const& one : self.disk->unsynced) {
      one.is_truncation ? self.disk->synced.resize(one.offset) : overwrite(self.disk->synced, one.offset, one.data);
    }
    self.disk->unsynced.clear();
    return SQLITE_OK;
  }
  static int size(sqlite3_file* file, sqlite3_int64* out) { return real(file)->pMethods->xFileSize(real(file), out); }
  static int lock(sqlite3_file* file, int level) { return real(file)->pMethods->xLock(real(file), level); }
  static int unlock(sqlite3_file* file, int level) { return real(file)->pMethods->xUnlock(real(file), level); }
  static int is_reserved(sqlite3_file* file, int* out) { return real(file)->pMethods->xCheckReservedLock(real(file), out); }
  static int control(sqlite3_file* file, int what, void* argument) { return real(file)->pMethods->xFileControl(real(file), what, argument); }
  static int sector(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
  static int traits(sqlite3_file* file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }
  static int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
    return real(file)->pMethods->xShmMap(real(file), region, size, extend, out);
  }
  static int shm_lock(sqlite3_file* file, int at, int count, int flags) { return real(file)->pMethods->xShmLock(real(file), at, count, flags); }
  static void shm_barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }
  static int shm_unmap(sqlite3_file* file, int remove_it) { return real(file)->pMethods->xShmUnmap(real(file), remove_it); }
};

sqlite3_io_methods const& fault_file::methods() {
  static constexpr sqlite3_io_methods all = {
      2,       &close, &read,   &write,    &truncate, &sync,     &size,        &lock,       &unlock, &is_reserved,
      &control, &sector, &traits, &shm_map, &shm_lock, &shm_barrier, &shm_unmap, nullptr, nullptr};
  return all;
}

fault_vfs::fault_vfs()
    : name_("fault-" + std::to_string(reinterpret_cast<std::uintptr_t>(this))),
      real_(sqlite3_vfs_find(nullptr)),
      registered_(std::make_unique<sqlite3_vfs>(*real_)) {
  registered_->zName = name_.c_str();
  registered_->pAppData = this;
  registered_->pNext = nullptr;
  registered_->szOsFile = static_cast<int>(sizeof(fault_file)) + real_->szOsFile;
  registered_->xOpen = &fault_file::open;
  registered_->xDelete = &fault_file::remove;
  sqlite3_vfs_register(registered_.get(), 0);
}

fault_vfs::~fault_vfs() { sqlite3_vfs_unregister(registered_.get()); }

void fault_vfs::refuse(disk_fault what, std::uint64_t count) {
  fault_ = what;
  refusals_ = count;
}

int fault_vfs::attempt(operation what) {
  if (!dead()) ++operations_;
  if (dead()) return what == operation::sync ? SQLITE_IOERR_FSYNC : SQLITE_IOERR_WRITE;
  auto const concerned = (fault_ == disk_fault::sync_error) == (what == operation::sync);
  if (refusals_ == 0 || !concerned) return SQLITE_OK;
  --refusals_;
  if (what == operation::sync) return SQLITE_IOERR_FSYNC;
  return fault_ == disk_fault::disk_full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

fault_vfs::disk_file* fault_vfs::track(std::string const& path) {
  auto const [at, first] = files_.try_emplace(path);
  if (first) {
    // What the file held before counts as synced.
    std::ifstream in{path, std::ios::binary};
    at->second.synced.assign(std::istreambuf_iterator<char>{in}, {});
  }
  return &at->second;
}

void fault_vfs::lose_power(std::uint64_t seed) {
  std::mt19937_64 random{seed};
  for (auto& [path, file] : files_) {
    if (!std::filesystem::exists(path)) continue;
    auto content = file.synced;
    for (auto const& one : file.unsynced) {
      if (one.is_truncation) {
        if (random() % 2 == 0) content.resize(one.offset);
        continue;
      }
      for (std::size_t at = 0; at < one.data.size();) {
        auto const size = std::min(sector_bytes - (one.offset + at) % sector_bytes, one.data.size() - at);
        if (random() % 2 == 0) overwrite(content, one.offset + at, std::string_view{one.data}.substr(at, size));
        at += size;
      }
    }
    std::ofstream{path, std::ios::binary | std::ios::trunc} << content;
  }
  // Shared memory ends with the machine.
  for (auto const& [path, file] : files_) std::filesystem::remove(path + "-shm");
}

}  // namespace skein::bus::testing
