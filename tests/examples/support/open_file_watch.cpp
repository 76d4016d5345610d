#include "open_file_watch.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include <sys/inotify.h>
#include <unistd.h>

namespace sbom::testing {

namespace fs = std::filesystem;

namespace {

bool has_open(fs::path const& process, std::string const& path) {
  std::error_code gone;   // processes and their files come and go meanwhile
  for (fs::directory_iterator at{process / "fd", gone}, end; !gone && at != end; at.increment(gone)) {
    std::error_code closed;
    if (fs::read_symlink(at->path(), closed) == path && !closed) return true;
  }
  return false;
}

}  // namespace

open_file_watch::open_file_watch(std::string path) : path_(std::move(path)), inotify_(::inotify_init1(IN_CLOEXEC)) {
  if (inotify_ < 0 || ::inotify_add_watch(inotify_, path_.c_str(), IN_ACCESS) < 0) throw std::runtime_error{path_ + " cannot be watched"};
}

open_file_watch::~open_file_watch() { ::close(inotify_); }

pid_t open_file_watch::reader() const {
  alignas(inotify_event) char events[4096];
  while (::read(inotify_, events, sizeof events) < 0) {
    if (errno != EINTR) throw std::runtime_error{path_ + " cannot be watched"};
  }
  for (auto const& process : fs::directory_iterator{"/proc"}) {
    auto const pid = std::atoi(process.path().filename().c_str());
    if (pid > 0 && has_open(process.path(), path_)) return pid;
  }
  throw std::runtime_error{"nobody has " + path_ + " open"};
}

}  // namespace sbom::testing
