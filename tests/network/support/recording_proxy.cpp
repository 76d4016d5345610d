#include "recording_proxy.hpp"

#include "raw_peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace skein::bus::testing {

recording_proxy::recording_proxy(std::string target)
    : target_(std::move(target)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<::sockaddr*>(&address);
  if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 1) != 0 || ::getsockname(listener_, generic, &size) != 0) {
    throw std::runtime_error{"the proxy cannot listen"};
  }
  endpoint_ = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  thread_ = std::thread{[this] { carry(); }};
}

recording_proxy::~recording_proxy() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

std::string recording_proxy::recorded() const {
  std::lock_guard const held{mutex_};
  return recorded_;
}

bool recording_proxy::pass(int from, int to) {
  std::array<char, 16'384> data{};
  auto const got = ::read(from, data.data(), data.size());
  if (got <= 0) return false;
  {
    std::lock_guard const held{mutex_};
    recorded_.append(data.data(), static_cast<std::size_t>(got));
  }
  return ::send(to, data.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) == got;
}

void recording_proxy::carry() {
  int const client = ::accept(listener_, nullptr, nullptr);
  if (client < 0) return;
  int const server = connect_bare(target_);
  std::array<::pollfd, 3> ends{{{client, POLLIN, 0}, {server, POLLIN, 0}, {listener_, 0, 0}}};
  bool open = true;
  while (open && !stopping_ && ::poll(ends.data(), ends.size(), -1) >= 0) {
    if (ends[0].revents != 0) open = pass(client, server);
    if (ends[1].revents != 0) open = open && pass(server, client);
    if (ends[2].revents != 0) open = false;
  }
  ::close(client);
  if (server >= 0) ::close(server);
}

}  // namespace skein::bus::testing
