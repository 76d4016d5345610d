// The hub's control socket: JSON requests, one a line, each answered by one line.
#pragma once

#include "unix_socket.hpp"
#include "wake_event.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace skein {

/// Serves each connection on a thread of its own: who stalls, stalls alone. Thread-safe.
class control_server {
 public:
  /// Connections at once; another one is told so and closed.
  static constexpr std::size_t connections_max = 16;
  /// A connection that asks nothing for this long is closed; likewise one that does not read its answer.
  static constexpr std::chrono::seconds idle_max{60};

  /// Answers one request, never with a newline. `abandoned` says whether nobody waits for the answer any more.
  using handler = std::function<std::string(std::string_view request, std::function<bool()> const& abandoned)>;

  /// errc::io_failed.
  [[nodiscard]] static result<std::unique_ptr<control_server>> open(std::string path, std::size_t request_bytes_max, handler answer);
  control_server(control_server const&) = delete;
  control_server& operator=(control_server const&) = delete;
  /// stop().
  ~control_server();

  /// From here on every request is abandoned and no other is taken. Does not wait.
  void refuse();
  /// Waits for the requests that are being answered, and removes the socket.
  void stop();

 private:
  struct connection;
  control_server(std::string path, std::size_t request_bytes_max, handler answer, unique_fd socket);
  void accept_until_stopped();
  void accept_one();
  void serve(connection& with);
  void join_finished();

  std::string const path_;
  std::size_t const request_bytes_max_;
  handler const answer_;
  unique_fd socket_;
  wake_event wake_;
  std::list<connection> connections_;   // of the accepting thread
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace skein
