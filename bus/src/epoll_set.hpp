// Descriptors that several threads wait for at once: each news wakes one of them.
#pragma once

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>

namespace skein::bus {

/// Edge-triggered: whoever is woken reads until nothing is left.
class epoll_set {
 public:
  epoll_set() noexcept : fd_(::epoll_create1(EPOLL_CLOEXEC)) {}
  epoll_set(epoll_set const&) = delete;
  epoll_set& operator=(epoll_set const&) = delete;
  ~epoll_set() {
    if (fd_ >= 0) ::close(fd_);
  }

  /// `bit`: what wait() answers with. The descriptor leaves the set when it is closed. False, with errno: the system has no room for it, or had none for the set.
  [[nodiscard]] bool add(int fd, std::uint32_t bit) noexcept {
    ::epoll_event what{};
    what.events = EPOLLIN | EPOLLET;
    what.data.u32 = bit;
    return ::epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &what) == 0;
  }
  /// The bits of those that have news; 0 when the time is over, and now and then without a reason.
  [[nodiscard]] std::uint32_t wait(std::chrono::milliseconds timeout) noexcept {
    std::array<::epoll_event, 4> found{};
    int const count = ::epoll_wait(fd_, found.data(), static_cast<int>(found.size()), static_cast<int>(timeout.count()));
    std::uint32_t bits = 0;
    for (int i = 0; i < count; ++i) bits |= found[static_cast<std::size_t>(i)].data.u32;
    return bits;
  }

 private:
  int fd_;
};

}  // namespace skein::bus
