// A folder for a socket that nobody else may reach.
#pragma once

#include <filesystem>

namespace sbom {

/// A new folder with mode 0700 where temporary files go (TMPDIR), or in /tmp when the path would be too long for a socket's. Deleted at
/// the end with all that is in it.
class private_folder {
 public:
  /// Throws std::system_error.
  private_folder();
  private_folder(private_folder const&) = delete;
  private_folder& operator=(private_folder const&) = delete;
  ~private_folder();

  [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace sbom
