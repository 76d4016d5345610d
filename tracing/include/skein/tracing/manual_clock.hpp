// A clock that only moves when told.
#pragma once

#include <skein/tracing/clock.hpp>

#include <atomic>
#include <chrono>

namespace skein::testing {

/// Starts at 2026-01-01T00:00:00Z unless told otherwise. Thread-safe; must outlive whoever uses it.
class manual_clock final : public clock {
 public:
  /// 2026-01-01T00:00:00Z.
  static constexpr timestamp default_start{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};

  /// Stands at `start` until it is told to move.
  explicit manual_clock(timestamp start = default_start) noexcept : ns_(start.time_since_epoch().count()) {}

  [[nodiscard]] timestamp now() const noexcept override { return timestamp{std::chrono::nanoseconds{ns_.load()}}; }
  /// Jumps to `when`, or stays when that is past. Always true.
  bool advance_to(timestamp when) noexcept override;
  /// Moves on by `by`; negative durations do nothing.
  void advance(std::chrono::nanoseconds by) noexcept;

 private:
  std::atomic<std::int64_t> ns_;
};

}  // namespace skein::testing
