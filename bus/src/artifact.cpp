#include <skein/bus/artifact.hpp>

#include <algorithm>

namespace skein::bus {

bool may_see(artifact_data const& artifact, std::string_view agent, agent_rules const& rules) noexcept {
  if (!artifact.visible_to) return true;
  auto const& only = *artifact.visible_to;
  auto const among = [](auto const& all, auto const& one) { return std::find(all.begin(), all.end(), one) != all.end(); };
  if (!only.agents.empty() && !among(only.agents, agent)) return false;
  if (!only.tenant.empty() && only.tenant != rules.tenant) return false;
  return std::all_of(only.labels.begin(), only.labels.end(), [&](auto const& label) { return among(rules.labels, label); });
}

}  // namespace skein::bus
