// Commands to a running hub, from another process, over its control socket. Each is a JSON object with "request" and what belongs to it;
// orchestrator/README.md lists them.
#pragma once

#include <skein/registry/error.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace skein {

/// A connection to one hub. Not thread-safe. Only the user that runs the hub, and root, may connect.
class control_client {
 public:
  /// To the hub that owns this ledger file, or that listens at this socket. errc::not_found (nobody runs on it), misuse (who runs on it has no
  /// control socket), io_failed.
  [[nodiscard]] static result<control_client> connect(std::string const& ledger_or_socket);
  control_client(control_client&&) noexcept;
  control_client& operator=(control_client&&) noexcept;
  ~control_client();

  /// Sends a request (a JSON object without a newline) and returns the "result" of its answer as JSON text. Blocks up to `timeout` (absent: as long as
  /// it takes). Errors: what the hub answered, timeout, io_failed (the hub has ended), bad_message.
  [[nodiscard]] result<std::string> request(std::string_view json, std::optional<std::chrono::nanoseconds> timeout = std::chrono::seconds{30});
  /// Of the hub; 0 when it was reached by its socket's path.
  [[nodiscard]] std::int64_t pid() const noexcept;

 private:
  struct state;
  explicit control_client(std::unique_ptr<state> made) noexcept;
  std::unique_ptr<state> state_;
};

}  // namespace skein
