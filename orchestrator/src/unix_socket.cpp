#include "unix_socket.hpp"
#include "system_text.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace skein {

namespace {

/// sun_path holds 107 bytes. A longer path is reached through its folder, which must stay open until the address has been used.
struct address {
  sockaddr_un at{};
  unique_fd folder;
};

result<address> address_of(std::string const& path) {
  address made;
  made.at.sun_family = AF_UNIX;
  std::string short_path = path;
  if (path.size() >= sizeof made.at.sun_path) {
    std::filesystem::path const whole{path};
    auto const folder = whole.has_parent_path() ? whole.parent_path().string() : std::string{"."};
    made.folder = unique_fd{::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!made.folder) return error{errc::io_failed, "cannot open the folder of a socket: " + system_text(errno), path};
    short_path = "/proc/self/fd/" + std::to_string(made.folder.get()) + "/" + whole.filename().string();
  }
  if (short_path.size() >= sizeof made.at.sun_path) return error{errc::io_failed, "the file name of a socket must be shorter", path};
  std::memcpy(made.at.sun_path, short_path.c_str(), short_path.size() + 1);
  return made;
}

unique_fd make_socket() { return unique_fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)}; }

/// False when the time is over.
bool wait_for(int fd, short events, std::optional<line_socket::time_point> until) {
  pollfd one{fd, events, 0};
  for (;;) {
    int timeout = -1;
    if (until) {
      auto const left = std::chrono::ceil<std::chrono::milliseconds>(*until - std::chrono::steady_clock::now()).count();
      if (left <= 0) return false;
      timeout = static_cast<int>(std::min<std::int64_t>(left, 60'000));
    }
    if (::poll(&one, 1, timeout) > 0) return true;
  }
}

}  // namespace

result<unique_fd> listen_unix(std::string const& path) {
  auto const where = address_of(path);
  if (!where) return where.error();
  auto socket = make_socket();
  if (!socket) return error{errc::io_failed, "no socket: " + system_text(errno), path};
  ::unlink(where->at.sun_path);
  // The mode of the file that bind makes, so that it is never open to others.
  ::fchmod(socket.get(), 0600);
  bool const bound = ::bind(socket.get(), reinterpret_cast<sockaddr const*>(&where->at), sizeof where->at) == 0 && ::chmod(where->at.sun_path, 0600) == 0;
  if (!bound || ::listen(socket.get(), 16) != 0) return error{errc::io_failed, "cannot listen: " + system_text(errno), path};
  return socket;
}

result<unique_fd> connect_unix(std::string const& path) {
  auto const where = address_of(path);
  if (!where) return where.error();
  auto socket = make_socket();
  if (!socket) return error{errc::io_failed, "no socket: " + system_text(errno), path};
  if (::connect(socket.get(), reinterpret_cast<sockaddr const*>(&where->at), sizeof where->at) == 0) return socket;
  if (errno == ENOENT || errno == ECONNREFUSED) return error{errc::not_found, "no hub listens there", path};
  if (errno == EAGAIN) return error{errc::io_failed, "the hub has too many commands waiting; try again", path};
  return error{errc::io_failed, "cannot connect: " + system_text(errno), path};
}

result<std::string> line_socket::read_line(std::optional<time_point> until) {
  std::size_t searched = 0;
  for (;;) {
    if (auto const end = read_.find('\n', searched); end != std::string::npos) {
      auto line = read_.substr(0, end);
      read_.erase(0, end + 1);
      return line;
    }
    searched = read_.size();
    if (read_.size() > line_bytes_max_) return error{errc::too_large, "a line has more than " + std::to_string(line_bytes_max_) + " bytes"};
    if (!wait_for(socket_.get(), POLLIN, until)) return error{errc::timeout, "the other side says nothing"};
    char buffer[16 * 1024];
    auto const got = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    if (got == 0) return error{errc::io_failed, "the other side has hung up"};
    if (got > 0) read_.append(buffer, static_cast<std::size_t>(got));
    if (got < 0 && errno != EAGAIN && errno != EINTR) return error{errc::io_failed, "cannot read: " + system_text(errno)};
  }
}

result<void> line_socket::write_line(std::string line, std::optional<time_point> until) {
  line += '\n';
  for (std::string_view rest = line; !rest.empty();) {
    auto const sent = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent > 0) rest.remove_prefix(static_cast<std::size_t>(sent));
    if (sent >= 0) continue;
    if (errno != EAGAIN && errno != EINTR) return error{errc::io_failed, "cannot write: " + system_text(errno)};
    if (!wait_for(socket_.get(), POLLOUT, until)) return error{errc::timeout, "the other side does not read"};
  }
  return {};
}

void line_socket::shut_down() noexcept { ::shutdown(socket_.get(), SHUT_RDWR); }

bool line_socket::hung_up() const noexcept {
  pollfd one{socket_.get(), POLLRDHUP, 0};
  return ::poll(&one, 1, 0) > 0 && (one.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

}  // namespace skein
