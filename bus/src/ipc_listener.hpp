// A listening unix socket that only its owner may connect to from its first moment on, and that leaves no file behind.
#pragma once

#include <skein/registry/error.hpp>

#include <sys/types.h>

#include <string>

namespace skein::bus {

/// Owns the file of a socket; the descriptor until it is given away.
class ipc_listener {
 public:
  /// Replaces a socket file that no living process listens on. errc::invalid_argument (a path too long for a socket), io_failed (in use, not permitted).
  [[nodiscard]] static result<ipc_listener> open(std::string path, int backlog);
  ipc_listener(ipc_listener&& other) noexcept;
  ipc_listener& operator=(ipc_listener&&) = delete;
  /// Removes the file if it is still this socket's.
  ~ipc_listener();

  /// Whoever takes the descriptor closes it.
  [[nodiscard]] int release() noexcept;

 private:
  ipc_listener(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  std::string path_;
  int fd_ = -1;
  ::dev_t device_{};
  ::ino_t inode_{};
};

}  // namespace skein::bus
