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

void oracle::bury(activation_row const& row) {
  dead_[row.no] = row;
  while (dead_.size() > dead_kept) dead_.erase(dead_.begin());
}

void oracle::take_change(timestamp now, change const& what) {
  if (auto const* row = std::get_if<subscription_row>(&what)) {
    subscription_key const key{row->agent, row->ordinal};
    subscriptions_[row->no] = key;
    row->remote ? void(remote_.insert(key)) : void(remote_.erase(key));
    if (descriptor_of(row->no).is_grouped()) groups_.descriptors[row->no] = &descriptor_of(row->no);
  }
  if (auto const* row = std::get_if<run_row>(&what)) {
    if (row->status == run_status::running || row->status == run_status::cancelled) {
      auto const [run, opened] = row->status == run_status::running ? runs_.try_emplace(row->id) : std::pair{runs_.find(row->id), false};
      if (opened) run->second.started = started_before_[row->id];
      if (opened && row->failures > 0) run->second.dead = row->failures, partly_told_.insert(row->id);
      if (run != runs_.end()) run->second.paused = row->paused;
    }
  }
  if (auto const* row = std::get_if<artifact_row>(&what)) {
    artifacts_[row->artifact->seq] = row->artifact;
    if (!row->idempotency_key.empty()) keys_[row->idempotency_key] = row->artifact->id;
    reopen(row->artifact->run);
  }
  if (auto const* row = std::get_if<embargo_lifted>(&what)) reopen(artifacts_.at(row->seq)->run);
  if (auto const* row = std::get_if<agent_row>(&what)) row->paused ? void(paused_agents_.insert(row->name)) : void(paused_agents_.erase(row->name));
  if (auto const* row = std::get_if<timer_row>(&what)) take_timer(now, *row);
  if (auto const* row = std::get_if<group_row>(&what)) {
    group_books::group made{row->no, row->subscription, row->batch, row->correlation, row->key, {}, row->opened_at, row->taken};
    if (!row->batch) made.members.resize(descriptor_of(row->subscription).types.size());
    groups_.changed = true;
    if (auto const known = said_groups_.find(row->no); known != said_groups_.end() && row->seen > 0) {
      if (known->second.taken != row->taken || known->second.opened_at != row->opened_at) throw violation{"group " + std::to_string(row->no) + " was written again with another beginning"};
      return;
    }
    if (!said_groups_.emplace(row->no, std::move(made)).second) throw violation{"group " + std::to_string(row->no) + " was opened twice"};
  }
  if (auto const* row = std::get_if<group_member>(&what)) {
    auto const found = said_groups_.find(row->group);
    if (found == said_groups_.end()) throw violation{"an artifact joined group " + std::to_string(row->group) + ", which is not open"};
    auto& members = found->second.members;
    if (members.size() <= row->position) members.resize(row->position + 1);
    if (std::exchange(members[row->position], row->seq) != 0) throw violation{"two artifacts have one place in group " + std::to_string(row->group)};
  }
  if (auto const* row = std::get_if<group_closed>(&what)) {
    groups_.changed = true;
    if (said_groups_.erase(row->no) == 0) throw violation{"group " + std::to_string(row->no) + " was closed and is not open"};
  }
  if (auto const* row = std::get_if<activation_row>(&what)) take_opened(*row);
  if (auto const* to = std::get_if<activation_update>(&what)) {
    if (auto const dead = dead_.find(to->no); dead != dead_.end()) return take_raised(now, dead->second, *to);
    auto const found = open_.find(to->no);
    if (found == open_.end()) {
      throw violation{"activation " + std::to_string(to->no) + (closed_.contains(to->no) ? " changed after it was closed" : " changed before it was opened")};
    }
    take_update(now, found->second, *to);
    if (is_open(to->state)) return;
    just_closed_.push_back(found->second);
    closed_.insert(to->no);
    if (to->state == activation_state::mismatch) ++runs_[found->second.run].mismatches;
    for (auto const& id : runs_of(found->second)) {
      run_entry& run = runs_[id];
      if (to->state == activation_state::dead) ++run.dead;
      if (to->state != activation_state::mismatch) ++run.closed;
    }
    if (to->state == activation_state::dead) ++failed_agents_[agent_of(found->second.subscription).name], bury(found->second);
    open_.erase(found);
  }
}

