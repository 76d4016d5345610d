// Keeping the books.
#include "oracle.hpp"

#include <skein/registry/artifact_traits.hpp>
#include <skein/registry/failure.hpp>

#include <algorithm>
#include <utility>

namespace skein::sim {

using namespace bus;

oracle::oracle(rule_set const& rules) : rules_(rules), cast_(cast_of(rules)) {}

void oracle::restarted(timestamp now, bus::testing::board_model const& durable, restart const& how, bool hub_died) {
  auto const state = durable.state();
  subscriptions_.clear(), artifacts_.clear(), keys_.clear(), open_.clear(), closed_.clear(), rivals_.clear(), orphans_.clear(), restored_.clear();
  hosts_.clear(), waiters_.clear(), conditions_.clear(), expected_.clear(), remote_.clear(), dead_.clear();
  embargoes_.clear(), timers_.clear(), paused_agents_.clear(), said_groups_.clear(), taken_.clear(), counted_.clear(), failed_agents_.clear(), started_before_.clear();
  overdue_ = overdue_durably_;
  schedule_.forget();
  over_limits_ = expired_ = flushed_ = 0;
  check_taken(durable);
  for (auto const& row : state.subscriptions) {
    subscription_key const key{row.agent, row.ordinal};
    subscriptions_[row.no] = key;
    if (!row.remote) continue;
    remote_.insert(key);
    expected_[key] = now + grace;
  }
  for (auto const& row : state.dead) bury(row);
  for (auto const& [seq, row] : durable.artifacts()) {
    artifacts_[seq] = row.artifact;
    if (!row.idempotency_key.empty()) keys_[row.idempotency_key] = row.artifact->id;
  }
  std::set<run_id> with_open;
  for (auto const& row : state.activations) with_open.merge(runs_of(row));
  runs_.clear();
  for (auto const& row : state.runs) {
    if (row.status != run_status::running && !with_open.contains(row.id)) continue;  // only its dead are of interest
    run_entry& run = runs_[row.id];
    // The dead of a run are counted in its row; what a failed body adds is told apart by what was known.
    run.dead = row.failures;
    run.body_lost = hub_died && row.has_body;
    run.paused = row.paused;
    run.cancelled = row.status == run_status::cancelled;
    run.holds = static_cast<std::uint64_t>(std::count(how.held_runs.begin(), how.held_runs.end(), row.id));
    partly_told_.insert(row.id);
  }
  for (auto const& [no, row] : durable.activations()) {
    if (!is_open(row.state)) {
      closed_.insert(no);
      continue;
    }
    auto& kept = open_[no] = row;
    // The lease of the dead host is void.
    if (kept.state == activation_state::leased && kept.host == how.dead_host) kept.state = activation_state::ready;
    if (kept.state == activation_state::leased) orphans_.insert(no);
    restored_.insert(no);
  }
  ended_ = ended_durably_;
  restore_rules(state);
  for (auto const& artifact : how.kept) {
    if (artifact->seq <= state.last_seq && artifact->type == type_of<failure>().name) ++failed_agents_[value_of<failure>(artifact->payload).value()->agent];
  }
}

void oracle::restore_rules(board_state const& durable) {
  for (auto const& row : durable.agents) {
    if (row.paused) paused_agents_.insert(row.name);
  }
  for (auto const& row : durable.counts) {
    auto const found = runs_.find(row.run);
    (found != runs_.end() ? found->second.started : started_before_[row.run])[row.agent] = row.count;
  }
  for (auto const& [run, agents] : started_durably_) {
    if (!runs_.contains(run)) continue;
    for (auto const& [agent, count] : agents) {
      if (runs_.at(run).started[agent] < count) throw violation{"the ledger has forgotten how often " + agent + " was started in run " + run.to_string()};
    }
  }
  for (auto const& row : durable.timers) timers_[row.subscription] = {row.next_due, row.number};
  for (auto const& row : durable.embargoes) {
    // Whoever came with a number up to this one has been asked.
    auto& one = embargoes_[row.seq] = {artifacts_.at(row.seq), {}, {row.said.rejected.begin(), row.said.rejected.end()}};
    for (auto const& [no, key] : subscriptions_) {
      if (no <= row.asked_to) one.asked.insert(no);
    }
  }
  groups_.descriptors.clear();
  for (auto const& [no, key] : subscriptions_) {
    if (descriptor_of(no).is_grouped()) groups_.descriptors[no] = &descriptor_of(no);
  }
  groups_.restore(durable, artifacts_);
  for (auto const& one : groups_.open()) said_groups_[one.no] = one;
}

void oracle::about_to_step(blackboard const& board) {
  active_.clear();
  for (auto const* agent : cast_) {
    for (auto const& sub : agent->subscriptions) {
      if (auto const no = board.find_subscription(agent->name, sub.ordinal)) {
        active_[no] = {agent, &sub};
      } else if (remote_.contains({agent->name, sub.ordinal})) {
        throw violation{"nothing is routed to " + agent->name + " while its hosts are away"};
      }
    }
  }
}

void oracle::stepped(timestamp now, board_input const& in, effects const& out, blackboard const& board) {
  just_closed_.clear(), just_opened_.clear(), moves_.clear();
  lost_.clear();
  take(now, in, out);
  if (std::holds_alternative<input::hello>(in)) {
    about_to_step(board);
    contest();
  }
  for (auto const& one : out.changes) take_change(now, one);
  check_routing(now, in, out);
  for (auto const& row : just_closed_) check_closed(row, out);
  check_runs(out, board);
  check_counters(now, std::holds_alternative<input::tick>(in), board);
  check_open_work(board);
  check_groups(board);
  check_replies(in, out);
  check_conditions(in, out, board);
  check_cancel(in, out);
  check_pause(in, out);
  check_timers(now, in, board);
  check_lost(now, out);
  check_dead_kept(in, out, board);
  if (auto const* m = std::get_if<input::done>(&in)) check_own_backoff(now, *m, out);
}

void oracle::committed(effects const& out) {
  // Somebody who survived the hub may publish into a run that has ended, or a dead activation is requeued: that opens it again.
  std::map<run_id, int> opened;
  std::map<run_id, bool> runs_on;
  for (auto const& one : out.changes) {
    auto const* row = std::get_if<run_row>(&one);
    if (!row) continue;
    runs_on[row->id] = row->status == run_status::running;
    if (runs_on[row->id]) ++opened[row->id], ended_durably_.erase(row->id);
  }
  for (auto const& one : out.ended) {
    if (!ended_durably_.insert(one.run.id).second && --opened[one.run.id] < 0) throw violation{"run " + one.run.id.to_string() + " ended twice"};
  }
  for (auto const& [run, on] : runs_on) {
    if (on) ended_durably_.erase(run);
  }
  auto const becomes_durable = [&](std::uint64_t seq) {
    auto const [from, to] = taken_.equal_range(seq);
    taken_durably_.insert(from, to);
    taken_.erase(from, to);
    auto const [first, last] = counted_.equal_range(seq);
    for (auto at = first; at != last; ++at) started_durably_[std::get<0>(at->second)][std::get<1>(at->second)] = std::get<2>(at->second);
    counted_.erase(first, last);
  };
  for (auto const& one : out.changes) {
    if (auto const* row = std::get_if<artifact_row>(&one)) becomes_durable(row->artifact->seq);
    if (auto const* row = std::get_if<embargo_lifted>(&one)) becomes_durable(row->seq);
    auto const* to = std::get_if<activation_update>(&one);
    bool const overdue = to && to->error_type == "skein.deadline_exceeded" && (to->state == activation_state::retry || to->state == activation_state::dead);
    if (overdue) overdue_durably_.insert({to->no, to->attempt});
  }
  for (auto const& [run, on] : runs_on) {
    if (!on) started_durably_.erase(run);
  }
}

void oracle::handled(attempt_ref const& ref, outcome how) {
  attempts& of = handled_[ref.id];
  if (how == outcome::ok) of.ok.insert(ref.attempt);
  if (how == outcome::mismatch) of.mismatch.insert(ref.attempt);
  if (how == outcome::failed || how == outcome::permanent) of.failed.insert(ref.attempt);
  if (how == outcome::permanent) of.permanent = true;
}

void oracle::take(timestamp now, board_input const& in, effects const& out) {
  if (auto const* m = std::get_if<input::hello>(&in)) take_hello(now, *m, out);
  auto const heard = [&](host_key from) {
    if (auto found = hosts_.find(from); found != hosts_.end()) found->second.heard = now;
  };
  if (auto const* m = std::get_if<input::done>(&in)) heard(m->from);
  if (auto const* m = std::get_if<input::beat>(&in)) {
    if (auto found = hosts_.find(m->from); found != hosts_.end() && found->second.instance == m->message.instance) heard(m->from);
  }
  if (auto const* m = std::get_if<input::goodbye>(&in)) {
    if (auto found = hosts_.find(m->from); found != hosts_.end() && found->second.instance == m->instance) forget_host(now, m->from, false);
  }
  if (auto const* m = std::get_if<input::disconnected>(&in)) forget_host(now, m->from, true);
  if (std::holds_alternative<input::tick>(in)) {
    std::erase_if(expected_, [&](auto const& one) { return one.second <= now; });
    std::vector<host_key> silent;
    for (auto const& [key, host] : hosts_) {
      if (!host.local && host.heard + lease <= now) silent.push_back(key);
    }
    for (auto const key : silent) forget_host(now, key, true);
  }
  if (auto const* m = std::get_if<input::requeue>(&in)) {
    for (auto const& [no, row] : dead_) {
      if (row.id != m->which) continue;
      for (auto const& run : runs_of(row)) ended_.erase(run), partly_told_.insert(run);
    }
  }
  if (auto const* m = std::get_if<input::publish>(&in)) ended_.erase(m->artifact->run);
  if (auto const* m = std::get_if<input::invoke>(&in)) {
    for (auto const& one : m->artifacts) ended_.erase(one->run);
  }
  if (auto const* m = std::get_if<input::open_run>(&in)) ++runs_[m->run].holds;
  if (auto const* m = std::get_if<input::cancel_work>(&in)) {
    if (auto found = runs_.find(m->run); m->agent.empty() && found != runs_.end()) found->second.cancelled = true;
    if (m->agent.empty()) reopen(m->run);
    for (auto& [no, rivals] : rivals_) {
      auto const its = [&](subscription_no one) { return subscriptions_.at(one).first == m->agent; };
      bool const others_wait = open_.contains(no) && open_.at(no).state != activation_state::leased && !std::all_of(rivals.begin(), rivals.end(), its);
      if (others_wait) std::erase_if(rivals, its);
    }
  }
  if (auto const* m = std::get_if<input::hold>(&in)) {
    if (auto found = runs_.find(m->run); found != runs_.end()) ++found->second.holds;
  }
  if (auto const* m = std::get_if<input::release>(&in)) {
    if (auto found = runs_.find(m->run); found != runs_.end() && found->second.holds > 0) {
      --found->second.holds;
      if (m->failed) ++found->second.failed_bodies;
    }
  }
  if (auto const* m = std::get_if<input::wait_idle>(&in)) waiters_[m->reply_to] = *m;
  if (auto const* m = std::get_if<input::wait_until>(&in)) conditions_[m->reply_to] = m->condition;
}

/// A run that has ended goes on under its name.
void oracle::reopen(run_id const& run) {
  if (ended_.erase(run) > 0) partly_told_.insert(run);
}

void oracle::take_hello(timestamp now, input::hello const& in, effects const& out) {
  bool const accepted = std::any_of(out.messages.begin(), out.messages.end(), [&](outgoing const& one) {
    return one.to == in.from && std::holds_alternative<welcome>(one.message);
  });
  if (!accepted) return;
  for (auto const& [key, other] : std::map{hosts_}) {
    if (other.name != in.message.host) continue;
    if (other.principal != in.principal) throw violation{"the name " + other.name + " was taken over by another principal"};
    // What the same process offers no more on the same connection is not expected back.
    forget_host(now, key, key != in.from || other.instance != in.message.instance);
  }
  host_entry& entry = hosts_[in.from];
  entry = {in.message.host, in.principal, in.message.instance, in.local, {}, now};
  for (auto const& agent : in.message.agents) {
    for (auto const& sub : agent.subscriptions) {
      entry.serves.insert({agent.name, sub.ordinal});
      expected_.erase({agent.name, sub.ordinal});
    }
  }
}

void oracle::forget_host(timestamp now, host_key key, bool expected_back) {
  auto const found = hosts_.find(key);
  if (found == hosts_.end()) return;
  auto const served_before = std::move(found->second.serves);
  hosts_.erase(found);
  for (auto const& sub : served_before) {
    bool const others = std::any_of(hosts_.begin(), hosts_.end(), [&](auto const& one) { return one.second.serves.contains(sub); });
    if (expected_back && !others) expected_[sub] = now + grace;
  }
}

}  // namespace skein::sim
