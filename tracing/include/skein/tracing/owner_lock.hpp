// One owner per file: `<file>.lock`, held by flock(2), so that it ends with its process however that ends.
#pragma once

#include <skein/registry/error.hpp>

#include <cstdint>
#include <string>

namespace skein {

/// What the lock file says of its owner.
struct lock_owner {
  std::int64_t pid = 0;         ///< Of the process that holds it.
  std::string boot_id;          ///< /proc/sys/kernel/random/boot_id, so that a pid of an earlier boot is not believed.
  std::string control_socket;   ///< Where the owner listens for commands; empty = nowhere.
};

/// Holds the lock until destroyed. A second lock on the same file fails in the same process too (errc::locked, naming the pid).
class owner_lock {
 public:
  owner_lock() = default;
  owner_lock(owner_lock&& other) noexcept;
  owner_lock& operator=(owner_lock&& other) noexcept;
  ~owner_lock();

  /// Locks `<path>.lock`, making parent folders and the file (0644). Never blocks. errc::locked, errc::io_failed.
  [[nodiscard]] static result<owner_lock> acquire(std::string const& path, std::string const& control_socket = {});
  /// Who holds the lock of `path` at this moment; errc::not_found when nobody does.
  [[nodiscard]] static result<lock_owner> owner_of(std::string const& path);
  /// False for one that was moved from or default-made.
  [[nodiscard]] bool held() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

}  // namespace skein
