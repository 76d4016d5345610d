// What each artifact must start: single activations, groups, batches, embargoes and timers, against what the changes of a step say.
#include "oracle.hpp"

#include "cast.hpp"

#include <skein/registry/artifact_traits.hpp>
#include <skein/registry/failure.hpp>

#include <algorithm>
#include <tuple>

namespace skein::sim {

using namespace bus;

namespace {

bool asks_for_idle(board_condition const& one) {
  return one.what == board_condition::kind::idle || std::any_of(one.operands.begin(), one.operands.end(), asks_for_idle);
}

}  // namespace

void oracle::check_routing(timestamp now, board_input const& in, effects const& out) {
  starts_.clear(), over_limit_.clear();
  groups_.opened.clear(), groups_.expired.clear();
  if (std::holds_alternative<input::tick>(in)) pass_time(now);
  auto const* publish = std::get_if<input::publish>(&in);
  auto const* invoke = std::get_if<input::invoke>(&in);
  std::vector<std::uint64_t> invoked;
  for (auto const& one : out.changes) {
    auto const* row = std::get_if<artifact_row>(&one);
    if (!row) continue;
    artifact_data const& artifact = *row->artifact;
    if (artifact.type == type_of<tick>().name) {
      start made{{}, {artifact.seq}};
      auto const number = static_cast<std::uint64_t>(value_of<tick>(artifact.payload).value()->number);
      for (auto const& [no, entry] : active_) {
        if (entry.subscription->grouping != grouping::timer || entry.agent->name != artifact.produced_by) continue;
        made.any_of.insert(no);
        if (timers_[no].number != number) throw violation{name_of(no) + " says tick " + std::to_string(number) + " and counts " + std::to_string(timers_[no].number)};
      }
      starts_.push_back(std::move(made));
      continue;
    }
    bool const is_external = artifact.cause.empty() && artifact.produced_by == external_producer;
    if (is_external && publish && publish->only != 0) {
      if (admits(agent_of(publish->only), artifact.run, artifact.seq)) starts_.push_back({{publish->only}, {artifact.seq}});
    } else if (is_external && invoke) {
      invoked.push_back(artifact.seq);
    } else if (artifact.routed && is_embargoed(artifact, now)) {
      embargo_entry& kept = embargoes_[artifact.seq] = {row->artifact, {}, {}};
      for (auto const& [no, key] : subscriptions_) kept.asked.insert(no);
      for (auto const& [no, entry] : active_) {
        if (entry.subscription->has_predicate && is_local(entry.agent->name) && !predicate_accepts(entry.agent->name, artifact)) kept.rejected.insert(no);
      }
    } else {
      route(now, artifact, nullptr);
    }
  }
  if (!invoked.empty()) starts_.push_back({{invoke->only}, invoked});
  if (auto const* cancel = std::get_if<input::cancel_work>(&in); cancel && !cancel->run.empty()) {
    if (auto const run = runs_.find(cancel->run); run != runs_.end()) run->second.cancelled = true;
    groups_.cancel(now, cancel->run, artifacts_);
    std::erase_if(embargoes_, [&](auto const& one) { return one.second.artifact->run == cancel->run; });
  }
  match_starts();
  match_expiries(out);
}

/// What was due in the meantime. Groups first: nothing that comes later belongs into one that is overdue.
void oracle::pass_time(timestamp now) {
  while (groups_.next_due() && *groups_.next_due() <= now) groups_.pass_next();
  for (;;) {
    auto const first = std::min_element(embargoes_.begin(), embargoes_.end(), [](auto const& a, auto const& b) {
      return std::tuple{a.second.artifact->visible_to->not_before, a.first} < std::tuple{b.second.artifact->visible_to->not_before, b.first};
    });
    if (first == embargoes_.end() || first->second.artifact->visible_to->not_before > now) return;
    auto const lifted = first->second;
    embargoes_.erase(first);
    route(now, *lifted.artifact, &lifted);
  }
}

/// Notes what the artifact must start. Of one that was embargoed, local predicates have been asked when it was published, if at all.
void oracle::route(timestamp now, artifact_data const& artifact, embargo_entry const* lifted) {
  // Nothing starts in what is cancelled, and groups of what expired do not feed themselves.
  if (artifact.type == type_of<expired>().name && value_of<expired>(artifact.payload).value()->why == "cancelled") return;
  if (auto const run = runs_.find(artifact.run); run != runs_.end() && run->second.cancelled) return;
  std::map<std::string, start> races;
  for (auto const& [no, entry] : active_) {
    auto const& [agent, sub] = entry;
    if (!wants(*agent, *sub, artifact)) continue;
    bool const own = artifact.type.starts_with("skein.");
    bool const asked = !own && (!lifted || lifted->asked.contains(no));
    if (sub->has_predicate && is_local(agent->name)) {
      if (lifted ? lifted->rejected.contains(no) : asked && !predicate_accepts(agent->name, artifact)) continue;
      if (sub->is_grouped() && !asked) continue;
    }
    if (sub->is_grouped()) {
      auto const key = sub->grouping == grouping::join ? key_of(artifact) : std::string{};
      if (sub->grouping == grouping::join && key.empty()) {
        ++runs_[artifact.run].mismatches;
        continue;
      }
      taken_.emplace(artifact.seq, subscription_key{agent->name, sub->ordinal});
      groups_.take(now, no, *sub, artifact, key);
      continue;
    }
    if (!sub->exclusive.empty()) {
      auto& race = races[sub->exclusive];
      race.inputs = {artifact.seq};
      race.any_of.insert(no);
      continue;
    }
    if (admits(*agent, artifact.run, artifact.seq)) starts_.push_back({{no}, {artifact.seq}});
  }
  for (auto& [word, race] : races) starts_.push_back(std::move(race));
}

/// Counts one more activation of the agent in the run; false: it is one too many.
bool oracle::admits(agent_descriptor const& agent, run_id const& run, std::uint64_t seq) {
  auto const most = agent.rules.activations_max_per_workflow;
  if (most == 0) return true;
  auto& started = runs_[run].started[agent.name];
  ++started;
  counted_.emplace(seq, std::tuple{run, agent.name, std::min(started, most + 1)});
  if (started <= most) return true;
  ++over_limits_;
  if (started == most + 1) over_limit_.insert({run, agent.name});
  return false;
}

/// Every activation of the step is one that had to be, and nothing that had to be is missing.
void oracle::match_starts() {
  std::vector<group_books::opening> early;
  for (auto const& row : just_opened_) {
    group_books::opening const what{row.subscription, row.inputs};
    auto const single = std::find_if(starts_.begin(), starts_.end(), [&](start const& one) { return one.inputs == row.inputs && one.any_of.contains(row.subscription); });
    if (single != starts_.end()) {
      if (!descriptor_of(row.subscription).exclusive.empty() && single->any_of.size() > 1) rivals_[row.no] = single->any_of;
      starts_.erase(single);
    } else if (auto const whole = std::find(groups_.opened.begin(), groups_.opened.end(), what); whole != groups_.opened.end()) {
      groups_.opened.erase(whole);
    } else {
      early.push_back(what);
    }
  }
  for (auto const& [row, to] : moves_) {
    if (!rivals_of(row).contains(to)) throw violation{name_of(row) + " went to " + name_of(to) + ", which does not compete for it"};
  }
  if (!starts_.empty()) throw violation{name_of(*artifacts_.at(starts_[0].inputs[0])) + " did not start " + name_of(*starts_[0].any_of.begin())};
  if (!groups_.opened.empty()) {
    auto const& one = groups_.opened[0];
    throw violation{"a whole group of " + name_of(one.subscription) + " with artifact " + std::to_string(one.inputs[0]) + " did not start"};
  }
  check_flushes(early);
}

/// A batch starts smaller than it might be only when somebody waits and nothing that could fill it is under way.
void oracle::check_flushes(std::vector<group_books::opening> const& early) {
  if (early.empty()) return;
  std::set<activation_no> flushed;
  for (auto const& what : early) {
    if (!groups_.flush(what)) throw violation{name_of(what.subscription) + " was started with " + std::to_string(what.inputs.size()) + " artifacts, artifact " + std::to_string(what.inputs[0]) + " first, that had to start nothing"};
    for (auto const& row : just_opened_) {
      if (row.subscription == what.subscription && row.inputs == what.inputs) flushed.insert(row.no);
    }
  }
  flushed_ += early.size();
  auto const is_idle = [&](std::optional<run_id> const& run) {
    return std::none_of(open_.begin(), open_.end(), [&](auto const& one) { return !flushed.contains(one.first) && (!run || concerns(one.second, *run)) && !blocked(one.second); });
  };
  for (auto const& what : early) {
    bool const justified = std::any_of(waiters_.begin(), waiters_.end(), [&](auto const& one) {
      auto const& run = one.second.run;
      if (!run) return is_idle(run);
      bool const meant = std::any_of(what.inputs.begin(), what.inputs.end(), [&](auto seq) { return artifacts_.at(seq)->run == *run; });
      bool const is_own = !descriptor_of(what.subscription).across_runs && artifacts_.at(what.inputs[0])->correlation == run->to_string();
      bool const fed = !is_own && std::any_of(runs_.begin(), runs_.end(), [&](auto const& other) { return other.first != *run && (other.second.holds > 0 || !is_idle(other.first)); });
      return meant && !fed && is_idle(run);
    });
    bool const until = is_idle(std::nullopt) && std::any_of(conditions_.begin(), conditions_.end(), [](auto const& one) { return asks_for_idle(one.second); });
    if (!justified && !until) throw violation{"a batch of " + name_of(what.subscription) + " was flushed though nobody waits for idle, or work is under way"};
  }
}

/// Every group that went without an activation has left a record of what it had and lacked.
void oracle::match_expiries(effects const& out) {
  for (auto const& one : out.changes) {
    auto const* row = std::get_if<artifact_row>(&one);
    if (!row) continue;
    artifact_data const& artifact = *row->artifact;
    if (artifact.type == type_of<failure>().name) {
      auto const told = value_of<failure>(artifact.payload).value();
      if (told->error_type != "skein.activations_max") continue;
      auto const due = over_limit_.find({artifact.run, told->agent});
      if (due == over_limit_.end()) throw violation{name_of(artifact) + " tells of a limit of " + told->agent + " that was not passed, or once too often"};
      over_limit_.erase(due);
      ++runs_[artifact.run].over_limits, ++failed_agents_[told->agent];
    }
    if (artifact.type != type_of<expired>().name) continue;
    auto const told = value_of<expired>(artifact.payload).value();
    auto const due = std::find_if(groups_.expired.begin(), groups_.expired.end(), [&](group_books::expiry const& group) {
      if (subscriptions_.at(group.subscription).first != told->agent || group.why != told->why || group.missing != told->missing || group.had.size() != told->had.size()) return false;
      return std::equal(group.had.begin(), group.had.end(), told->had.begin(), [&](auto seq, auto const& id) { return artifacts_.at(seq)->id.to_string() == id; });
    });
    if (due == groups_.expired.end()) throw violation{name_of(artifact) + " tells of a group of " + told->agent + " that did not have to expire (" + told->why + ')'};
    auto const newest = artifacts_.at(*std::max_element(due->had.begin(), due->had.end()));
    if (artifact.run != newest->run || artifact.produced_by != told->agent || artifact.context.trace != newest->context.trace) throw violation{name_of(artifact) + " is not in the run of the newest artifact that expired"};
    groups_.expired.erase(due);
    ++expired_;
  }
  if (!groups_.expired.empty()) {
    auto const& one = groups_.expired[0];
    throw violation{"a group of " + name_of(one.subscription) + " with artifact " + std::to_string(one.had.empty() ? 0 : one.had[0]) + " left no record that it expired (" + one.why + ')'};
  }
  if (!over_limit_.empty()) throw violation{over_limit_.begin()->second + " has passed its limit in run " + over_limit_.begin()->first.to_string() + " untold"};
}

/// The groups that wait are those that the artifacts make, on the board and in its changes.
void oracle::check_groups(blackboard const& board) {
  if (board.counters().groups_open != groups_.open().size()) {
    throw violation{"the board has " + std::to_string(board.counters().groups_open) + " open groups, the books " + std::to_string(groups_.open().size())};
  }
  if (board.counters().embargoed != embargoes_.size()) {
    throw violation{"the board hides " + std::to_string(board.counters().embargoed) + " artifacts, the books " + std::to_string(embargoes_.size())};
  }
  if (!std::exchange(groups_.changed, false)) return;
  using view = std::tuple<subscription_no, bool, std::string, std::vector<std::uint64_t>, timestamp>;
  std::multiset<view> said, kept;
  for (auto const& [no, one] : said_groups_) said.emplace(one.subscription, one.batch, one.correlation, one.members, one.opened_at);
  for (auto const& one : groups_.open()) kept.emplace(one.subscription, one.batch, one.correlation, one.members, one.opened_at);
  if (said != kept) throw violation{"the changes tell of " + std::to_string(said.size()) + " open groups that differ from the " + std::to_string(kept.size()) + " of the books"};
}

/// Nothing disappears: what a grouped subscription has taken waits in a group, is an input of an activation, or stands in a record of its end.
void oracle::check_taken(bus::testing::board_model const& durable) const {
  if (taken_durably_.empty()) return;
  std::set<std::pair<subscription_key, std::uint64_t>> found;
  std::set<std::pair<std::string, std::string>> told;
  auto const state = durable.state();
  std::map<subscription_no, subscription_key> keys;
  std::map<group_no, subscription_no> groups;
  for (auto const& row : state.subscriptions) keys[row.no] = {row.agent, row.ordinal};
  for (auto const& row : state.groups) groups[row.no] = row.subscription;
  for (auto const& row : state.members) found.emplace(keys.at(groups.at(row.group)), row.seq);
  for (auto const& [no, row] : durable.activations()) {
    for (auto const seq : row.inputs) found.emplace(keys.at(row.subscription), seq);
  }
  for (auto const& [seq, row] : durable.artifacts()) {
    if (row.artifact->type != type_of<expired>().name) continue;
    auto const record = value_of<expired>(row.artifact->payload).value();
    for (auto const& id : record->had) told.emplace(record->agent, id);
  }
  for (auto const& [seq, key] : taken_durably_) {
    auto const& artifact = *durable.artifacts().at(seq).artifact;
    if (!found.contains({key, seq}) && !told.contains({key.first, artifact.id.to_string()})) throw violation{name_of(artifact) + " was taken by " + key.first + " and has disappeared"};
  }
}

}  // namespace skein::sim
