// Frames on their way out. Small ones are copied into libzmq's memory; large ones are given to it as they are, and counted until it
// has sent or dropped them, so that the bytes that one slow peer can keep in memory are known.
#pragma once

#include "wake_fd.hpp"

#include <skein/bus/frame_batch.hpp>

#include <zmq.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

namespace skein::bus {

/// Bytes of large frames that libzmq holds for one peer. Outlives the peer while frames are under way.
class pipe_meter {
 public:
  /// More is kept back until libzmq has sent some. Enough to keep a fast connection busy.
  static constexpr std::size_t window_bytes = 4u << 20;

  explicit pipe_meter(wake_fd const& waker) : waker_(waker) {}
  [[nodiscard]] bool full() const noexcept { return bytes_.load(std::memory_order_acquire) >= window_bytes; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return bytes_.load(std::memory_order_relaxed); }
  void add(std::size_t bytes) noexcept { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  /// On libzmq's thread: wakes the link when there is room again.
  void subtract(std::size_t bytes) noexcept {
    auto const before = bytes_.fetch_sub(bytes, std::memory_order_release);
    if (before >= window_bytes && before - bytes < window_bytes) waker_.wake();
  }
  /// On libzmq's thread: keeps the memory of a frame that was sent, if it is of ordinary size, and for few.
  void give_back(bytes&& memory) noexcept {
    if (memory.capacity() > spare_bytes_max) return;
    std::lock_guard const held{mutex_};
    if (spare_count_ < spare_.size()) spare_[spare_count_++] = std::move(memory);
  }
  /// That memory, for the next frame; empty when there is none.
  [[nodiscard]] bytes take_spare() noexcept {
    std::lock_guard const held{mutex_};
    return spare_count_ == 0 ? bytes{} : std::move(spare_[--spare_count_]);
  }

 private:
  static constexpr std::size_t spare_bytes_max = 256u << 10;

  wake_fd const& waker_;  // the link's; its context is terminated before it goes
  std::atomic<std::size_t> bytes_ = 0;
  std::mutex mutex_;
  std::array<bytes, 4> spare_;
  std::size_t spare_count_ = 0;
};

/// Larger frames are not copied but given away; smaller ones are bounded by the socket's high-water mark.
inline constexpr std::size_t copied_bytes_max = 4'096;

/// A pipe that has room again wakes its link nearly always; this is for the time when the news came while it looked elsewhere.
inline constexpr std::chrono::milliseconds retry_every{5};

/// What was gathered as libzmq takes it; the batch is empty afterwards. `meter` counts it if it is large.
[[nodiscard]] zmq::message_t make_frame(frame_batch& from, std::shared_ptr<pipe_meter> const& meter);

}  // namespace skein::bus
