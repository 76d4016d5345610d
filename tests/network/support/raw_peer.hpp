// A peer that sends what it likes: a ZeroMQ socket without Skein, or a bare TCP connection.
#pragma once

#include <skein/bus/codec.hpp>
#include <skein/bus/security.hpp>

#include <zmq.hpp>

#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace skein::bus::testing {

class raw_peer {
 public:
  /// `received_max`: messages that it takes in before anybody reads them.
  explicit raw_peer(std::string const& endpoint, std::optional<curve_client> const& keys = {}, int received_max = 1'000);
  /// Blocks until there is room.
  void send(bytes_view frame);
  void send(message const& what) { send(encode(what).value()); }
  void send(std::string_view text);
  /// Two parts in one message.
  void send_parts(std::string_view first, std::string_view second);
  /// Blocks until the hub answers.
  [[nodiscard]] message receive();
  /// The most frames that came in one so far.
  [[nodiscard]] std::size_t frames_max() const noexcept { return frames_max_; }

 private:
  zmq::context_t context_{1};
  zmq::socket_t socket_;
  std::deque<message> unread_;
  std::size_t frames_max_ = 0;
};

/// A TCP connection to `tcp://127.0.0.1:PORT` (or a stream to `ipc://PATH`); -1 when it is refused. The caller closes it.
[[nodiscard]] int connect_bare(std::string const& endpoint);
/// Blocks until the other side has closed it.
void wait_until_closed(int fd);

}  // namespace skein::bus::testing
