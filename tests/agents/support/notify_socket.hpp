// The socket that a service manager listens on.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>

namespace skein::testing {

/// A datagram socket as systemd's; `name` is a path, or starts with @.
struct notify_socket {
  explicit notify_socket(std::string of) : name(std::move(of)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, name.data(), name.size());
    if (name.front() == '@') at.sun_path[0] = '\0';
    ::unlink(name.c_str());
    auto const length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    if (::bind(fd, reinterpret_cast<sockaddr const*>(&at), length) != 0) throw std::runtime_error{"cannot bind " + name};
  }
  ~notify_socket() {
    ::close(fd);
    ::unlink(name.c_str());
  }
  notify_socket(notify_socket const&) = delete;
  notify_socket& operator=(notify_socket const&) = delete;
  /// What was said next; empty: nothing yet.
  std::string next(int flags = MSG_DONTWAIT) const {
    std::array<char, 512> text{};
    auto const size = ::recv(fd, text.data(), text.size(), flags);
    return size < 0 ? "" : std::string{text.data(), static_cast<std::size_t>(size)};
  }
  std::string name;
  int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

}  // namespace skein::testing
