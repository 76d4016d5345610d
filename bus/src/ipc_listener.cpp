#include "ipc_listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace skein::bus {

namespace {

error failed(std::string const& path, std::string_view what) {
  return error{errc::io_failed, std::string{what} + ": " + std::system_category().message(errno), "ipc://" + path};
}

int new_socket() { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

::sockaddr const* generic(::sockaddr_un const& address) { return reinterpret_cast<::sockaddr const*>(&address); }

/// Makes room for a socket at `path`: a file left by a dead process goes, one that answers stays.
result<void> clear_stale(std::string const& path, ::sockaddr_un const& address) {
  struct ::stat about {};
  if (::lstat(path.c_str(), &about) != 0) return {};
  if (!S_ISSOCK(about.st_mode))
    return error{errc::io_failed, "there is a file that is no socket; remove it or choose another path", "ipc://" + path};
  int const probe = new_socket();
  if (probe < 0) return failed(path, "no socket can be made");
  int const connected = ::connect(probe, generic(address), sizeof address);
  int const why = errno;
  ::close(probe);
  if (connected == 0 || why == EAGAIN) {
    return error{errc::io_failed, "it is in use: another process listens there; stop it or choose another path", "ipc://" + path};
  }
  errno = why;
  if (why != ECONNREFUSED && why != ENOENT) return failed(path, "a socket is there that cannot be tried");
  ::unlink(path.c_str());
  return {};
}

}  // namespace

result<ipc_listener> ipc_listener::open(std::string path, int backlog) {
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return error{errc::invalid_argument,
                 "the path has " + std::to_string(path.size()) + " bytes, a socket's may have " +
                     std::to_string(sizeof address.sun_path - 1) + "; choose a shorter one",
                 "ipc://" + path};
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (auto room = clear_stale(path, address); !room) return room.error();
  ipc_listener out{std::move(path), new_socket()};
  if (out.fd_ < 0) return failed(out.path_, "no socket can be made");
  // bind() gives the file the mode of the socket: nobody else can connect, not even for a moment.
  if (::fchmod(out.fd_, 0600) != 0) return failed(out.path_, "the socket cannot be made private");
  struct ::stat about {};
  if (::bind(out.fd_, generic(address), sizeof address) != 0) return failed(out.path_, "the socket cannot be bound");
  if (::stat(out.path_.c_str(), &about) == 0) {
    out.device_ = about.st_dev;
    out.inode_ = about.st_ino;
  }
  if (::listen(out.fd_, backlog) != 0) return failed(out.path_, "nobody can be let in");
  return out;
}

ipc_listener::ipc_listener(ipc_listener&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), device_(other.device_), inode_(std::exchange(other.inode_, 0)) {}

ipc_listener::~ipc_listener() {
  if (fd_ >= 0) ::close(fd_);
  struct ::stat about {};
  if (inode_ != 0 && ::lstat(path_.c_str(), &about) == 0 && about.st_ino == inode_ && about.st_dev == device_) ::unlink(path_.c_str());
}

int ipc_listener::release() noexcept { return std::exchange(fd_, -1); }

}  // namespace skein::bus
