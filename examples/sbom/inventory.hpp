// The run: from dpkg's status database to the SPDX document.
#pragma once

#include "artifacts.hpp"
#include "watcher.hpp"

#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <optional>
#include <stop_token>
#include <string>

namespace sbom {

struct inventory_options {
  std::string root = "/";
  std::string output = "sbom.spdx.json";
  sample hashed = {};
  std::size_t packages_max = 0;           ///< 0: all.
  std::optional<unsigned> threads = {};   ///< That run handlers; none: one for each core.
  std::chrono::sys_seconds created = {};
};

/// Takes the inventory; `out` gets the summary, the slowest agents and the folded trace. Throws `interrupted` when `stop` was requested
/// before the document was written: nothing is written then, the trace says so, and `out` gets what was found.
/// Throws std::exception when the inventory cannot be taken or written.
void take_inventory(inventory_options const& options, std::stop_token const& stop, progress& seen, std::ostream& out);

}  // namespace sbom
