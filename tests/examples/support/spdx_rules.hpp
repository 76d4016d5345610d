// What the SPDX 2.3 JSON schema and the specification ask of a document, as far as the program uses it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sbom::testing {

/// Everything in `text` that breaks a rule, one sentence each.
/// Source: schemas/spdx-schema.json of SPDX 2.3, and the clauses named in the sentences.
[[nodiscard]] std::vector<std::string> spdx_violations(std::string_view text);

}  // namespace sbom::testing
