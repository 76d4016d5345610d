// libzmq's news about a socket's connections, as numbers.
#pragma once

#include <zmq.hpp>

#include <cstdint>
#include <optional>

namespace skein::bus {

/// Not thread-safe. Made before the socket binds or connects, destroyed before the socket.
class socket_monitor {
 public:
  struct event {
    unsigned what = 0;        ///< ZMQ_EVENT_…
    std::uint32_t value = 0;  ///< A descriptor or an error, as `what` says.
  };
  /// `events`: those wanted. `serial`: another number for each monitor of a context.
  socket_monitor(zmq::context_t& context, zmq::socket_t& watched, unsigned events, unsigned serial);
  ~socket_monitor();
  socket_monitor(socket_monitor const&) = delete;
  socket_monitor& operator=(socket_monitor const&) = delete;

  /// The next event, if one is there.
  [[nodiscard]] std::optional<event> next();
  [[nodiscard]] int fd() const { return events_.get(zmq::sockopt::fd); }
  [[nodiscard]] bool readable() { return (events_.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0; }

 private:
  zmq::socket_t& watched_;
  zmq::socket_t events_;
};

/// A monitor is silent until its descriptor says otherwise; a thread that never waits for descriptors asks it every so many turns.
inline constexpr unsigned turns_between_news = 16;

/// Any way in which a handshake can fail.
inline constexpr unsigned handshake_failures =
    ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

}  // namespace skein::bus
