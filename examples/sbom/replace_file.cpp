#include "replace_file.hpp"

#include "text.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sbom {
namespace {

skein::error cannot(std::string_view path, int number) {
  return skein::error{skein::errc::io_failed, "cannot be written: " + std::generic_category().message(number) + "; pass another --output",
                      visible(path)};
}

/// errno, or 0.
int write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    auto const count = ::write(descriptor, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

/// errno, or 0. A file system may report at close what it could not write before.
int close_after(int descriptor, int failure) {
  int const closed = ::close(descriptor) == 0 ? 0 : errno;
  return failure != 0 ? failure : closed;
}

int write_directly(std::string const& path, std::string_view content) {
  int const descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  return close_after(descriptor, write_all(descriptor, content));
}

int write_and_rename(std::string const& path, std::string_view content) {
  auto const temporary = path + '.' + std::to_string(::getpid()) + ".tmp";
  int const descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (descriptor < 0) return errno;
  int failure = write_all(descriptor, content);
  if (failure == 0 && ::fsync(descriptor) != 0) failure = errno;
  failure = close_after(descriptor, failure);
  if (failure == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) failure = errno;
  if (failure != 0) ::unlink(temporary.c_str());
  return failure;
}

/// Where a link leads: the file that it names is to be replaced, not the link.
std::string target_of(std::string const& path) {
  std::error_code missing;
  auto const target = std::filesystem::canonical(path, missing);
  return missing ? path : target.string();
}

}  // namespace

skein::result<void> replace_file(std::string const& path, std::string_view content) {
  struct stat present {};
  bool const special = ::stat(path.c_str(), &present) == 0 && !S_ISREG(present.st_mode) && !S_ISDIR(present.st_mode);
  int const failure = special ? write_directly(path, content) : write_and_rename(target_of(path), content);
  if (failure != 0) return cannot(path, failure);
  return {};
}

}  // namespace sbom
