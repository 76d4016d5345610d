// An eventfd: wakes a thread that waits in zmq_poll.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace skein::bus {

class wake_fd {
 public:
  wake_fd() noexcept : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  wake_fd(wake_fd const&) = delete;
  wake_fd& operator=(wake_fd const&) = delete;
  ~wake_fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  void wake() const noexcept {
    std::uint64_t const one = 1;
    [[maybe_unused]] auto const written = ::write(fd_, &one, sizeof one);
  }
  void clear() const noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] auto const read = ::read(fd_, &count, sizeof count);
  }
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace skein::bus
