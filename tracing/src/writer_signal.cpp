#include "writer_signal.hpp"

#include <algorithm>

namespace skein {

void writer_signal::raise(bool hurried) noexcept {
  {
    // Under the lock, or the writer could go to sleep between its look at the flags and its wait.
    std::lock_guard const lock{mutex_};
    has_work_.store(true, std::memory_order_release);
    if (hurried) hurried_.store(true, std::memory_order_release);
  }
  wake_.notify_one();
}

void writer_signal::stop() noexcept {
  {
    std::lock_guard const lock{mutex_};
    stop_ = true;
  }
  wake_.notify_one();
}

bool writer_signal::flush(std::chrono::nanoseconds timeout) {
  std::unique_lock lock{mutex_};
  auto const number = ++flush_asked_;
  wake_.notify_one();
  return done_.wait_for(lock, std::min<std::chrono::nanoseconds>(timeout, wait_max), [&] { return flush_done_ >= number || finished_; });
}

writer_signal::order writer_signal::wait(std::chrono::milliseconds gather, bool again) {
  std::unique_lock lock{mutex_};
  auto const urgent = [&] { return urgent_locked(); };
  if (!again) wake_.wait(lock, [&] { return urgent() || has_work_.load(std::memory_order_acquire); });
  if (!urgent()) wake_.wait_for(lock, std::min<std::chrono::milliseconds>(gather, wait_max), urgent);
  // Cleared before the writer looks at what there is: what comes later raises them again.
  bool const work = has_work_.exchange(false, std::memory_order_acq_rel);
  hurried_.store(false, std::memory_order_release);
  return {stop_, flush_asked_ != flush_done_, work, flush_asked_};
}

void writer_signal::flushed(std::uint64_t number) noexcept {
  {
    std::lock_guard const lock{mutex_};
    flush_done_ = number;
  }
  done_.notify_all();
}

bool writer_signal::idle() const noexcept {
  std::lock_guard const lock{mutex_};
  return !urgent_locked();
}

void writer_signal::finished() noexcept {
  {
    std::lock_guard const lock{mutex_};
    finished_ = true;
  }
  done_.notify_all();
}

bool writer_signal::wait_finished(std::chrono::nanoseconds timeout) {
  std::unique_lock lock{mutex_};
  return done_.wait_for(lock, timeout, [&] { return finished_; });
}

}  // namespace skein
