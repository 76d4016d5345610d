// Keeping the books.
#include "oracle.hpp"

#include <algorithm>

namespace skein::sim {

using namespace bus;

void oracle::restarted(timestamp now, bus::testing::board_model const& durable, restart const& how, bool hub_died) {
  auto const state = durable.state();
  subscriptions_.clear(), artifacts_.clear(), keys_.clear(), open_.clear(), closed_.clear();
  hosts_.clear(), waiters_.clear(), expected_.clear(), remote_.clear(), dead_.clear();
  for (auto const& row : state.subscriptions) {
    subscription_key const key{row.agent, row.ordinal};
    subscriptions_[row.no] = key;
    if (!row.remote) continue;
    remote_.insert(key);
    expected_[key] = now + grace;
  }
  for (auto const& row : state.dead) bury(row);
  std::set<run_id> with_open;
  for (auto const& row : state.activations) with_open.insert(row.run);
  for (auto const& [seq, row] : durable.artifacts()) {
    artifacts_[seq] = row.artifact;
    if (!row.idempotency_key.empty()) keys_[row.idempotency_key] = row.artifact->id;
  }
  runs_.clear();
  for (auto const& row : state.runs) {
    if (row.status != run_status::running && !with_open.contains(row.id)) continue;  // only its dead are of interest
    run_entry& run = runs_[row.id];
    // The dead of a run are counted in its row; what a failed body adds is told apart by what was known.
    run.dead = row.failures;
    run.body_lost = hub_died && row.has_body;
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
  }
  ended_ = ended_durably_;
}

void oracle::about_to_step(blackboard const& board) {
  active_.clear();
  for (auto const& agent : all_agents()) {
    for (auto const& sub : agent.subscriptions) {
      subscription_key const key{agent.name, sub.ordinal};
      if (auto const no = board.find_subscription(agent.name, sub.ordinal)) {
        active_[no] = key;
      } else if (remote_.contains(key)) {
        throw violation{"nothing is routed to " + agent.name + " while its hosts are away"};
      }
    }
  }
}

void oracle::stepped(timestamp now, board_input const& in, effects const& out, blackboard const& board) {
  just_closed_.clear();
  lost_.clear();
  take(now, in, out);
  for (auto const& one : out.changes) take_change(one);
  check_routing(in, out);
  for (auto const& row : just_closed_) check_closed(row, out);
  check_runs(out, board);
  check_counters(board);
  check_open_work(board);
  check_replies(in, out);
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
      if (row.id == m->which) ended_.erase(row.run), partly_told_.insert(row.run);
    }
  }
  if (auto const* m = std::get_if<input::publish>(&in)) ended_.erase(m->artifact->run);
  if (auto const* m = std::get_if<input::open_run>(&in)) ++runs_[m->run].holds;
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

void oracle::bury(activation_row const& row) {
  dead_[row.no] = row;
  while (dead_.size() > dead_kept) dead_.erase(dead_.begin());
}

void oracle::take_change(change const& what) {
  if (auto const* row = std::get_if<subscription_row>(&what)) {
    subscription_key const key{row->agent, row->ordinal};
    subscriptions_[row->no] = key;
    row->remote ? void(remote_.insert(key)) : void(remote_.erase(key));
  }
  if (auto const* row = std::get_if<run_row>(&what)) {
    if (row->status == run_status::running) {
      auto const [run, opened] = runs_.try_emplace(row->id);
      if (opened && row->failures > 0) run->second.dead = row->failures, partly_told_.insert(row->id);
    }
  }
  if (auto const* row = std::get_if<artifact_row>(&what)) {
    artifacts_[row->artifact->seq] = row->artifact;
    if (!row->idempotency_key.empty()) keys_[row->idempotency_key] = row->artifact->id;
  }
  if (auto const* row = std::get_if<activation_row>(&what)) {
    if (row->state != activation_state::ready || row->attempt != 0) throw violation{name_of(*row) + " was not opened ready"};
    open_[row->no] = *row;
  }
  if (auto const* to = std::get_if<activation_update>(&what)) {
    if (auto const dead = dead_.find(to->no); dead != dead_.end()) return take_raised(dead->second, *to);
    auto const found = open_.find(to->no);
    if (found == open_.end()) {
      throw violation{"activation " + std::to_string(to->no) + (closed_.contains(to->no) ? " changed after it was closed" : " changed before it was opened")};
    }
    take_update(found->second, *to);
    if (is_open(to->state)) return;
    just_closed_.push_back(found->second);
    closed_.insert(to->no);
    run_entry& run = runs_[found->second.run];
    if (to->state == activation_state::dead) ++run.dead, bury(found->second);
    ++(to->state == activation_state::mismatch ? run.mismatches : run.closed);
    open_.erase(found);
  }
}

