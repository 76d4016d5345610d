// A folder that is looked at as a root file system: links in it lead to where they would lead if the system in it were running.
#pragma once

#include <skein/registry/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sbom {

/// An open file; closed on destruction.
class open_file {
 public:
  open_file(int descriptor, std::uint64_t size) noexcept : descriptor_(descriptor), size_(size) {}
  open_file(open_file&& other) noexcept;
  open_file& operator=(open_file&& other) noexcept;
  ~open_file();

  /// In bytes, when it was opened.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// The next bytes, at most `size`; 0 at the end. Blocks for the disk. errc::io_failed.
  [[nodiscard]] skein::result<std::size_t> read(char* into, std::size_t size);

 private:
  int descriptor_;
  std::uint64_t size_;
};

/// A value; copies share the open folder. Thread-safe.
class root_folder {
 public:
  /// errc::not_found, io_failed.
  [[nodiscard]] static skein::result<root_folder> open(std::string const& folder);

  /// Opens a regular file. `path` is relative to the root, with or without a leading slash. Absolute links start at the root, and ..
  /// ends there: nothing outside is ever opened. Never blocks on pipes and devices. errc::not_found; io_failed for everything else
  /// (no permission, no regular file, links in a circle), naming the reason.
  [[nodiscard]] skein::result<open_file> open_regular(std::string_view path) const;

  /// The content of a small file. As open_regular; too_large past `bytes_max`.
  [[nodiscard]] skein::result<std::string> read(std::string_view path, std::size_t bytes_max) const;

 private:
  explicit root_folder(std::shared_ptr<int const> descriptor) : descriptor_(std::move(descriptor)) {}
  [[nodiscard]] skein::result<std::string> without_links(std::string_view path) const;

  std::shared_ptr<int const> descriptor_;
};

}  // namespace sbom
