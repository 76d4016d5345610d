// What an agent asks for: its breaker, its rate, and the deadlines of its attempts.
#include "blackboard_state.hpp"

#include <skein/tracing/elapsed.hpp>

namespace skein::bus {

namespace {

using breaker_state = agent_entity::breaker_state;

/// Whatever an agent asks for: times must stay representable.
timestamp after(timestamp at, std::chrono::nanoseconds by) noexcept { return by > timestamp::max() - at ? timestamp::max() : at + by; }

due_timer due_of(agent_entity const& agent, timestamp at) noexcept { return {at, due_timer::kind::agent, agent.index}; }
due_timer due_of(activation const& a) noexcept { return {a.due, due_timer::kind::deadline, a.row.no}; }

std::string quoted(std::string const& agent) { return "the agent \"" + agent + '"'; }

}  // namespace

void blackboard::state::set_rules(agent_entity& agent, agent_rules const& rules) {
  if (agent.rules == rules) return;
  bool const is_same_breaker = agent.rules.breaker == rules.breaker;
  agent.rules = rules;
  agent.is_paced = rules.deadline.count() > 0 || rules.breaker.failures > 0 || rules.rate.activations > 0;
  if (!is_same_breaker) {
    dues.erase(due_of(agent, agent.open_until));
    agent.breaker = breaker_state::closed;
    agent.failures_in_a_row = 0;
    agent.trial = 0;
  }
  pace(agent);
  queue_all(agent);
}

// ---- the rate ----

/// When the next start is allowed: any `per` that ends at this moment or later has at most so many starts.
void blackboard::state::pace(agent_entity& agent) {
  auto const& rate = agent.rules.rate;
  if (agent.delayed_until != timestamp{}) dues.erase(due_of(agent, agent.delayed_until));
  agent.delayed_until = {};
  while (!agent.starts.empty() && (rate.activations == 0 || after(agent.starts.front(), rate.per) <= now)) agent.starts.pop_front();
  if (rate.activations > 0 && agent.starts.size() >= rate.activations) {
    agent.delayed_until = after(agent.starts[agent.starts.size() - rate.activations], rate.per);
    dues.push(due_of(agent, agent.delayed_until));
  }
  shift(agent);
}

void blackboard::state::starts(activation const& a, agent_entity& agent) {
  if (agent.breaker == breaker_state::half_open) agent.trial = a.row.no, shift(agent);
  if (agent.rules.rate.activations == 0) return;
  agent.starts.push_back(now);
  pace(agent);
}

// ---- the breaker ----

// While it is open or half open, only the trial says something: the other attempts began before it opened.

void blackboard::state::close_breaker(activation const& a) {
  agent_entity& agent = *a.sub->agent;
  if (agent.breaker == breaker_state::closed) agent.failures_in_a_row = 0;
  if (agent.breaker != breaker_state::half_open || agent.trial != a.row.no) return;
  agent.breaker = breaker_state::closed;
  agent.failures_in_a_row = 0;
  agent.trial = 0;
  shift(agent);
  tell("breaker_closed", agent.name, quoted(agent.name) + " has succeeded; its work starts again", a.row.run);
}

void blackboard::state::ends_badly(activation const& a) {
  agent_entity& agent = *a.sub->agent;
  auto const& policy = agent.rules.breaker;
  if (policy.failures == 0) return;
  bool const trial_failed = agent.breaker == breaker_state::half_open && agent.trial == a.row.no;
  bool const is_one_too_many = agent.breaker == breaker_state::closed && ++agent.failures_in_a_row >= policy.failures;
  if (trial_failed || is_one_too_many) open_breaker(a, agent);
}

void blackboard::state::open_breaker(activation const& a, agent_entity& agent) {
  bool const again = agent.breaker == breaker_state::half_open;
  agent.breaker = breaker_state::open;
  agent.trial = 0;
  agent.open_until = after(now, agent.rules.breaker.open_for);
  dues.push(due_of(agent, agent.open_until));
  shift(agent);
  ++counters.breakers_opened;
  tell("breaker_opened", agent.name,
       (again ? "the trial of " + quoted(agent.name) + " failed" : quoted(agent.name) + " failed " + std::to_string(agent.failures_in_a_row) + " times in a row") +
           "; nothing of it starts for " + elapsed{agent.rules.breaker.open_for}.to_string(),
       a.row.run);
}

void blackboard::state::agent_is_due(agent_entity& agent) {
  if (agent.breaker == breaker_state::open && agent.open_until <= now) agent.breaker = breaker_state::half_open, shift(agent);
  if (agent.delayed_until != timestamp{} && agent.delayed_until <= now) pace(agent);
  queue_all(agent);
}

// ---- deadlines ----

void blackboard::state::set_deadline(activation& a) {
  auto const limit = a.sub->agent->rules.deadline;
  if (limit.count() <= 0) return;
  a.due = after(a.row.since, limit);
  dues.push(due_of(a));
}

void blackboard::state::clear_deadline(activation& a) {
  dues.erase(due_of(a));
  a.due = {};
}

void blackboard::state::deadline_is_due(activation_no no) {
  activation* const found = activations.find(no);
  if (!found || found->due == timestamp{} || found->due > now) return;
  activation& a = *found;
  attempt_ref const ref{no, a.row.id, a.row.attempt};
  done how;
  how.activation = ref;
  how.outcome = outcome::failed;
  how.error_type = deadline_exceeded;
  how.what = quoted(a.sub->row.agent) + " was not done within its deadline of " + elapsed{a.due - a.row.since}.to_string();
  send(a.host, bus::cancel{ref});
  // A host of this process tells how it ends; another one may never do so.
  if (!find_host(a.host)->local) tell_lost(a, how.what);
  a.duration_ns = (now - a.row.since).count();
  a.overdue = ref.attempt;
  fail(a, how);
}

void blackboard::state::restore_schedule(board_state& from) {
  for (auto const& row : from.agents) agent_of(row.name).paused = row.paused;
  for (auto const& row : from.counts) {
    if (auto* const found = runs.find(row.run)) {
      found->started[row.agent] = row.count;
    } else if (auto* const ended = ended_runs.find(row.run)) {
      ended->started[row.agent] = row.count;
    }
  }
}

}  // namespace skein::bus
