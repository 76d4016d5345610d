// What an agent must be like before a host offers it.
#pragma once

#include <skein/registry/agent_descriptor.hpp>
#include <skein/registry/error.hpp>

#include <string_view>

namespace skein::agents {

/// Names of agents and hosts: 1 to 255 printable ASCII characters without spaces.
[[nodiscard]] bool is_name(std::string_view text) noexcept;

/// errc::invalid_argument: the name, max_concurrency or retry.attempts_max cannot be right.
[[nodiscard]] result<void> check_agent(agent_descriptor const& what);

}  // namespace skein::agents
