// Debian's licence names as SPDX licence expressions.
#pragma once

#include "artifacts.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sbom {

/// An SPDX licence expression (SPDX 2.3, annex D) by its outermost operator, and the LicenseRef-… in it.
struct licence_expression {
  enum class shape : std::uint8_t { all, any };   ///< AND, OR; one operand is the same either way.

  std::vector<std::string> operands;   ///< Sorted, each once; in parentheses where they must be.
  shape outermost = shape::all;
  std::vector<custom_licence> custom;

  [[nodiscard]] std::string text() const;
};

/// The first line of a License field of a machine-readable copyright file: `GPL-2+ or Artistic, and BSD-3-clause`. Names without an
/// SPDX identifier become LicenseRef-…; nullopt when it is prose instead of names.
/// Source: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/ (License specification).
[[nodiscard]] std::optional<licence_expression> from_debian(std::string_view synopsis);

/// A file of /usr/share/common-licenses. `Apache-2.0` is an SPDX identifier; `GPL-2` is not: whether later versions count is said in
/// the text that refers to it, so it becomes LicenseRef-common-licenses-GPL-2.
[[nodiscard]] licence_expression from_common_licence(std::string_view file_name);

/// All of them, or any of them; without operands when there are no parts.
[[nodiscard]] licence_expression joined(std::vector<licence_expression> const& parts, licence_expression::shape how);

}  // namespace sbom
