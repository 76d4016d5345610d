// The run: from dpkg's status database to the SPDX document.
#pragma once

#include "artifacts.hpp"
#include "progress.hpp"

#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>

namespace sbom {

struct inventory_options {
  std::string root = "/";
  std::string output = "sbom.spdx.json";
  sample hashed = {};
  std::size_t packages_max = 0;           ///< 0: all.
  std::optional<unsigned> threads = {};   ///< That run handlers; none: one for each core.
  unsigned workers = 0;                   ///< Processes that hash files; 0: this one does.
  std::chrono::sys_seconds created = {};
};

/// Takes the inventory; `out` gets the summary, the slowest agents and the folded trace. Throws `interrupted` when SIGINT or SIGTERM came
/// before the document was written: nothing is written then, the run is `cancelled`, and `out` gets what was found. A second signal ends
/// the process. Throws std::exception when the inventory cannot be taken or written. One at a time in a process; blocks.
void take_inventory(inventory_options const& options, progress& seen, std::ostream& out);

}  // namespace sbom
