#include "backup_ledger.hpp"

#include <skein/registry/unique_fd.hpp>

#include <skein/tracing/sqlite.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace skein {

namespace {

result<std::uint64_t> copy_into(std::string const& ledger, std::string const& copy, int fd) {
  auto file = sqlite::database::open(ledger, sqlite::open_mode::read_only);
  if (!file) return file.error();
  auto statement = file->prepare("VACUUM INTO ?1");
  if (!statement) return statement.error();
  statement->bind(1, std::string_view{copy});
  if (auto const done = statement->run(); !done) return done.error();
  struct stat info {};
  if (::fsync(fd) != 0 || ::fstat(fd, &info) != 0) return error{errc::io_failed, "cannot write: " + std::generic_category().message(errno), copy};
  return static_cast<std::uint64_t>(info.st_size);
}

}  // namespace

result<std::uint64_t> backup_ledger(std::string const& ledger, std::string const& copy) {
  // SQLite writes into an empty file that it finds; making it here keeps others from reading it and settles that nothing is replaced.
  unique_fd const made{::open(copy.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (!made && errno == EEXIST) return error{errc::invalid_argument, "there is a file of this name; a backup replaces none", copy};
  if (!made) return error{errc::io_failed, "cannot make the file: " + std::generic_category().message(errno), copy};
  auto size = copy_into(ledger, copy, made.get());
  std::error_code ignored;
  if (!size) std::filesystem::remove(copy, ignored);
  return size;
}

}  // namespace skein
