// Small programs whose traces are golden: each adds its agents to a hub and drives it.
#pragma once

#include <skein/skein.hpp>

#include <string>
#include <vector>

namespace skein::golden {

struct scenario {
  std::string name;                        ///< Also of the file with the expected text.
  void (*run)(orchestrator& hub);
};

[[nodiscard]] std::vector<scenario> const& scenarios();

}  // namespace skein::golden
