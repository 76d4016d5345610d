// What the inventory found, in a few lines for people.
#pragma once

#include "artifacts.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sbom {

/// Counts, then the findings of each kind; of many the first few. Ends with a line end.
[[nodiscard]] std::string summary(document_order const& order, std::vector<component> const& components);

/// `512 B`, `1.5 MB`.
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

}  // namespace sbom
