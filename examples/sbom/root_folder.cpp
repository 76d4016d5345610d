#include "root_folder.hpp"

#include "text.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sbom {
namespace {

using skein::errc;
using skein::error;

/// As many as Linux itself follows in one path.
constexpr int links_max = 40;

error system_error(int number, std::string_view path) {
  bool const missing = number == ENOENT || number == ENOTDIR;
  return error{missing ? errc::not_found : errc::io_failed, std::generic_category().message(number), visible(path)};
}

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    auto const end = path.find('/');
    auto const part = path.substr(0, end);
    if (!part.empty() && part != ".") parts.emplace_back(part);
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
  }
  return parts;
}

std::string joined(std::vector<std::string> const& parts) {
  std::string path;
  for (auto const& part : parts) {
    if (!path.empty()) path += '/';
    path += part;
  }
  return path.empty() ? "." : path;
}

std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace

open_file::open_file(open_file&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}
open_file& open_file::operator=(open_file&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  return *this;
}
open_file::~open_file() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

skein::result<std::size_t> open_file::read(char* into, std::size_t size) {
  for (;;) {
    auto const count = ::read(descriptor_, into, size);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return system_error(errno, "");
  }
}

skein::result<root_folder> root_folder::open(std::string const& folder) {
  int const descriptor = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return system_error(errno, folder);
  return root_folder{std::shared_ptr<int const>{new int{descriptor}, [](int const* held) {
                                                  ::close(*held);
                                                  delete held;
                                                }}};
}

skein::result<std::string> root_folder::without_links(std::string_view path) const {
  auto const given = parts_of(path);
  std::deque<std::string> left{given.begin(), given.end()};
  std::vector<std::string> done;  // Holds no links, so that .. is its parent.
  int links = 0;
  while (!left.empty()) {
    auto const part = std::move(left.front());
    left.pop_front();
    if (part == "..") {
      if (!done.empty()) done.pop_back();
      continue;
    }
    done.push_back(part);
    std::array<char, PATH_MAX> buffer;
    auto const length = ::readlinkat(*descriptor_, joined(done).c_str(), buffer.data(), buffer.size());
    if (length < 0 && errno == EINVAL) continue;  // Not a link.
    if (length < 0) return system_error(errno, path);
    if (++links > links_max) return system_error(ELOOP, path);
    std::string_view const target{buffer.data(), static_cast<std::size_t>(length)};
    done.pop_back();
    if (target.starts_with('/')) done.clear();
    auto const further = parts_of(target);
    left.insert(left.begin(), further.begin(), further.end());
  }
  return joined(done);
}

skein::result<open_file> root_folder::open_regular(std::string_view path) const {
  if (path.find('\0') != std::string_view::npos) return system_error(ENOENT, path);
  auto const real = without_links(path);
  if (!real) return real.error();
  struct stat status {};
  if (::fstatat(*descriptor_, real->c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return system_error(errno, path);
  if (!S_ISREG(status.st_mode)) return error{errc::io_failed, "is " + std::string{kind_of(status.st_mode)} + ", not a file", visible(path)};
  // Should it become a pipe between the two calls, O_NONBLOCK keeps it from stopping us.
  int const descriptor = ::openat(*descriptor_, real->c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) return system_error(errno, path);
  return open_file{descriptor, static_cast<std::uint64_t>(status.st_size)};
}

skein::result<std::string> root_folder::read(std::string_view path, std::size_t bytes_max) const {
  auto file = open_regular(path);
  if (!file) return file.error();
  std::string content;
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    auto const count = file->read(buffer.data(), buffer.size());
    if (!count) return error{errc::io_failed, count.error().message(), visible(path)};
    if (*count == 0) return content;
    if (content.size() + *count > bytes_max) {
      return error{errc::too_large, "has more than " + std::to_string(bytes_max) + " bytes", visible(path)};
    }
    content.append(buffer.data(), *count);
  }
}

}  // namespace sbom
