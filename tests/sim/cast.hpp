// The agents of a simulation: the old mix, and those that each rule brings.
#pragma once

#include "scenario.hpp"

#include <string>
#include <vector>

namespace skein::sim {

/// The agents of the host inside the hub; `grown` with the one that is added while it runs.
[[nodiscard]] std::vector<agent_descriptor> local_agents(rule_set const& rules, bool grown);
/// The agents of remote host `index`.
[[nodiscard]] std::vector<agent_descriptor> remote_agents(rule_set const& rules, std::size_t index, bool grown);
/// Every agent that may take part in a seed with these rules.
[[nodiscard]] std::vector<agent_descriptor const*> cast_of(rule_set const& rules);
/// Of all that there are.
[[nodiscard]] agent_descriptor const& agent_named(std::string const& name);

/// Whether the hub itself evaluates the predicates of this agent.
[[nodiscard]] bool is_local(std::string const& agent);
/// How likely a handler of the agent fails: for those with a breaker, more than usual.
[[nodiscard]] double failing_of(std::string const& agent, double usual);

}  // namespace skein::sim
