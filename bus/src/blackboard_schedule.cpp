// When work may start: who is paused, and what the board counts as blocked or delayed.
#include "blackboard_state.hpp"

#include <algorithm>
#include <utility>

namespace skein::bus {

agent_entity& blackboard::state::agent_of(std::string const& name) {
  auto found = agents_by_name.find(name);
  if (found == agents_by_name.end()) {
    found = agents_by_name.emplace(name, std::make_unique<agent_entity>()).first;
    found->second->name = name;
    found->second->index = agents_in_order.size();
    agents_in_order.push_back(found->second.get());
  }
  return *found->second;
}

bool blackboard::state::is_paused(activation const& a) const noexcept {
  return is_run_paused(a) || !a.any_taker([](subscription const& sub) { return !sub.agent->paused; });
}

std::string_view blackboard::state::why_blocked(activation const& a) const noexcept {
  if (is_run_paused(a)) return "the run is paused";
  return is_paused(a) ? "paused" : "no host serves this subscription";
}

bool blackboard::state::is_delayed(agent_entity const& agent) const noexcept {
  using breaker = agent_entity::breaker_state;
  return agent.breaker == breaker::open || (agent.breaker == breaker::half_open && agent.trial != 0) || agent.delayed_until != timestamp{};
}

bool blackboard::state::is_delayed(activation const& a) const noexcept {
  return !a.any_taker([this](subscription const& sub) { return sub.takes_work() && !is_delayed(*sub.agent); });
}

// An agent may be held up and let go again with every start while a long queue waits for it. So what waits is counted by agent, and only
// activations that several may take carry a mark of their own.
void blackboard::state::count_ready(activation& a) {
  if (is_blocked(a)) {
    a.counted = activation::counting::blocked;
    ++counters.blocked;
    a.each_run([](run_state& run) { ++run.blocked; });
  } else if (a.rivals.empty()) {
    a.counted = activation::counting::waiting;
    ++a.sub->agent->waiting;
    if (a.sub->agent->held_up) ++counters.delayed;
  } else if (!a.any_taker([](subscription const& sub) { return sub.takes_work() && !sub.agent->held_up; })) {
    a.counted = activation::counting::delayed;
    ++counters.delayed;
  }
}

void blackboard::state::uncount_ready(activation& a) {
  switch (std::exchange(a.counted, activation::counting::none)) {
    case activation::counting::none: break;
    case activation::counting::blocked:
      --counters.blocked;
      a.each_run([](run_state& run) { --run.blocked; });
      break;
    case activation::counting::waiting:
      --a.sub->agent->waiting;
      if (a.sub->agent->held_up) --counters.delayed;
      break;
    case activation::counting::delayed: --counters.delayed; break;
  }
}

void blackboard::state::shift(agent_entity& agent) {
  if (std::exchange(agent.shifted, true)) return;
  shifted.push_back(&agent);
}

void blackboard::state::settle_all_shifted() {
  for (auto* agent : shifted) {
    agent->shifted = false;
    bool const holds = is_delayed(*agent);
    if (holds == agent->held_up) continue;
    agent->held_up = holds;
    holds ? counters.delayed += agent->waiting : counters.delayed -= agent->waiting;
    for (auto const* sub : agent->subs) {
      if (!sub->is_exclusive) continue;
      for (auto no : sub->ready) {
        if (auto* const found = activations.find(no)) assess(*found);
      }
    }
  }
  shifted.clear();
}

void blackboard::state::recheck(agent_entity& agent) {
  for (auto* sub : agent.subs) set_served(*sub);
}

void blackboard::state::recheck(run_state& run) {
  std::vector<activation_no> concerned;
  for (auto const& [no, a] : activations) {
    bool const is_of_it = a.run == &run || std::find(a.other_runs.begin(), a.other_runs.end(), &run) != a.other_runs.end();
    if (is_of_it && a.row.state == activation_state::ready) concerned.push_back(no);
  }
  // What was put aside goes back to the front of the queues, the oldest first.
  std::sort(concerned.rbegin(), concerned.rend());
  std::set<subscription_no> takers;
  for (auto no : concerned) {
    activation& a = activations.at(no);
    assess(a);
    if (!a.parked || is_run_paused(a)) continue;
    a.parked = false;
    (void)a.any_taker([&](subscription& sub) {
      sub.ready.push_front(no);
      takers.insert(sub.row.no);
      return false;
    });
  }
  for (auto no : takers) queue(*subscriptions[no - 1]);
}

void blackboard::state::queue_all(agent_entity& agent) {
  for (auto* sub : agent.subs) queue(*sub);
}

}  // namespace skein::bus
