// A topology file: a hub and the workers that it starts, in TOML. docs/operations.md describes every key.
#pragma once

#include "hub_service.hpp"

#include <skein/orchestrator/launch.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace skein::cli {

struct topology {
  hub_service_options hub;
  std::vector<launch_options> workers;
  std::vector<std::string> wait_for;                              ///< Agents that must be served before the hub is ready.
  std::chrono::nanoseconds wait_timeout = std::chrono::seconds{30};
};

/// Reads the text of a file. errc::invalid_argument naming line and key, for what is no TOML, unknown keys and values that can't be right.
[[nodiscard]] result<topology> parse_topology(std::string_view text, std::string const& file);

}  // namespace skein::cli
