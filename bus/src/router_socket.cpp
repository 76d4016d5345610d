#include "router_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

namespace skein::bus {

namespace {

constexpr int backlog = 1'024;
/// Messages that libzmq keeps for one peer: outgoing ones of at most copied_bytes_max each (larger ones are metered), and incoming ones
/// of any size, which is why there are few of those.
constexpr int sent_ahead_max = 1'024, received_ahead_max = 64;
constexpr std::chrono::milliseconds handshake_max{10'000};

error bind_failure(std::string const& text, int why) {
  std::string what = "it cannot be bound: " + std::string{zmq_strerror(why)};
  if (why == EADDRINUSE) what = "it is in use: another process listens there; stop it or choose another port";
  if (why == EACCES) what = "this user may not bind it; choose a port above 1023";
  if (why == EADDRNOTAVAIL || why == ENODEV) what = "this machine has no such address";
  return error{errc::io_failed, std::move(what), text};
}

}  // namespace

void set_common_options(zmq::socket_t& socket, std::size_t frame_bytes_max, std::chrono::milliseconds heartbeat) {
  auto const bytes_max = std::min<std::size_t>(frame_bytes_max, std::numeric_limits<std::int64_t>::max());
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(bytes_max));
  socket.set(zmq::sockopt::sndhwm, sent_ahead_max);
  socket.set(zmq::sockopt::rcvhwm, received_ahead_max);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::handshake_ivl, static_cast<int>(handshake_max.count()));
  socket.set(zmq::sockopt::tcp_keepalive, 1);
  auto const beat = static_cast<int>(heartbeat.count());
  socket.set(zmq::sockopt::heartbeat_ivl, beat);
  socket.set(zmq::sockopt::heartbeat_timeout, 3 * beat);
}

router_socket::router_socket(zmq::context_t& context, network_limits const& limits, curve_keys const* keys, unsigned serial)
    : socket_(context, zmq::socket_type::router), curve_(keys != nullptr) {
  set_common_options(socket_, limits.frame_bytes_max, limits.heartbeat);
  socket_.set(zmq::sockopt::router_mandatory, true);
  socket_.set(zmq::sockopt::backlog, backlog);
  connections_.emplace(context, socket_, serial);
  if (keys == nullptr) return;
  socket_.set(zmq::sockopt::curve_server, true);
  socket_.set(zmq::sockopt::curve_secretkey, keys->own().secret_key);
  socket_.set(zmq::sockopt::zap_domain, zap_domain);
  // Nobody comes in while nobody answers. An option of libzmq's drafts, which its headers hide; those that lack it ask the handler all the same.
  constexpr int zap_enforce_domain = 93, on = 1;
  (void)::zmq_setsockopt(socket_.handle(), zap_enforce_domain, &on, sizeof on);
}

result<std::string> router_socket::bind(std::string const& text, endpoint const& parsed) {
  int handed_over = -1;
  if (parsed.transport == transport::ipc) {
    auto listener = ipc_listener::open(parsed.path, backlog);
    if (!listener) return listener.error();
    listeners_.push_back(std::move(*listener));
    handed_over = listeners_.back().release();
  }
  try {
    socket_.set(zmq::sockopt::ipv6, parsed.is_ipv6());
    socket_.set(zmq::sockopt::use_fd, handed_over);
    socket_.bind(text);
    return socket_.get(zmq::sockopt::last_endpoint);
  } catch (zmq::error_t const& failure) {
    return bind_failure(text, failure.num());
  }
}

void router_socket::skip_rest() {
  zmq::message_t part;
  while (socket_.recv(part, zmq::recv_flags::dontwait) && part.more()) {
  }
}

bool router_socket::receive(incoming_frame& into) {
  if (drained_) return false;
  drained_ = !socket_.recv(into.routing_id, zmq::recv_flags::dontwait);
  if (drained_) return false;
  // The parts of a message come together: the rest is there.
  into.body.rebuild();
  into.multipart = false;
  if (into.routing_id.more() && socket_.recv(into.body, zmq::recv_flags::dontwait) && into.body.more()) {
    into.multipart = true;
    skip_rest();
  }
  return true;
}

router_socket::sent router_socket::begin(std::string_view routing_id) {
  drained_ = false;
  // The C function: an unreachable peer is no exception here.
  if (::zmq_send(socket_.handle(), routing_id.data(), routing_id.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0) return sent::yes;
  return zmq_errno() == EHOSTUNREACH ? sent::gone : sent::full;
}

void router_socket::finish(zmq::message_t&& frame) { (void)socket_.send(std::move(frame), zmq::send_flags::dontwait); }

int router_socket::fd() const { return socket_.get(zmq::sockopt::fd); }

bool router_socket::readable() {
  if (!drained_) drained_ = (socket_.get(zmq::sockopt::events) & ZMQ_POLLIN) == 0;
  return !drained_;
}

void router_socket::close(std::chrono::milliseconds linger) {
  socket_.set(zmq::sockopt::linger, static_cast<int>(linger.count()));
  connections_.reset();
  socket_.close();
  listeners_.clear();
}

}  // namespace skein::bus
