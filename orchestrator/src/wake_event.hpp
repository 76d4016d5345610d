// An eventfd: wakes a thread that waits in poll(2).
#pragma once

#include <skein/registry/unique_fd.hpp>

#include <sys/eventfd.h>

#include <cstdint>

namespace skein {

/// Thread-safe; wake() may be called in a signal handler.
class wake_event {
 public:
  wake_event() noexcept : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

  void wake() const noexcept {
    std::uint64_t const one = 1;
    [[maybe_unused]] auto const written = ::write(fd_.get(), &one, sizeof one);
  }
  void clear() const noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] auto const read = ::read(fd_.get(), &count, sizeof count);
  }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  unique_fd fd_;
};

}  // namespace skein
