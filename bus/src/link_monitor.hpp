// What becomes of a connecting socket's connection, as states and sentences.
#pragma once

#include "socket_monitor.hpp"

#include <string>

namespace skein::bus {

/// Something happened to the connection.
struct link_event {
  enum class kind {
    ready,        ///< Connected, and the handshake has succeeded.
    lost,         ///< A connection that had been ready is gone; libzmq tries again by itself.
    unreachable,  ///< Nobody answers; libzmq tries again by itself.
    rejected,     ///< The handshake failed; libzmq may not try again.
  };
  kind what = kind::unreachable;
  std::string why;  ///< For people.
};

/// Not thread-safe. Made before the socket connects, destroyed before the socket.
class link_monitor {
 public:
  /// `curve`: whether the socket uses keys. `serial`: another number for each monitor of a context.
  link_monitor(zmq::context_t& context, zmq::socket_t& watched, std::string endpoint, bool curve, unsigned serial);

  /// The next event, if one is there.
  [[nodiscard]] std::optional<link_event> next();
  [[nodiscard]] int fd() const { return events_.fd(); }
  [[nodiscard]] bool readable() { return events_.readable(); }

 private:
  [[nodiscard]] std::string handshake_failure(socket_monitor::event const& of) const;

  socket_monitor events_;
  std::string endpoint_;
  bool curve_, ready_ = false;
};

}  // namespace skein::bus
