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
    if (!sub->hosts.empty()) at = sub->hosts.front()->key;
  }
  for (auto const& [no, a] : activations) {
    if (a.host != 0 && a.sub->row.agent == in.agent) at = a.host;
  }
  if (!is_known) return error{errc::not_found, "no agent of this name has ever been offered; `skein bus agents` lists those that are known", in.agent};
  if (at == 0) return std::nullopt;
  return error{errc::misuse, "the host \"" + hosts.at(at).name + "\" serves this agent; stop it first", in.agent};
}

/// Those that compete with the agent for this work keep it.
void blackboard::state::leave_to_others(activation& a, std::string const& agent) {
  bool const has_others = a.any_taker([&](subscription const& sub) { return sub.row.agent != agent; });
  if (!has_others) return;
  std::vector<subscription const*> gone;
  for (auto const* sub : a.rivals) {
    if (sub->row.agent == agent) gone.push_back(sub);
  }
  for (auto const* sub : gone) withdraw(a, *sub);
  record(a);
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
  expire_undescribed(in.agent);
  if (auto const found = by_agent.find(in.agent); found != by_agent.end()) by_agent.erase(found);

  std::vector<activation_no> open;
  for (auto const& [no, a] : activations) {
    if (a.any_taker([&](subscription const& sub) { return sub.row.agent == in.agent; })) open.push_back(no);
  }
  std::sort(open.begin(), open.end());
  std::uint64_t dropped = 0;
  for (auto const no : open) {
    activation& a = activations.at(no);
    leave_to_others(a, in.agent);
    if (a.sub->row.agent != in.agent) continue;
    cast_off(a);
    ++dropped;
  }
  out->replies.emplace_back(reply::settled{in.reply_to, dropped});
}

}  // namespace skein::bus
