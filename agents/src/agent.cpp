#include <skein/agents/agent.hpp>

#include <algorithm>

namespace skein {

agent& agent::add(subscription_descriptor which, std::function<bool(bus::artifact_data const&)> predicate, artifact_type const& type,
                  agents::handler handler) {
  which.ordinal = static_cast<std::uint32_t>(reactions_.size());
  descriptor_.subscriptions.push_back(std::move(which));
  reactions_.push_back({std::move(predicate), std::move(handler)});
  types_.push_back(&type);
  return *this;
}

void agent::add_output(artifact_type const& type) {
  auto& declared = descriptor_.publishes;
  if (std::find(declared.begin(), declared.end(), type.name) == declared.end()) declared.emplace_back(type.name);
  types_.push_back(&type);
}

bool artifact_filter::accepts(bus::artifact_data const& meta) const {
  if (!produced_by.empty() && meta.produced_by != produced_by) return false;
  if (!correlation_id.empty() && meta.correlation != correlation_id) return false;
  if (!run.empty() && meta.run != run) return false;
  if (tagged.empty()) return true;
  return std::any_of(tagged.begin(), tagged.end(),
                     [&](auto const& tag) { return std::find(meta.tags.begin(), meta.tags.end(), tag) != meta.tags.end(); });
}

}  // namespace skein
