// What an agent must be like before a host offers it.
#pragma once

#include <skein/registry/agent_descriptor.hpp>
#include <skein/registry/error.hpp>

#include <string_view>

namespace skein {

class agent;

namespace agents {

/// Names of agents and hosts: 1 to 255 printable ASCII characters without spaces.
[[nodiscard]] bool is_name(std::string_view text) noexcept;

/// errc::invalid_argument: something in the name, the limits, the rules or a subscription cannot be right; the message names it and the way out.
[[nodiscard]] result<void> check_agent(agent_descriptor const& what);
/// The same of an agent with its code: also what its builder found, subscriptions without a handler, and best_of.
[[nodiscard]] result<void> check_agent(agent const& what);
/// The same of an agent that runs in another process than its hub: also lambdas where only the hub could ask them (groups and batches).
[[nodiscard]] result<void> check_remote_agent(agent const& what);

}  // namespace agents
}  // namespace skein
