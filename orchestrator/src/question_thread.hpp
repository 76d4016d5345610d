// Answers questions of workers in order on a thread of its own: the answer may have to be read from a disk.
#pragma once

#include <skein/bus/quiet_thread.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace skein {

/// Thread-safe. A question past the bound is dropped: whoever asked repeats it.
class question_thread {
 public:
  static constexpr std::size_t waiting_max = 1'024;
  using question = std::function<void()>;

  question_thread() : thread_(quiet_thread("skein-questions", [this] { run(); })) {}
  question_thread(question_thread const&) = delete;
  question_thread& operator=(question_thread const&) = delete;
  ~question_thread() { stop(); }

  void ask(question one) {
    {
      std::lock_guard const held{mutex_};
      if (stopping_ || waiting_.size() >= waiting_max) return;
      waiting_.push_back(std::move(one));
    }
    changed_.notify_one();
  }
  /// What waits is not answered any more.
  void stop() {
    {
      std::lock_guard const held{mutex_};
      stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    std::unique_lock held{mutex_};
    for (;;) {
      changed_.wait(held, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      auto const next = std::move(waiting_.front());
      waiting_.pop_front();
      held.unlock();
      next();
      held.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<question> waiting_;
  bool stopping_ = false;
  std::thread thread_;   // last: it uses all of the above
};

}  // namespace skein
