// Time as the program sees it: one door, so that tests can stand at it.
#pragma once

#include <chrono>
#include <cstdint>

namespace skein {

/// Nanoseconds since the Unix epoch; the only kind of time that is stored or sent.
using timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

/// Where time comes from. Implementations are thread-safe, and never go backwards within a process.
class clock {
 public:
  virtual ~clock() = default;
  /// Wall-clock time, anchored once to a monotonic clock: steps of the system clock do not show.
  [[nodiscard]] virtual timestamp now() const noexcept = 0;
  /// A clock that only moves when told answers true and jumps to `when` (never back): whoever would sleep until then need not.
  /// A real clock answers false. Never blocks.
  virtual bool advance_to(timestamp when) noexcept;
};

/// The real clock: CLOCK_MONOTONIC plus the wall-clock offset read when the process first asked. Alive until exit.
[[nodiscard]] clock& system_clock() noexcept;

}  // namespace skein
