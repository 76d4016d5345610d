// What a service says to systemd, or to whatever else set NOTIFY_SOCKET (sd_notify(3)): ready, stopping, still alive.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace skein::agents {

/// A value. Thread-safe. Nothing happens, and nothing fails, where nobody listens; each call may block for up to a second.
class service_manager {
 public:
  /// Nobody listens.
  service_manager() = default;
  /// `socket`: a path, or `@NAME` of an abstract socket. `watchdog`: how long the manager waits for alive().
  explicit service_manager(std::string socket, std::optional<std::chrono::microseconds> watchdog = {})
      : socket_(std::move(socket)), watchdog_(watchdog) {}
  /// NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, which stay as they are.
  [[nodiscard]] static service_manager from_environment();

  /// The service does its work. `status` is shown to people by `systemctl status`; so are the others.
  void ready(std::string_view status = {}) const noexcept;
  /// It is about to end.
  void stopping(std::string_view status = {}) const noexcept;
  /// Something else to show to people; the state stays.
  void status(std::string_view text) const noexcept;
  /// To be called every watchdog_interval().
  void alive() const noexcept;
  /// Half of the time after which the manager takes the service for dead; none = it does not watch.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> watchdog_interval() const noexcept;

 private:
  void say(std::string_view state, std::string_view status) const noexcept;

  std::string socket_;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace skein::agents
