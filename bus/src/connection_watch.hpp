// Which connections of a listening socket are open, and why handshakes failed. libzmq names connections by their descriptors, which are used
// again; the order of its news keeps them apart.
#pragma once

#include "socket_monitor.hpp"

#include <string>
#include <unordered_map>

namespace skein::bus {

/// Not thread-safe. Made before the socket binds, destroyed before the socket.
class connection_watch {
 public:
  struct event {
    enum class kind { closed, rejected };
    kind what = kind::closed;
    int fd = -1;
    std::string address, why;  ///< Of `rejected`: the peer's address, and a reason for people.
  };
  connection_watch(zmq::context_t& context, zmq::socket_t& watched, unsigned serial);

  /// The next event, if one is there.
  [[nodiscard]] std::optional<event> next();
  /// Whether a connection with this descriptor is open, by the news read so far.
  [[nodiscard]] bool is_open(int fd) const { return addresses_.count(fd) != 0; }
  [[nodiscard]] int fd() const { return events_.fd(); }
  [[nodiscard]] bool readable() { return events_.readable(); }

 private:
  socket_monitor events_;
  std::string failure_;                             // of the handshake whose connection is closed next
  std::unordered_map<int, std::string> addresses_;  // of open connections
};

}  // namespace skein::bus
