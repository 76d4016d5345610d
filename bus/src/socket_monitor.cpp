#include "socket_monitor.hpp"

#include <cstring>
#include <string>

namespace skein::bus {

socket_monitor::socket_monitor(zmq::context_t& context, zmq::socket_t& watched, unsigned events, unsigned serial)
    : watched_(watched), events_(context, zmq::socket_type::pair) {
  // Numbered, for libzmq frees the name of a closed monitor some time later.
  auto const name = "inproc://monitor/" + std::to_string(serial);
  if (::zmq_socket_monitor(watched_.handle(), name.c_str(), static_cast<int>(events)) != 0) throw zmq::error_t{};
  events_.set(zmq::sockopt::linger, 0);
  events_.set(zmq::sockopt::rcvhwm, 0);  // libzmq's I/O thread would wait for room
  events_.connect(name);
}

socket_monitor::~socket_monitor() { (void)::zmq_socket_monitor(watched_.handle(), nullptr, 0); }

std::optional<socket_monitor::event> socket_monitor::next() {
  zmq::message_t about, address;
  while (events_.recv(about, zmq::recv_flags::dontwait)) {
    if (about.more()) (void)events_.recv(address, zmq::recv_flags::dontwait);
    std::uint16_t what = 0;
    event out;
    if (about.size() < sizeof what + sizeof out.value) continue;
    std::memcpy(&what, about.data(), sizeof what);
    std::memcpy(&out.value, about.data<char>() + sizeof what, sizeof out.value);
    out.what = what;
    return out;
  }
  return std::nullopt;
}

}  // namespace skein::bus
