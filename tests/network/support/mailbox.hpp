// Where receivers leave what they get, for a test to wait for.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace skein::bus::testing {

/// Thread-safe.
template <class T>
class mailbox {
 public:
  void put(T what) {
    std::lock_guard const held{mutex_};
    all_.push_back(std::move(what));
    arrived_.notify_all();
  }
  /// Blocks until something is there.
  T take() {
    std::unique_lock held{mutex_};
    arrived_.wait(held, [&] { return !all_.empty(); });
    T out = std::move(all_.front());
    all_.pop_front();
    return out;
  }
  /// Blocks until one comes that `wanted` accepts; drops those before it.
  template <class Wanted>
  T take_until(Wanted&& wanted) {
    for (;;) {
      T one = take();
      if (wanted(one)) return one;
    }
  }
  [[nodiscard]] bool empty() const {
    std::lock_guard const held{mutex_};
    return all_.empty();
  }

 private:
  std::mutex mutable mutex_;
  std::condition_variable arrived_;
  std::deque<T> all_;
};

}  // namespace skein::bus::testing
