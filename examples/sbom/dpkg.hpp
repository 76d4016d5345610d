// dpkg's database: which packages are installed, which bytes their files should have, and which files were moved aside.
#pragma once

#include "artifacts.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sbom {

inline constexpr std::string_view status_path = "var/lib/dpkg/status";
inline constexpr std::string_view diversions_path = "var/lib/dpkg/diversions";

/// What the status database says.
struct status_database {
  std::vector<package> packages;    ///< Installed ones, sorted by id.
  std::size_t not_installed = 0;    ///< Removed ones of which something is left, and those that dpkg only knows by name.
  std::vector<finding> findings;    ///< Lines that break the format, stanzas that lack a field; each names its line.
};

/// Reads the text of var/lib/dpkg/status. Never fails: what cannot be read is a finding.
[[nodiscard]] status_database parse_status(std::string_view text);

/// Where a package's checksums may be, below the root: the first that is there counts.
[[nodiscard]] std::vector<std::string> md5sums_paths(package const& of);

struct recorded_file {
  std::string path;   ///< Relative to the root; raw bytes.
  std::string md5;    ///< 32 lower-case hex digits.
};

struct recorded_files {
  std::vector<recorded_file> files;   ///< Sorted by path, each once.
  std::vector<finding> findings;
};

/// Reads the text of a md5sums file; `name` is what findings call it.
[[nodiscard]] recorded_files parse_md5sums(std::string_view text, std::string_view name);

/// Files that one package took from another (dpkg-divert). Paths have no leading slash.
class diversions {
 public:
  diversions() = default;
  /// Reads the text of var/lib/dpkg/diversions: three lines each, from, to, and who; an incomplete rest is ignored.
  explicit diversions(std::string_view text);
  /// Where the file of `package_name` recorded as `path` is.
  [[nodiscard]] std::string const& place_of(std::string const& path, std::string_view package_name) const;

 private:
  struct diversion {
    std::string to, by;   // by ":" = the administrator
  };
  std::map<std::string, diversion, std::less<>> moved_;
};

}  // namespace sbom
