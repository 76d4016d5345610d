// How a board continues from what a ledger has kept.
#include "blackboard_state.hpp"

#include <algorithm>
#include <utility>

namespace skein::bus {

namespace {

/// Those that are still there.
std::vector<artifact_ptr> inputs_of(activation_row const& row, artifacts_by_seq const& all) {
  std::vector<artifact_ptr> inputs;
  for (auto seq : row.inputs) {
    if (auto found = all.find(seq); found != all.end()) inputs.push_back(found->second);
  }
  return inputs;
}

}  // namespace

void blackboard::state::restore(board_state&& from, restart const& how) {
  last_seq = from.last_seq;
  last_activation = from.last_activation;
  for (auto& row : from.subscriptions) restore_subscription(std::move(row));
  artifacts_by_seq by_seq;
  for (auto& artifact : from.artifacts) by_seq.emplace(artifact->seq, artifact);
  restore_runs(from, by_seq, how);
  restore_schedule(from);
  for (auto& row : from.activations) restore_activation(std::move(row), by_seq, how);
  for (auto const& sub : subscriptions) {
    if (sub->active && sub->is_exclusive) rejoin(*sub);
  }
  for (auto& row : from.dead) {
    auto inputs = inputs_of(row, by_seq);
    bool const is_whole = !inputs.empty() && inputs.size() == row.inputs.size() && row.subscription != 0 && row.subscription <= subscriptions.size();
    if (is_whole) bury(std::move(row), std::move(inputs));
  }
  restore_groups(from, by_seq);
  restore_embargoes(from.embargoes, by_seq);
  restore_timers(from.timers);
  forget_unreferenced_runs();
  for (auto& [key, id] : from.idempotency_keys) remember_key(key, id);
  for (auto const& artifact : how.kept) {
    if (artifact->seq <= last_seq) keep(artifact);
  }
  // What earlier sessions have hidden comes out in this one.
  if (how.kept.empty()) {
    for (auto const& [seq, one] : embargoes) keep(one.artifact);
  }
  remember_failures();
}

void blackboard::state::restore_subscription(subscription_row&& row) {
  last_subscription = std::max(last_subscription, row.no);
  while (subscriptions.size() < row.no) subscriptions.push_back(std::make_unique<subscription>());
  auto& sub = *subscriptions[row.no - 1];
  sub.identity = identity_of(row);
  sub.row = std::move(row);
  attach(sub);
  by_identity[sub.identity] = &sub;
  if (!sub.row.remote) return;
  // Somebody in another process offered it: artifacts go to it, and who offered it is expected back.
  sub.describe(sub.row.remote->descriptor);
  sub.retry = sub.row.remote->retry;
  set_rules(*sub.agent, sub.row.remote->rules);
  activate(sub);
  auto& of_agent = by_agent[sub.row.agent];
  of_agent.insert(std::upper_bound(of_agent.begin(), of_agent.end(), &sub, [](auto const* a, auto const* b) { return a->row.ordinal < b->row.ordinal; }), &sub);
  expect(sub, now + limits.grace);
}

/// Those that run, or have open work.
void blackboard::state::restore_runs(board_state& from, artifacts_by_seq const& by_seq, restart const& how) {
  std::unordered_set<run_id> open_runs;
  for (auto const& row : from.activations) {
    open_runs.insert(row.run);
    for (auto const& input : inputs_of(row, by_seq)) open_runs.insert(input->run);
  }
  for (auto& row : from.runs) {
    if (row.status != run_status::running && !open_runs.contains(row.id)) {
      run_id const id = row.id;
      ended_run* const known = ended_runs.find(id);
      (known ? *known : ended_runs.add(id)).row = std::move(row);
      continue;
    }
    run_state& run = runs.add(row.id);
    run.named = !row.name.empty();
    run.body_lost = row.has_body && how.bodies_lost;
    run.row = std::move(row);
    run.holds = static_cast<std::uint64_t>(std::count(how.held_runs.begin(), how.held_runs.end(), run.row.id));
    ++counters.runs_open;
    touch(run);
  }
}

void blackboard::state::restore_activation(activation_row&& row, artifacts_by_seq const& by_seq, restart const& how) {
  auto inputs = inputs_of(row, by_seq);
  if (inputs.empty() || row.subscription == 0 || row.subscription > subscriptions.size()) return;
  activation& a = activations.add(row.no);
  a.inputs = std::move(inputs);
  a.newest_index = static_cast<std::size_t>(
      std::max_element(a.inputs.begin(), a.inputs.end(), [](auto const& x, auto const& y) { return x->seq < y->seq; }) - a.inputs.begin());
  a.sub = subscriptions[row.subscription - 1].get();
  a.run = &run_of(row.run, a.newest().context);
  a.row = std::move(row);
  a.unasked = a.inputs.size() == 1;  // into a group comes only what was asked
  find_other_runs(a);
  restored.push_back(a.row.no);
  // The lease of a dead process is void; the others are kept for their hosts until the grace has passed.
  auto const was = std::exchange(a.row.state, activation_state::ready);
  enter(a);
  if (was == activation_state::leased && a.row.host != how.dead_host) {
    transition(a, activation_state::leased);
    grace_until = now + limits.grace;
  } else if (was == activation_state::retry) {
    transition(a, activation_state::retry);
    retries.push({a.row.not_before, a.row.no, a.row.attempt});
  } else {
    a.sub->ready.push_back(a.row.no);
  }
}

/// Ended ones that nothing can open again.
void blackboard::state::forget_unreferenced_runs() {
  std::vector<run_id> unwanted;
  for (auto const& [id, one] : ended_runs) {
    if (one.references == 0) unwanted.push_back(id);
  }
  for (auto const& id : unwanted) ended_runs.erase(id);
}

}  // namespace skein::bus
