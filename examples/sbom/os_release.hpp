// What system it is: etc/os-release (os-release(5)).
#pragma once

#include "root_folder.hpp"

#include <string>

namespace sbom {

struct system_name {
  std::string name;   ///< PRETTY_NAME, or what stands in for it.
  std::string id;     ///< ID; `debian` when there is none: it has dpkg.
};

/// Never fails: a system without the file has a name too.
[[nodiscard]] system_name read_os_release(root_folder const& root);

}  // namespace sbom
