// A lock for what is nearly always uncontended and held for a few instructions: half the price of a mutex, and a byte in size.
#pragma once

#include <atomic>
#include <thread>

namespace skein {

/// A Lockable. Under contention it gives up the processor between tries, so a holder that lost it gets it back.
class light_lock {
 public:
  void lock() noexcept {
    while (held_.exchange(true, std::memory_order_acquire)) {
      while (held_.load(std::memory_order_relaxed)) std::this_thread::yield();
    }
  }
  void unlock() noexcept { held_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> held_{false};
};

}  // namespace skein
