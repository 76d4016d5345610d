// Unix stream sockets with requests and answers of one line each; what the hub's control socket and its clients share.
#pragma once

#include <skein/registry/unique_fd.hpp>

#include <skein/registry/error.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace skein {

/// A socket that listens at `path` (0600), in place of what an earlier process left there. errc::io_failed.
[[nodiscard]] result<unique_fd> listen_unix(std::string const& path);
/// errc::not_found when nobody listens there, io_failed.
[[nodiscard]] result<unique_fd> connect_unix(std::string const& path);

/// Lines over one connected socket. Not thread-safe, but for shut_down() and hung_up().
class line_socket {
 public:
  line_socket(unique_fd socket, std::size_t line_bytes_max) : socket_(std::move(socket)), line_bytes_max_(line_bytes_max) {}

  using time_point = std::chrono::steady_clock::time_point;
  /// The next line, without its end. errc::io_failed (the peer has hung up, or shut_down was called), timeout (`until` has come; absent = never),
  /// too_large.
  [[nodiscard]] result<std::string> read_line(std::optional<time_point> until = std::nullopt);
  /// `line` must hold no newline. errc::io_failed, timeout.
  [[nodiscard]] result<void> write_line(std::string line, std::optional<time_point> until = std::nullopt);
  /// Ends what waits in the two above, on whatever thread.
  void shut_down() noexcept;
  /// Whether the peer has hung up; does not wait.
  [[nodiscard]] bool hung_up() const noexcept;

 private:
  unique_fd socket_;
  std::size_t line_bytes_max_;
  std::string read_;   // what came behind the last line
};

}  // namespace skein
