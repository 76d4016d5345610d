// The lock of the bus. Threads that wait for an answer are woken when it is free: woken while it is held they would go back to sleep for it.
#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

namespace skein::bus {

class board_mutex {
 public:
  void lock() { mutex_.lock(); }
  [[nodiscard]] bool try_lock() { return mutex_.try_lock(); }
  void unlock() {
    bool const due = std::exchange(due_, false);
    mutex_.unlock();
    if (due) waiters_.notify_all();
  }

  /// While it is held: all threads in wait_for_answers() look again, once it is unlocked.
  void notify_when_free() noexcept { due_ = true; }
  /// While it is not held by the caller.
  void notify_all() noexcept { waiters_.notify_all(); }

  /// Gives it up while `wait(condition, lock)` waits for the condition of those that are notified.
  template <class Wait>
  auto wait_for_answers(Wait const& wait) {
    return given_up([&](auto& lock) { return wait(waiters_, lock); });
  }
  /// The same for another condition: `wait(lock)`.
  template <class Wait>
  auto given_up(Wait const& wait) {
    if (std::exchange(due_, false)) waiters_.notify_all();
    // The caller's lock holds it before and after.
    std::unique_lock lock{mutex_, std::adopt_lock};
    struct release {
      ~release() { (void)of.release(); }
      std::unique_lock<std::mutex>& of;
    } const at_end{lock};
    return wait(lock);
  }

 private:
  std::mutex mutex_;
  bool due_ = false;   // guarded by it
  std::condition_variable waiters_;
};

}  // namespace skein::bus
