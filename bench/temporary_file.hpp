// A database file of one benchmark, in TMPDIR: bench/run puts it on the disk that holds the build.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

#include <unistd.h>

namespace bench {

/// A path that no other process uses. Whatever is there is removed before and after.
class temporary_file {
 public:
  explicit temporary_file(std::string const& name)
      : path_(std::filesystem::temp_directory_path() / (name + "_" + std::to_string(::getpid()) + ".db")) {
    clear();
  }
  ~temporary_file() { clear(); }
  temporary_file(temporary_file const&) = delete;
  temporary_file& operator=(temporary_file const&) = delete;

  [[nodiscard]] std::string path() const { return path_.string(); }
  [[nodiscard]] std::uintmax_t size() const { return std::filesystem::file_size(path_); }
  /// Removes the file, SQLite's companions and Skein's lock. It must be closed.
  void clear() const noexcept {
    for (auto const* end : {"", "-wal", "-shm", ".lock"}) {
      std::error_code ignored;
      std::filesystem::remove(path_.string() + end, ignored);
    }
  }

 private:
  std::filesystem::path path_;
};

}  // namespace bench
