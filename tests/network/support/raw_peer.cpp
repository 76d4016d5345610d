#include "raw_peer.hpp"

#include <skein/bus/frame_batch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace skein::bus::testing {

raw_peer::raw_peer(std::string const& endpoint, std::optional<curve_client> const& keys, int received_max)
    : socket_(context_, zmq::socket_type::dealer) {
  socket_.set(zmq::sockopt::linger, 0);
  socket_.set(zmq::sockopt::rcvhwm, received_max);
  if (keys) {
    socket_.set(zmq::sockopt::curve_serverkey, keys->server_key);
    socket_.set(zmq::sockopt::curve_publickey, keys->own.public_key);
    socket_.set(zmq::sockopt::curve_secretkey, keys->own.secret_key);
  }
  socket_.connect(endpoint);
}

void raw_peer::send(bytes_view frame) { (void)socket_.send(zmq::buffer(frame.data(), frame.size()), zmq::send_flags::none); }
void raw_peer::send(std::string_view text) { (void)socket_.send(zmq::buffer(text), zmq::send_flags::none); }

void raw_peer::send_parts(std::string_view first, std::string_view second) {
  (void)socket_.send(zmq::buffer(first), zmq::send_flags::sndmore);
  (void)socket_.send(zmq::buffer(second), zmq::send_flags::none);
}

message raw_peer::receive() {
  if (unread_.empty()) {
    zmq::message_t frame;
    (void)socket_.recv(frame);
    std::vector<bytes_view> all;
    split_batch({frame.data<std::byte>(), frame.size()}, {}, all).value();
    for (auto const one : all) unread_.push_back(decode(one).value());
    frames_max_ = std::max(frames_max_, all.size());
  }
  auto next = std::move(unread_.front());
  unread_.pop_front();
  return next;
}

namespace {

int connect_to(int family, ::sockaddr const* address, ::socklen_t size) {
  int const fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && ::connect(fd, address, size) == 0) return fd;
  if (fd >= 0) ::close(fd);
  return -1;
}

}  // namespace

int connect_bare(std::string const& endpoint) {
  if (endpoint.rfind("ipc://", 0) == 0) {
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, endpoint.c_str() + 6, sizeof address.sun_path - 1);
    return connect_to(AF_UNIX, reinterpret_cast<::sockaddr const*>(&address), sizeof address);
  }
  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
  return connect_to(AF_INET, reinterpret_cast<::sockaddr const*>(&address), sizeof address);
}

void wait_until_closed(int fd) {
  std::array<char, 4'096> ignored{};
  while (::read(fd, ignored.data(), ignored.size()) > 0) {
  }
}

}  // namespace skein::bus::testing
