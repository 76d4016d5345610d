// The inventory as an SPDX 2.3 document in JSON (https://spdx.github.io/spdx-spec/v2.3/).
#pragma once

#include "artifacts.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace sbom {

/// The same bytes for the same arguments: `components` must be sorted by package id. The document describes the system, which contains
/// one package each; findings are annotations. No package lists its files, so that none has a verification code (filesAnalyzed is
/// false). The document's namespace is derived from its content.
[[nodiscard]] std::string spdx_document(document_order const& order, std::vector<component> const& components, std::chrono::sys_seconds created);

}  // namespace sbom
