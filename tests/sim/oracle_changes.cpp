// What the hub writes, checked row by row and kept.
#include "oracle.hpp"

#include <algorithm>
#include <utility>

namespace skein::sim {

using namespace bus;

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

}  // namespace skein::sim
