// Agents that nobody will start again: their subscriptions would collect work for ever.
#include "blackboard_state.hpp"

#include <algorithm>

namespace skein::bus {

std::optional<error> blackboard::state::objection(input::forget_agent const& in) const {
  bool is_known = false;
  host_key at = 0;
  for (auto const& sub : subscriptions) {
    if (sub->row.no == 0 || sub->row.agent != in.agent) continue;
    is_known = true;
    if (!sub->hosts.empty()) at = sub->hosts.front();
  }
  for (auto const& [no, a] : activations) {
    if (a.host != 0 && a.sub->row.agent == in.agent) at = a.host;
  }
  if (!is_known) return error{errc::not_found, "no agent of this name has ever been offered; `skein bus agents` lists those that are known", in.agent};
  if (at == 0) return std::nullopt;
  return error{errc::misuse, "the host \"" + hosts.at(at).name + "\" serves this agent; stop it first", in.agent};
}

void blackboard::state::on(input::forget_agent&& in) {
  if (auto why = objection(in)) {
    out->replies.emplace_back(reply::refused{in.reply_to, std::move(*why)});
    return;
  }
  for (auto const& sub : subscriptions) {
    if (sub->row.agent != in.agent) continue;
    sub->expected_until = {};
    if (sub->active) retire(*sub);
  }
  if (auto const found = by_agent.find(in.agent); found != by_agent.end()) by_agent.erase(found);

  std::vector<activation_no> open;
  for (auto const& [no, a] : activations) {
    if (a.sub->row.agent == in.agent) open.push_back(no);
  }
  std::sort(open.begin(), open.end());
  for (auto const no : open) cast_off(activations.at(no));
  out->replies.emplace_back(reply::settled{in.reply_to, open.size()});
}

}  // namespace skein::bus
