// SIGTERM and SIGINT as something that a loop can wait for: the first asks the process to end, a second one ends it at once.
#pragma once

#include <skein/registry/error.hpp>

#include <chrono>
#include <memory>
#include <optional>

namespace skein::agents {

/// While one of these lives, the first SIGTERM or SIGINT wakes wait(), and a second one ends the process at once (exit code 128 + the
/// signal). A signal that the process ignores stays ignored. Its end puts back what was there before. wake() is thread-safe, the rest belongs to one thread.
class stop_signals {
 public:
  /// One at a time in a process: errc::misuse. errc::io_failed.
  [[nodiscard]] static result<std::unique_ptr<stop_signals>> install();
  virtual ~stop_signals() = default;

  /// The first signal that came; 0 = none yet.
  [[nodiscard]] virtual int received() const noexcept = 0;
  /// Becomes readable when a signal comes or somebody calls wake(); for poll(2), beside wait().
  [[nodiscard]] virtual int fd() const noexcept = 0;
  /// Sleeps until a signal comes, somebody has called wake() since the last wait, or the time is there (none = for ever).
  virtual void wait(std::optional<std::chrono::steady_clock::time_point> until) = 0;
  /// Ends a wait() early, or the next one.
  virtual void wake() noexcept = 0;
};

}  // namespace skein::agents
