// A SQLite VFS between SQLite and the disk: it counts what changes files, refuses operations on demand, stops dead at a chosen
// one, and can afterwards take from the files what a power loss would have taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct sqlite3_vfs;

namespace skein::bus::testing {

/// What an operation is refused with.
enum class disk_fault { write_error, disk_full, sync_error };

/// Registered with SQLite under name() while it lives; must outlive the connections that use it. One thread at a time.
class fault_vfs {
 public:
  fault_vfs();
  ~fault_vfs();
  fault_vfs(fault_vfs const&) = delete;
  fault_vfs& operator=(fault_vfs const&) = delete;

  [[nodiscard]] char const* name() const noexcept { return name_.c_str(); }

  /// Writes, truncations, syncs and deletions so far.
  [[nodiscard]] std::uint64_t operations() const noexcept { return operations_; }
  /// Refuses the next `count` operations that the fault concerns (writes and truncations, or syncs).
  void refuse(disk_fault what, std::uint64_t count);
  void heal() noexcept { refusals_ = 0; }

  /// The process ends at operation `number` (from 1): neither that one nor any later one happens.
  void die_at(std::uint64_t number) noexcept { dies_at_ = number; }
  [[nodiscard]] bool dead() const noexcept { return dies_at_ != 0 && operations_ >= dies_at_; }
  /// After all connections are closed: files become what was synced and a random half of the 512-byte sectors written since.
  void lose_power(std::uint64_t seed);

 private:
  friend struct fault_file;
  struct pending {
    std::uint64_t offset;
    std::string data;
    bool is_truncation;
  };
  /// What is known of one path.
  struct disk_file {
    std::string synced;
    std::vector<pending> unsynced;
  };
  enum class operation { change, sync };

  /// Counts an operation; the SQLite code to refuse it with, or SQLITE_OK.
  [[nodiscard]] int attempt(operation what);
  [[nodiscard]] disk_file* track(std::string const& path);

  std::string name_;
  sqlite3_vfs* real_;
  std::unique_ptr<sqlite3_vfs> registered_;
  std::map<std::string, disk_file> files_;
  std::uint64_t operations_ = 0, dies_at_ = 0, refusals_ = 0;
  disk_fault fault_ = disk_fault::write_error;
};

}  // namespace skein::bus::testing
