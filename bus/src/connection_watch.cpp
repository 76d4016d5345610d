#include "connection_watch.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <utility>

namespace skein::bus {

namespace {

constexpr unsigned watched_events = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;

/// For log lines only: the descriptor may be somebody else's already.
std::string address_of(int fd) {
  ::sockaddr_storage peer{};
  ::socklen_t size = sizeof peer;
  if (::getpeername(fd, reinterpret_cast<::sockaddr*>(&peer), &size) != 0) return "a peer";
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (peer.ss_family == AF_INET) {
    auto const* const v4 = reinterpret_cast<::sockaddr_in const*>(&peer);
    if (::inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size()) != nullptr)
      return std::string{text.data()} + ":" + std::to_string(ntohs(v4->sin_port));
  }
  if (peer.ss_family == AF_INET6) {
    auto const* const v6 = reinterpret_cast<::sockaddr_in6 const*>(&peer);
    if (::inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size()) != nullptr) {
      return "[" + std::string{text.data()} + "]:" + std::to_string(ntohs(v6->sin6_port));
    }
  }
  return "a local process";
}

std::string reason(std::uint32_t failure) {
  switch (failure) {
    case ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH:
      return "it uses no keys";
    case ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC:
    case ZMQ_PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE:
      return "it has another server key than this hub's";
    default:
      return "it does not speak ZeroMQ's protocol";
  }
}

}  // namespace

connection_watch::connection_watch(zmq::context_t& context, zmq::socket_t& watched, unsigned serial)
    : events_(context, watched, watched_events, serial) {}

std::optional<connection_watch::event> connection_watch::next() {
  while (auto const news = events_.next()) {
    int const fd = static_cast<int>(news->value);
    if (news->what == ZMQ_EVENT_ACCEPTED) {
      addresses_[fd] = address_of(fd);
    } else if (news->what == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) {
      failure_ = reason(news->value);
    } else {
      auto node = addresses_.extract(fd);
      event out{event::kind::closed, fd, node.empty() ? "a peer" : std::move(node.mapped()), std::exchange(failure_, {})};
      if (!out.why.empty()) out.what = event::kind::rejected;
      return out;
    }
  }
  return std::nullopt;
}

}  // namespace skein::bus
