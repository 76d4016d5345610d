// A file descriptor that closes itself.
#pragma once

#include <unistd.h>

#include <utility>

namespace skein {

/// A resource; -1 = none.
class unique_fd {
 public:
  /// None.
  unique_fd() = default;
  /// Owns it from here on.
  explicit unique_fd(int fd) noexcept : fd_(fd) {}
  /// Leaves `other` without one.
  unique_fd(unique_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  /// Closes its own, leaves `other` without one.
  unique_fd& operator=(unique_fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  /// Closes it.
  ~unique_fd() { reset(); }

  /// Closes it.
  void reset() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  /// The descriptor, still owned here.
  [[nodiscard]] int get() const noexcept { return fd_; }
  /// Whether there is one.
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

}  // namespace skein
