// Bytes to an HTTP server, and what it answers.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace skein::testing {

class http_client {
 public:
  /// `address`: 127.0.0.1:PORT, with http:// before it or without.
  explicit http_client(std::string const& address) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr const*>(&to), sizeof to) != 0) throw std::runtime_error{"nobody listens at " + address};
  }
  http_client(http_client const&) = delete;
  http_client& operator=(http_client const&) = delete;
  ~http_client() { ::close(fd_); }

  http_client& send(std::string const& bytes) {
    (void)!::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return *this;
  }
  /// All until the server closes.
  std::string rest() const {
    std::string text;
    std::array<char, 4'096> part{};
    for (::ssize_t size = 0; (size = ::recv(fd_, part.data(), part.size(), 0)) > 0;) text.append(part.data(), static_cast<std::size_t>(size));
    return text;
  }
  /// Until `end` has come, or the server closes.
  std::string until(std::string const& end) const {
    std::string text;
    for (char c = 0; !text.ends_with(end) && ::recv(fd_, &c, 1, 0) == 1;) text += c;
    return text;
  }

 private:
  int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

/// The whole answer to one GET.
inline std::string http_get(std::string const& address, std::string const& path) {
  return http_client{address}.send("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").rest();
}

inline int http_status(std::string const& answer) { return answer.size() > 12 ? std::stoi(answer.substr(9, 3)) : 0; }

}  // namespace skein::testing
