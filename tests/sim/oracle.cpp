// Keeping the books.
#include "oracle.hpp"

#include <algorithm>

namespace skein::sim {

using namespace bus;

void oracle::restarted(bus::testing::board_model const& durable, restart const& how, bool hub_died) {
  auto const state = durable.state();
  subscriptions_.clear(), artifacts_.clear(), keys_.clear(), open_.clear(), closed_.clear();
  hosts_.clear(), waiters_.clear();
  for (auto const& row : state.subscriptions) subscriptions_[row.no] = {row.agent, row.ordinal};
  for (auto const& [seq, row] : durable.artifacts()) {
    artifacts_[seq] = row.artifact;
    if (!row.idempotency_key.empty()) keys_[row.idempotency_key] = row.artifact->id;
  }
  runs_.clear();
  for (auto const& row : state.runs) {
    run_entry& run = runs_[row.id];
    // The dead of a run are counted in its row; what a failed body adds is told apart by what was known.
    run.dead = row.failures;
    run.body_lost = hub_died && !row.name.empty();
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
      if (auto const no = board.find_subscription(agent.name, sub.ordinal)) active_[no] = {agent.name, sub.ordinal};
    }
  }
}

void oracle::stepped(timestamp now, board_input const& in, effects const& out, blackboard const& board) {
  just_closed_.clear();
  take(now, in, out);
  for (auto const& one : out.changes) take_change(one);
  check_routing(in, out);
  for (auto const& row : just_closed_) check_closed(row, out);
  check_runs(out, board);
  check_counters(board);
  check_open_work(board);
  check_replies(in, out);
  check_timers(now, in, board);
}

void oracle::committed(effects const& out) {
  // Somebody who survived the hub may publish into a run that has ended: that opens it again.
  std::map<run_id, int> opened;
  for (auto const& one : out.changes) {
    if (auto const* row = std::get_if<run_row>(&one); row && row->status == run_status::running) ++opened[row->id], ended_durably_.erase(row->id);
  }
  for (auto const& one : out.ended) {
    if (!ended_durably_.insert(one.run.id).second && --opened[one.run.id] < 0) throw violation{"run " + one.run.id.to_string() + " ended twice"};
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
    if (auto found = hosts_.find(m->from); found != hosts_.end() && found->second.instance == m->instance) hosts_.erase(found);
  }
  if (auto const* m = std::get_if<input::disconnected>(&in)) hosts_.erase(m->from);
  if (std::holds_alternative<input::tick>(in)) {
    std::erase_if(hosts_, [&](auto const& one) { return !one.second.local && one.second.heard + lease <= now; });
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
  std::erase_if(hosts_, [&](auto const& one) { return one.second.name == in.message.host; });
  host_entry& entry = hosts_[in.from];
  entry = {in.message.host, in.message.instance, in.local, {}, now};
  for (auto const& agent : in.message.agents) {
    for (auto const& sub : agent.subscriptions) entry.serves.insert({agent.name, sub.ordinal});
  }
}

void oracle::take_change(change const& what) {
  if (auto const* row = std::get_if<subscription_row>(&what)) subscriptions_[row->no] = {row->agent, row->ordinal};
  if (auto const* row = std::get_if<run_row>(&what)) {
    if (row->status == run_status::running) runs_.try_emplace(row->id);
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
    auto const found = open_.find(to->no);
    if (found == open_.end()) {
      throw violation{"activation " + std::to_string(to->no) + (closed_.contains(to->no) ? " changed after it was closed" : " changed before it was opened")};
    }
    take_update(found->second, *to);
    if (is_open(to->state)) return;
    just_closed_.push_back(found->second);
    closed_.insert(to->no);
    run_entry& run = runs_[found->second.run];
    if (to->state == activation_state::dead) ++run.dead;
    ++(to->state == activation_state::mismatch ? run.mismatches : run.closed);
    open_.erase(found);
  }
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
  row.state = to.state;
  row.attempt = to.attempt;
  row.failures = to.failures;
  row.losses = to.losses;
  row.not_before = to.not_before;
  row.host = to.host;
  row.error_type = to.error_type;
  row.what = to.what;
}

bool oracle::served(subscription_no no) const {
  auto const& key = subscriptions_.at(no);
  return std::any_of(hosts_.begin(), hosts_.end(), [&](auto const& one) { return one.second.serves.contains(key); });
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
  for (auto const& [key, host] : hosts_) all += "\n  host " + host.name + " at " + std::to_string(key);
  return all;
}

}  // namespace skein::sim
