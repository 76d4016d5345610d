// Compares the installed files of a package with the checksums that dpkg recorded.
#pragma once

#include "artifacts.hpp"
#include "dpkg.hpp"
#include "root_folder.hpp"

#include <functional>
#include <optional>

namespace sbom {

/// A value. Thread-safe.
class file_checker {
 public:
  file_checker(root_folder root, sample which);

  /// Blocks for the disk. Missing, changed and unreadable files are findings. Asks `stopped` between buffers; once it is true the answer
  /// is nullopt. Conffiles are left out: they are meant to be changed.
  [[nodiscard]] std::optional<file_check> check(package const& of, std::function<bool()> const& stopped) const;

 private:
  [[nodiscard]] recorded_files read_recorded(package const& of) const;

  root_folder root_;
  sample which_;
  diversions diversions_;
};

}  // namespace sbom