/// A dead activation is opened again, or forgotten.
void oracle::take_raised(activation_row row, activation_update const& to) {
  dead_.erase(row.no);
  if (to.state == activation_state::dropped) return;
  if (to.state != activation_state::ready || to.attempt != row.attempt || to.failures + to.losses > 0) throw violation{name_of(row) + " was requeued in another state"};
  run_entry& run = runs_.at(row.run);
  if (run.dead == 0) throw violation{name_of(row) + " was dead in a run without dead ones"};
  --run.dead;
  closed_.erase(row.no);
  row.failures = row.losses = 0;
  take_update(row, to);
  open_[row.no] = row;
}

void oracle::take_update(activation_row& row, activation_update const& to) {
  bool const leased = to.state == activation_state::leased;
  bool const adopted = leased && to.attempt == row.attempt && to.attempt > 0 && to.host == row.host;
  if (leased && !adopted && (row.state != activation_state::ready || to.attempt != row.attempt + 1)) {
    throw violation{name_of(row) + " was leased as attempt " + std::to_string(to.attempt)};
  }
  if (!leased && to.attempt != row.attempt) throw violation{name_of(row) + ": the attempt became " + std::to_string(to.attempt) + " without a lease"};
  if (to.failures < row.failures || to.losses < row.losses) throw violation{name_of(row) + ": failures or losses went back"};
  if (to.failures > handled_[row.id].failed.size()) throw violation{name_of(row) + ": counts a failure that did not happen"};
  if (to.losses > row.losses) lost_.insert(row.no);
  row.state = to.state;
  row.attempt = to.attempt;
  row.failures = to.failures;
  row.losses = to.losses;
  row.not_before = to.not_before;
  row.host = to.host;
  row.error_type = to.error_type;
  row.what = to.what;
  row.since = to.since;
}

bool oracle::served(subscription_no no) const {
  auto const& key = subscriptions_.at(no);
  return expected_.contains(key) || std::any_of(hosts_.begin(), hosts_.end(), [&](auto const& one) { return one.second.serves.contains(key); });
}

bool oracle::blocked(activation_row const& row) const { return row.state == activation_state::ready && !served(row.subscription); }

std::uint64_t oracle::awaited(std::optional<run_id> const& run) const {
  return static_cast<std::uint64_t>(std::count_if(open_.begin(), open_.end(), [&](auto const& one) {
    return (!run || one.second.run == *run) && !blocked(one.second);
  }));
}

std::string oracle::name_of(activation_row const& row) const {
  auto const found = subscriptions_.find(row.subscription);
  std::string const agent = found == subscriptions_.end() ? "?" : found->second.first + '/' + std::to_string(found->second.second);
  return "activation " + std::to_string(row.no) + " of " + agent + " (state " + std::to_string(static_cast<int>(row.state)) + ", attempt " +
         std::to_string(row.attempt) + ", failures " + std::to_string(row.failures) + ", losses " + std::to_string(row.losses) + ", host " + row.host + ')';
}

std::string oracle::name_of(artifact_data const& artifact) {
  return "artifact " + std::to_string(artifact.seq) + " (" + artifact.type + " by " + artifact.produced_by + ')';
}

std::string oracle::describe_open() const {
  std::string all;
  for (auto const& [no, row] : open_) all += "\n  " + name_of(row) + (blocked(row) ? " blocked" : "");
  for (auto const& [who, wait] : waiters_) all += "\n  waiter " + std::to_string(who) + (wait.run ? " for run " + wait.run->to_string() : " for all");
  for (auto const& [id, run] : runs_) all += "\n  run " + id.to_string() + ", holds " + std::to_string(run.holds);
  for (auto const& [key, until] : expected_) all += "\n  expected back: a host of " + key.first;
  for (auto const& [key, host] : hosts_) all += "\n  host " + host.name + " at " + std::to_string(key);
  return all;
}

}  // namespace skein::sim
