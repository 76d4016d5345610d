// A thread that calls back when it is woken, or at a given time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace skein {

/// Thread-safe. Not started until start(); stop() (or destruction) waits for a running call.
class service_thread {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  /// Does what there is to do; returns when to be called again at the latest.
  using task = std::function<std::optional<time_point>()>;

  ~service_thread() { stop(); }

  void start(task work) {
    thread_ = std::thread{[this, work = std::move(work)] { run(work); }};
  }
  /// False when there is no thread to wake.
  bool wake() {
    if (!thread_.joinable()) return false;
    {
      std::lock_guard const held{mutex_};
      woken_ = true;
    }
    changed_.notify_one();
    return true;
  }
  void stop() {
    {
      std::lock_guard const held{mutex_};
      stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run(task const& work) {
    std::unique_lock held{mutex_};
    std::optional<time_point> next;
    while (!stopping_) {
      auto const due = [this] { return woken_ || stopping_; };
      next ? (void)changed_.wait_until(held, *next, due) : changed_.wait(held, due);
      if (stopping_) return;
      woken_ = false;
      held.unlock();
      next = work();
      held.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false, stopping_ = false;
  std::thread thread_;
};

}  // namespace skein