void oracle::take_opened(activation_row const& row) {
  if (row.state != activation_state::ready || row.attempt != 0) throw violation{name_of(row) + " was not opened ready"};
  open_[row.no] = row;
  just_opened_.push_back(row);
  for (auto const& run : runs_of(row)) {
    reopen(run);
    runs_.try_emplace(run);
  }
}

/// A dead activation is opened again, or forgotten.
void oracle::take_raised(timestamp now, activation_row row, activation_update const& to) {
  dead_.erase(row.no);
  if (to.state == activation_state::dropped) return;
  if (to.state != activation_state::ready || to.attempt != row.attempt || to.failures + to.losses > 0) throw violation{name_of(row) + " was requeued in another state"};
  for (auto const& id : runs_of(row)) {
    run_entry& run = runs_.at(id);
    if (run.dead == 0) throw violation{name_of(row) + " was dead in a run without dead ones"};
    --run.dead;
  }
  closed_.erase(row.no);
  raised_.insert(row.no);
  rivals_.erase(row.no);
  if (!descriptor_of(row.subscription).exclusive.empty()) contest(row);
  row.failures = row.losses = 0;
  take_update(now, row, to);
  open_[row.no] = row;
}

void oracle::take_update(timestamp now, activation_row& row, activation_update const& to) {
  orphans_.erase(row.no);
  bool const leased = to.state == activation_state::leased;
  bool const adopted = leased && to.attempt == row.attempt && to.attempt > 0 && to.host == row.host;
  if (leased && !adopted && (row.state != activation_state::ready || to.attempt != row.attempt + 1)) {
    throw violation{name_of(row) + " was leased as attempt " + std::to_string(to.attempt)};
  }
  if (!leased && to.attempt != row.attempt) throw violation{name_of(row) + ": the attempt became " + std::to_string(to.attempt) + " without a lease"};
  if (to.failures < row.failures || to.losses < row.losses) throw violation{name_of(row) + ": failures or losses went back"};
  // Whose predicate said no competes no more.
  bool const refuses = row.state == activation_state::leased && to.state == activation_state::ready && to.losses == row.losses && handled_[row.id].mismatch.contains(row.attempt);
  if (auto const rivals = rivals_.find(row.no); refuses && rivals != rivals_.end()) rivals->second.erase(row.subscription);
  if (to.subscription != 0 && to.subscription != row.subscription) {
    moves_.emplace_back(row, to.subscription);
    row.subscription = to.subscription;
  }
  auto const& agent = agent_of(row.subscription);
  bool const failed = to.failures > row.failures, done = to.state == activation_state::done;
  if (failed && to.error_type == "skein.deadline_exceeded") {
    auto const deadline = agent.rules.deadline;
    if (deadline.count() == 0 || row.since == timestamp{} || now < row.since + deadline) throw violation{name_of(row) + " is said to have exceeded its deadline, and has not"};
    overdue_.insert({row.no, row.attempt});
    // Another process may never tell how it ends.
    if (row.host != "local") lost_.insert(row.no);
  } else if (failed && to.failures > handled_[row.id].failed.size() + static_cast<std::size_t>(std::count_if(overdue_.begin(), overdue_.end(), [&](auto const& one) { return one.first == row.no; }))) {
    throw violation{name_of(row) + ": counts a failure that did not happen"};
  }
  if (leased && !adopted) {
    if (paused_agents_.contains(agent.name)) throw violation{name_of(row) + " was leased while its agent is paused"};
    for (auto const& id : runs_of(row)) {
      if (auto const run = runs_.find(id); run != runs_.end() && run->second.paused) throw violation{name_of(row) + " was leased while its run is paused"};
    }
    schedule_.starts(now, agent, row.no);
  }
  if (done) schedule_.succeeds(agent, row.no);
  if (failed) schedule_.fails(now, agent, row.no);
  if (!leased) schedule_.ends(agent, row.no);
  bool const is_taken_away = to.state == activation_state::cancelled && row.state == activation_state::leased && row.host != "local";
  if (to.losses > row.losses || is_taken_away) lost_.insert(row.no);
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

/// For what was open before a restart everybody competes whose wish needs no asking, and who had it.
void oracle::contest() {
  if (!rules_.has(rule::exclusive)) return;
  std::erase_if(restored_, [this](auto no) { return !open_.contains(no); });
  for (auto const no : restored_) {
    if (auto const& row = open_.at(no); !descriptor_of(row.subscription).exclusive.empty()) contest(row);
  }
}

void oracle::contest(activation_row const& row) {
  auto& rivals = rivals_[row.no];
  rivals.insert(row.subscription);
  for (auto const& [no, entry] : active_) {
    bool const may = entry.subscription->exclusive == "race" && !entry.subscription->has_predicate && wants(*entry.agent, *entry.subscription, *artifacts_.at(row.inputs[0]));
    if (may) rivals.insert(no);
  }
}

/// A timer's ticks are numbered one by one, and lie on its grid.
void oracle::take_timer(timestamp now, timer_row const& row) {
  auto const& every = descriptor_of(row.subscription).timer.every;
  auto const found = timers_.find(row.subscription);
  if (found != timers_.end() && row.number != found->second.number && row.number != found->second.number + 1) throw violation{name_of(row.subscription) + " jumps to tick " + std::to_string(row.number)};
  if (row.next_due <= now || row.next_due > now + every) throw violation{name_of(row.subscription) + " is not due within its time"};
  timers_[row.subscription] = {row.next_due, row.number};
}

bool oracle::served(subscription_no no) const {
  auto const& key = subscriptions_.at(no);
  return expected_.contains(key) || std::any_of(hosts_.begin(), hosts_.end(), [&](auto const& one) { return one.second.serves.contains(key); });
}

/// Nobody can start it at this moment: whom it is for is not served, or it or its run is paused.
bool oracle::blocked(activation_row const& row) const {
  if (row.state != activation_state::ready) return false;
  for (auto const& id : runs_of(row)) {
    if (auto const run = runs_.find(id); run != runs_.end() && run->second.paused) return true;
  }
  auto const rivals = rivals_of(row);
  return std::none_of(rivals.begin(), rivals.end(), [&](auto no) { return served(no) && !paused_agents_.contains(subscriptions_.at(no).first); });
}

std::set<subscription_no> oracle::rivals_of(activation_row const& row) const {
  auto const found = rivals_.find(row.no);
  return found == rivals_.end() ? std::set{row.subscription} : found->second;
}

std::set<run_id> oracle::runs_of(activation_row const& row) const {
  std::set<run_id> all{row.run};
  for (auto const seq : row.inputs) all.insert(artifacts_.at(seq)->run);
  return all;
}

bool oracle::concerns(activation_row const& row, run_id const& run) const {
  return row.run == run || (row.inputs.size() > 1 && std::any_of(row.inputs.begin(), row.inputs.end(), [&](auto seq) { return artifacts_.at(seq)->run == run; }));
}

std::vector<artifact_ptr> oracle::inputs_of(activation_row const& row) const {
  std::vector<artifact_ptr> all;
  for (auto const seq : row.inputs) all.push_back(artifacts_.at(seq));
  return all;
}

subscription_descriptor const& oracle::descriptor_of(subscription_no no) const {
  auto const& [agent, ordinal] = subscriptions_.at(no);
  return agent_named(agent).subscriptions.at(ordinal);
}

std::uint64_t oracle::awaited(std::optional<run_id> const& run) const {
  return static_cast<std::uint64_t>(std::count_if(open_.begin(), open_.end(), [&](auto const& one) {
    return (!run || concerns(one.second, *run)) && !blocked(one.second);
  }));
}

std::vector<run_id> oracle::paused_runs() const {
  std::vector<run_id> all;
  for (auto const& [id, run] : runs_) {
    if (run.paused) all.push_back(id);
  }
  return all;
}

std::vector<run_id> oracle::running() const {
  std::vector<run_id> all;
  for (auto const& [id, run] : runs_) all.push_back(id);
  return all;
}

std::string oracle::name_of(subscription_no no) const {
  auto const found = subscriptions_.find(no);
  return found == subscriptions_.end() ? "subscription " + std::to_string(no) : found->second.first + '/' + std::to_string(found->second.second);
}

std::string oracle::name_of(activation_row const& row) const {
  return "activation " + std::to_string(row.no) + " of " + name_of(row.subscription) + " (state " + std::to_string(static_cast<int>(row.state)) + ", attempt " +
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
