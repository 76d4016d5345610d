#include <skein/bus/artifact.hpp>

#include <algorithm>

namespace skein::bus {

namespace {

inline void renew(std::string& text) noexcept {
  constexpr std::size_t usual = 256;
  if (text.capacity() > usual) [[unlikely]] text = std::string{};
  text.clear();
}

}  // namespace

bool may_see(artifact_data const& artifact, std::string_view agent, agent_rules const& rules) noexcept {
  if (!artifact.visible_to) return true;
  auto const& only = *artifact.visible_to;
  auto const among = [](auto const& all, auto const& one) { return std::find(all.begin(), all.end(), one) != all.end(); };
  if (!only.agents.empty() && !among(only.agents, agent)) return false;
  if (!only.tenant.empty() && only.tenant != rules.tenant) return false;
  return std::all_of(only.labels.begin(), only.labels.end(), [&](auto const& label) { return among(rules.labels, label); });
}

void renew(artifact_data& one) noexcept {
  one.id = {};
  one.seq = 0;
  renew(one.type);
  one.version = 1;
  one.payload = {};
  renew(one.produced_by);
  one.run = {};
  renew(one.correlation);
  one.cause = {};
  one.tags.clear();
  one.visible_to.reset();
  one.context = {};
  one.headers.reset();
  one.created_at = {};
  one.routed = true;
}

}  // namespace skein::bus
