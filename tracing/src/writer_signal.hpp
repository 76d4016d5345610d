// How producers and the writer thread of a recorder meet: it sleeps until there is work, then gathers for a while unless somebody hurries it.
#pragma once

#include <skein/registry/error.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace skein {

/// As long as anybody waits: what `now + timeout` can hold.
inline constexpr std::chrono::hours wait_max{24 * 365};

class writer_signal {
 public:
  /// There is something to write. Called after it is where the writer looks. One atomic load when the writer knows already.
  void work() noexcept {
    if (!has_work_.load(std::memory_order_acquire)) raise(false);
  }
  /// The same, and the writer shall not gather any longer.
  void hurry() noexcept {
    if (!hurried_.load(std::memory_order_acquire)) raise(true);
  }
  void stop() noexcept;

  /// Asks for a pass that begins after this call and for a flush of the sinks after it; waits for its end. False: timeout.
  [[nodiscard]] bool flush(std::chrono::nanoseconds timeout);

  struct order {
    bool stop = false;
    bool flush = false;
    bool work = false;                ///< Somebody has announced work since the last order.
    std::uint64_t flush_number = 0;   ///< The newest flush that was asked for.
  };
  /// For the writer: waits for something to do. `again`: for no longer than it gathers. To be asked for after an order with work, because
  /// a span's start that is announced while the announcement before it is still up is not ordered with the writer's look.
  [[nodiscard]] order wait(std::chrono::milliseconds gather, bool again);
  /// For the writer: every flush up to `number` is done.
  void flushed(std::uint64_t number) noexcept;
  /// For the writer: nobody waits for it.
  [[nodiscard]] bool idle() const noexcept;
  /// For the writer: it ends.
  void finished() noexcept;
  /// Waits for finished(). False: timeout.
  [[nodiscard]] bool wait_finished(std::chrono::nanoseconds timeout);

 private:
  void raise(bool hurried) noexcept;
  [[nodiscard]] bool urgent_locked() const noexcept { return stop_ || flush_asked_ != flush_done_ || hurried_.load(std::memory_order_acquire); }

  std::atomic<bool> has_work_{false}, hurried_{false};
  mutable std::mutex mutex_;
  std::condition_variable wake_, done_;
  bool stop_ = false, finished_ = false;
  std::uint64_t flush_asked_ = 0, flush_done_ = 0;
};

}  // namespace skein
