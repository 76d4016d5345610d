#include "schedule_books.hpp"

namespace skein::sim {

using namespace bus;

void schedule_books::starts(timestamp now, agent_descriptor const& agent, activation_no no) {
  auto const& breaker = agent.rules.breaker;
  auto const& rate = agent.rules.rate;
  if (breaker.failures == 0 && rate.activations == 0) return;
  entry& of = agents_[agent.name];
  if (of.breaker == entry::open) {
    if (now < of.open_until) throw violation{"an attempt of " + agent.name + " started while its breaker was open"};
    of.breaker = entry::half_open;
    of.trial = 0;
  }
  if (of.breaker == entry::half_open) {
    if (of.trial != 0) throw violation{"a second attempt of " + agent.name + " started while its breaker was half open"};
    of.trial = no;
  }
  if (rate.activations == 0) return;
  while (!of.starts.empty() && of.starts.front() + rate.per <= now) of.starts.pop_front();
  of.starts.push_back(now);
  if (of.starts.size() > rate.activations) throw violation{std::to_string(of.starts.size()) + " attempts of " + agent.name + " started within its rate's time"};
}

void schedule_books::succeeds(agent_descriptor const& agent, activation_no no) {
  if (agent.rules.breaker.failures == 0) return;
  entry& of = agents_[agent.name];
  if (of.breaker == entry::closed) of.in_a_row = 0;
  if (of.breaker == entry::half_open && of.trial == no) of = {entry::closed, 0, {}, 0, std::move(of.starts)};
}

void schedule_books::fails(timestamp now, agent_descriptor const& agent, activation_no no) {
  auto const& breaker = agent.rules.breaker;
  if (breaker.failures == 0) return;
  entry& of = agents_[agent.name];
  bool const opens = of.breaker == entry::closed ? ++of.in_a_row >= breaker.failures : of.breaker == entry::half_open && of.trial == no;
  if (!opens) return;
  ++opened_;
  of.breaker = entry::open;
  of.open_until = now + breaker.open_for;
  of.trial = 0;
}

void schedule_books::ends(agent_descriptor const& agent, activation_no no) {
  if (auto const found = agents_.find(agent.name); found != agents_.end() && found->second.trial == no) found->second.trial = 0;
}

bool schedule_books::may_start(timestamp now, agent_descriptor const& agent) const {
  auto const found = agents_.find(agent.name);
  if (found == agents_.end()) return true;
  entry const& of = found->second;
  if (of.breaker == entry::open && now < of.open_until) return false;
  if (of.breaker == entry::half_open && of.trial != 0) return false;
  auto const& rate = agent.rules.rate;
  if (rate.activations == 0) return true;
  std::size_t recent = 0;
  for (auto const at : of.starts) recent += at + rate.per > now ? 1 : 0;
  return recent < rate.activations;
}

}  // namespace skein::sim
