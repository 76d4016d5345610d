// usr/share/doc/<package>/copyright: which licences a package is under.
#pragma once

#include "artifacts.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sbom {

/// What a copyright file says, as an SPDX licence expression; empty when it names no licence that a program can read.
struct copyright_facts {
  std::string expression;
  std::vector<custom_licence> custom;
  std::vector<finding> findings;
};

/// Reads a machine-readable file (https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/) by the License fields of its header
/// and its Files stanzas; any other by its references to /usr/share/common-licenses. Never fails: what is unclear is a finding.
/// `path` is what findings call the file.
[[nodiscard]] copyright_facts parse_copyright(std::string_view text, std::string_view path);

}  // namespace sbom
