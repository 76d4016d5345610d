// Dead activations: kept so that somebody can look at them, open them again, or forget them.
#include "blackboard_state.hpp"

#include <algorithm>
#include <cassert>

namespace skein::bus {

namespace {

/// Those that it was work of, each once.
std::vector<run_id> runs_of(dead_activation const& one) {
  std::vector<run_id> all{one.row.run};
  for (auto const& input : one.inputs) {
    if (std::find(all.begin(), all.end(), input->run) == all.end()) all.push_back(input->run);
  }
  return all;
}

}  // namespace

void blackboard::state::bury(activation_row row, std::vector<artifact_ptr> inputs, std::uint32_t overdue) {
  dead_by_id[row.id] = row.no;
  activation_no const no = row.no;
  auto const at = dead.insert_or_assign(no, dead_activation{std::move(row), std::move(inputs), overdue}).first;
  for (auto const& run : runs_of(at->second)) refer_to(run);
  while (dead.size() > limits.dead_kept_max) exhume(dead.begin());
}

void blackboard::state::refer_to(run_id const& run) {
  if (run_state* const open = find_run(run)) {
    ++open->references;
    return;
  }
  ended_run* const known = ended_runs.find(run);
  ++(known ? *known : ended_runs.add(run)).references;
}

void blackboard::state::forget_reference(run_id const& run) {
  if (run_state* const open = find_run(run)) {
    assert(open->references > 0);
    --open->references;
    return;
  }
  ended_run* const found = ended_runs.find(run);
  if (found && --found->references == 0) ended_runs.erase(run);
}

void blackboard::state::exhume(std::map<activation_no, dead_activation>::iterator at) {
  for (auto const& run : runs_of(at->second)) forget_reference(run);
  dead_by_id.erase(at->second.row.id);
  dead.erase(at);
}

std::map<activation_no, dead_activation>::iterator blackboard::state::find_dead(activation_id const& which) {
  auto const no = dead_by_id.find(which);
  return no == dead_by_id.end() ? dead.end() : dead.find(no->second);
}

namespace {

reply::refused no_such_dead(ticket to, activation_id const& which) {
  return {to, error{errc::not_found, "no dead activation has the id " + which.to_string() + "; `skein bus dead list` shows those that are kept"}};
}

}  // namespace

void blackboard::state::on(input::requeue&& in) {
  auto const at = find_dead(in.which);
  if (at == dead.end()) {
    out->replies.emplace_back(no_such_dead(in.reply_to, in.which));
    return;
  }
  if (auto why = refusal_of(at->second.row.run)) {
    out->replies.emplace_back(reply::refused{in.reply_to, std::move(*why)});
    return;
  }
  activation_row row = at->second.row;
  std::vector<artifact_ptr> inputs = at->second.inputs;
  artifact_data const& newest = **std::max_element(inputs.begin(), inputs.end(), [](auto const& a, auto const& b) { return a->seq < b->seq; });
  run_state& run = run_of(row.run, newest.context);

  activation& a = activations.add(row.no);
  row.state = activation_state::ready;
  row.failures = row.losses = 0;
  row.error_type.clear();
  row.what.clear();
  a.row = std::move(row);
  a.inputs = std::move(inputs);
  a.newest_index = static_cast<std::size_t>(
      std::max_element(a.inputs.begin(), a.inputs.end(), [](auto const& x, auto const& y) { return x->seq < y->seq; }) - a.inputs.begin());
  a.sub = subscriptions[a.row.subscription - 1].get();
  a.run = &run;
  find_other_runs(a);
  exhume(at);
  a.each_run([this](run_state& of) {
    if (of.row.failures > 0) --of.row.failures;  // it counted as one of the run's dead
    change_to(of.row);
  });
  enter(a);
  make_ready(a, false);
  if (a.sub->is_exclusive) contest(a);
  out->replies.emplace_back(reply::settled{in.reply_to});
}

void blackboard::state::on(input::drop_dead&& in) {
  auto const at = find_dead(in.which);
  if (at == dead.end()) {
    out->replies.emplace_back(no_such_dead(in.reply_to, in.which));
    return;
  }
  auto const& r = at->second.row;
  if (limits.record_changes) {
    out->changes.emplace_back(
        activation_update{r.no, activation_state::dropped, r.attempt, r.failures, r.losses, r.not_before, r.host, r.error_type, r.what, r.since, 0});
  }
  exhume(at);
  out->replies.emplace_back(reply::settled{in.reply_to});
}

// ---- what people ask ----

std::vector<dead_summary> blackboard::dead() const {
  std::vector<dead_summary> all;
  all.reserve(state_->dead.size());
  for (auto const& [no, one] : state_->dead) {
    artifact_data const& newest =
        **std::max_element(one.inputs.begin(), one.inputs.end(), [](auto const& a, auto const& b) { return a->seq < b->seq; });
    all.push_back({one.row.id, state_->subscriptions[one.row.subscription - 1]->row.agent, one.row.error_type, one.row.what, one.row.run, one.row.attempt,
                   newest.type, newest.id, one.row.since});
  }
  return all;
}

std::vector<host_summary> blackboard::hosts() const {
  std::vector<host_summary> all;
  for (auto const& [key, h] : state_->hosts) {
    host_summary one{h.name, h.principal, h.instance, h.local, h.draining, {}, h.leases.size(), h.heard};
    for (auto const no : h.serves) {
      auto const& agent = state_->subscriptions[no - 1]->row.agent;
      if (std::find(one.agents.begin(), one.agents.end(), agent) == one.agents.end()) one.agents.push_back(agent);
    }
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<agent_summary> blackboard::agents() const {
  std::map<std::string, agent_summary> all;
  for (auto const& [name, subs] : state_->by_agent) {
    auto& one = all[name];
    one.subscriptions = static_cast<std::uint32_t>(subs.size());
    for (auto const* sub : subs) {
      for (auto const* host : sub->hosts) {
        if (std::find(one.hosts.begin(), one.hosts.end(), host->name) == one.hosts.end()) one.hosts.push_back(host->name);
      }
    }
  }
  for (auto const& [no, a] : state_->activations) {
    auto& one = all[a.sub->row.agent];
    if (a.row.state == activation_state::ready) ++one.ready;
    if (a.row.state == activation_state::leased) ++one.leased;
    if (a.row.state == activation_state::retry) ++one.retry;
    if (a.is_counted_blocked()) ++one.blocked;
  }
  for (auto const& [no, one] : state_->dead) ++all[state_->subscriptions[one.row.subscription - 1]->row.agent].dead;
  for (auto& [name, one] : all) {
    auto const found = state_->agents_by_name.find(name);
    if (found == state_->agents_by_name.end()) continue;
    agent_entity const& agent = *found->second;
    one.paused = agent.paused;
    if (agent.rules.breaker.failures == 0) continue;
    one.breaker = agent.breaker == agent_entity::breaker_state::open ? "open" : agent.breaker == agent_entity::breaker_state::half_open ? "half_open" : "closed";
  }
  std::vector<agent_summary> listed;
  listed.reserve(all.size());
  for (auto& [name, one] : all) {
    one.name = name;
    listed.push_back(std::move(one));
  }
  return listed;
}

}  // namespace skein::bus
