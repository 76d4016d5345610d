#include <skein/tracing/owner_lock.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>
#include <utility>

namespace skein {
namespace {

std::string lock_path(std::string const& path) { return path + ".lock"; }

std::string system_text(int code) { return std::generic_category().message(code); }

std::string this_boot() {
  std::string id;
  std::ifstream{"/proc/sys/kernel/random/boot_id"} >> id;
  return id;
}

// pid, boot id and control socket, one a line.
std::string describe_self(std::string const& control_socket) {
  return std::to_string(::getpid()) + '\n' + this_boot() + '\n' + control_socket + '\n';
}

lock_owner read_owner(int fd) {
  char buffer[4096];
  auto const size = ::pread(fd, buffer, sizeof buffer, 0);
  std::string_view rest{buffer, size > 0 ? static_cast<std::size_t>(size) : 0};
  auto const line = [&rest] {
    auto const end = std::min(rest.find('\n'), rest.size());
    auto const text = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return text;
  };
  lock_owner owner;
  auto const pid = line();
  std::from_chars(pid.data(), pid.data() + pid.size(), owner.pid);
  owner.boot_id = line();
  owner.control_socket = line();
  return owner;
}

// True when the lock was taken, false when somebody holds it, an error otherwise.
result<bool> try_lock(int fd, int operation, std::string const& path) {
  // owner_of() holds a shared lock for some microseconds; that is not an owner, so a refusal is believed only when it stays.
  constexpr int attempts_max = 50;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    if (::flock(fd, operation | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return error{errc::io_failed, "cannot lock: " + system_text(errno) + "; use a file system that has file locks", lock_path(path)};
    }
    std::this_thread::yield();
  }
  return false;
}

error locked_error(std::string const& path, lock_owner const& owner) {
  std::string who = "another process";
  if (owner.pid == ::getpid()) {
    who = "this process (pid " + std::to_string(owner.pid) + ")";
  } else if (owner.pid != 0) {
    who = "process " + std::to_string(owner.pid);
  }
  return error{errc::locked, "it is in use by " + who + "; stop that one or use another file", path};
}

// Best effort: the lock is what counts, its text only serves messages (and a full disk must not stop a reader of old traces).
void write_owner(int fd, std::string const& text) noexcept {
  if (::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size())) {
    [[maybe_unused]] auto const cut = ::ftruncate(fd, static_cast<off_t>(text.size()));
  }
}

}  // namespace

owner_lock::owner_lock(owner_lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

owner_lock& owner_lock::operator=(owner_lock&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

owner_lock::~owner_lock() {
  // The file stays: deleting it would let two processes lock two different files of one name.
  if (fd_ >= 0) ::close(fd_);
}

result<owner_lock> owner_lock::acquire(std::string const& path, std::string const& control_socket) {
  auto const folder = std::filesystem::path{path}.parent_path();
  std::error_code failed;
  if (!folder.empty()) std::filesystem::create_directories(folder, failed);
  if (failed) {
    return error{errc::io_failed, "cannot make the folder: " + failed.message() + "; make its parent writable or use another path", folder};
  }
  owner_lock lock;
  lock.fd_ = ::open(lock_path(path).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock.fd_ < 0) {
    return error{errc::io_failed, "cannot open the lock file: " + system_text(errno) + "; make the folder writable or use another path",
                 lock_path(path)};
  }
  auto const taken = try_lock(lock.fd_, LOCK_EX, path);
  if (!taken) return taken.error();
  if (!*taken) return locked_error(path, read_owner(lock.fd_));
  write_owner(lock.fd_, describe_self(control_socket));
  return lock;
}

result<lock_owner> owner_lock::owner_of(std::string const& path) {
  owner_lock probe;
  probe.fd_ = ::open(lock_path(path).c_str(), O_RDONLY | O_CLOEXEC);
  if (probe.fd_ < 0 && errno == ENOENT) return error{errc::not_found, "nobody holds its lock", path};
  if (probe.fd_ < 0) return error{errc::io_failed, "cannot open the lock file: " + system_text(errno), lock_path(path)};
  auto const free = try_lock(probe.fd_, LOCK_SH, path);
  if (!free) return free.error();
  if (*free) return error{errc::not_found, "nobody holds its lock", path};
  return read_owner(probe.fd_);
}

}  // namespace skein
