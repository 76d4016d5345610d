// What people and callers may do to work that is on the board: start a group by hand, pause and resume, cancel. And what is told of what happens.
#include "blackboard_state.hpp"

#include <algorithm>
#include <utility>

namespace skein::bus {

namespace {

constexpr std::string_view cancelled_type = "skein.cancelled";

reply::refused no_such_agent(ticket to, std::string const& agent) {
  return {to, error{errc::not_found, "no agent of this name has ever been offered; `skein bus agents` lists those that are known", agent}};
}
reply::refused no_such_run(ticket to, run_id const& run) { return {to, error{errc::not_found, "no open run has this id; it may have ended", run.to_string()}}; }

/// Why these artifacts cannot start the subscription together, if so.
std::optional<error> misfit(subscription_descriptor const& wanted, std::vector<std::shared_ptr<artifact_data>> const& given) {
  std::size_t const size = wanted.types.size();
  bool const is_whole = wanted.batch_max > 0 ? !given.empty() && given.size() % size == 0 : given.size() == size;
  if (!is_whole) {
    std::string types;
    for (auto const& type : wanted.types) types += (types.empty() ? "" : ", ") + type;
    return error{errc::invalid_argument, std::to_string(given.size()) + " artifacts start nothing of this agent: it takes " +
                                             (wanted.batch_max > 0 ? "any number of whole groups of " : "one group of ") + types};
  }
  for (std::size_t i = 0; i < given.size(); ++i) {
    auto const& type = wanted.types[i % size];
    if (given[i]->type != type) return error{errc::invalid_argument, "the artifact at position " + std::to_string(i) + " is of type " + given[i]->type + "; the agent takes " + type + " there"};
    if (given[i]->run != given.front()->run) return error{errc::invalid_argument, "the artifacts of a group that is started by hand must be of one run"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<error> blackboard::state::refusal_of(run_id const& run) const {
  run_state const* const found = find_run(run);
  if (!found || !found->cancelled) return std::nullopt;
  return error{errc::cancelled, "the run has been cancelled and takes nothing more", run.to_string()};
}

void blackboard::state::answer_start(ticket to, activation* opened, std::string const& agent) {
  if (opened) {
    opened->closed_reply = to;
  } else {
    out->replies.emplace_back(reply::refused{to, error{errc::limit_reached, "the run has reached the activations_max_per_workflow of this agent", agent}});
  }
}

void blackboard::state::on(input::invoke&& in) {
  auto const refuse = [&](error why) { out->replies.emplace_back(reply::refused{in.reply_to, std::move(why)}); };
  if (in.only == 0 || in.only > subscriptions.size() || subscriptions[in.only - 1]->descriptor.types.empty()) return refuse({errc::not_found, "there is no such subscription"});
  subscription& sub = *subscriptions[in.only - 1];
  if (auto why = misfit(sub.descriptor, in.artifacts)) return refuse({why->code(), why->message(), sub.row.agent});
  if (auto why = refusal_of(in.artifacts.front()->run)) return refuse(std::move(*why));
  run_state& run = run_of(in.artifacts.front()->run, in.artifacts.front()->context);
  std::vector<artifact_ptr> group;
  for (auto& artifact : in.artifacts) group.push_back(place(std::move(artifact)));
  out->replies.emplace_back(reply::published{in.reply_to, group.back()->id, false});
  answer_start(in.reply_to, open(sub, group, false), sub.row.agent);
  touch(run);
}

void blackboard::state::on(input::pause&& in) {
  if (!in.agent.empty()) {
    auto const found = agents_by_name.find(in.agent);
    if (found == agents_by_name.end()) {
      out->replies.emplace_back(no_such_agent(in.reply_to, in.agent));
      return;
    }
    agent_entity& agent = *found->second;
    if (std::exchange(agent.paused, in.paused) != in.paused) {
      change_to(agent_row{agent.name, agent.paused});
      recheck(agent);
    }
  } else {
    run_state* const found = runs.find(in.run);
    if (!found) {
      out->replies.emplace_back(no_such_run(in.reply_to, in.run));
      return;
    }
    run_state& run = *found;
    if (std::exchange(run.row.paused, in.paused) != in.paused) {
      change_to(run.row);
      recheck(run);
    }
  }
  out->replies.emplace_back(reply::settled{in.reply_to});
}

// ---- cancelling ----

void blackboard::state::on(input::cancel_work&& in) {
  std::uint64_t closed = 0;
  if (!in.agent.empty()) {
    if (agents_by_name.find(in.agent) == agents_by_name.end()) {
      out->replies.emplace_back(no_such_agent(in.reply_to, in.agent));
      return;
    }
    closed = cancel_agent(in.agent);
  } else {
    // One that has ended may still have artifacts that wait: in groups, or for their time.
    ended_run const* const ended = ended_runs.find(in.run);
    bool const waits = ended && !ended->row.id.empty() && (has_embargoes(in.run) || has_groups(in.run));
    if (!runs.contains(in.run) && !waits) {
      out->replies.emplace_back(no_such_run(in.reply_to, in.run));
      return;
    }
    closed = cancel_run(run_of(in.run, {}));
  }
  out->replies.emplace_back(reply::settled{in.reply_to, closed});
}

bool blackboard::state::has_groups(run_id const& run) const {
  for (auto const& [no, group] : groups) {
    if (std::any_of(group.members.begin(), group.members.end(), [&](auto const& member) { return member && member->run == run; })) return true;
  }
  return false;
}

std::uint64_t blackboard::state::cancel_run(run_state& run) {
  run_id const id = run.row.id;
  run.cancelled = true;
  touch(run);
  // What several runs put together is the work of the run of its newest input.
  std::vector<activation_no> open;
  for (auto const& [no, a] : activations) {
    if (a.run == &run) open.push_back(no);
  }
  std::sort(open.begin(), open.end());
  for (auto const no : open) cancel(activations.at(no), "its run was cancelled");
  expire_groups_of(id, "cancelled");
  lift_embargoes_of(id);
  return open.size();
}

std::uint64_t blackboard::state::cancel_agent(std::string const& agent) {
  std::vector<activation_no> open;
  auto const is_its = [&](subscription const& sub) { return sub.row.agent == agent; };
  for (auto const& [no, a] : activations) {
    if (a.any_taker(is_its)) open.push_back(no);
  }
  std::sort(open.begin(), open.end());
  std::uint64_t closed = 0;
  for (auto const no : open) {
    activation& a = activations.at(no);
    bool const others_wait = a.row.state != activation_state::leased && !std::all_of(a.rivals.begin(), a.rivals.end(), [&](auto const* sub) { return is_its(*sub); });
    if (others_wait) {
      auto const rivals = a.rivals;
      for (auto const* sub : rivals) {
        if (is_its(*sub)) withdraw(a, *sub);
      }
      record(a);
    } else if (is_its(*a.sub)) {
      cancel(a, "the work of its agent was cancelled");
      ++closed;
    }
  }
  return closed;
}

void blackboard::state::cancel(activation& a, std::string_view why) {
  if (a.row.state == activation_state::leased) {
    auto const* const holder = find_host(a.host);
    if (holder) send(a.host, bus::cancel{{a.row.no, a.row.id, a.row.attempt}});
    // A host of this process tells how it ends; another one may never do so.
    if (!holder || !holder->local) tell_lost(a, why);
    a.duration_ns = (now - a.row.since).count();
  }
  a.row.error_type = cancelled_type;
  a.row.what = why;
  ++counters.cancelled;
  close(a, activation_state::cancelled, {});
}

// ---- what is told ----

void blackboard::state::tell(std::string kind, std::string agent, std::string what, run_id const& run) {
  run_state* const found = runs.find(run);
  notice_tally& tally = found && found->named ? found->notices : recent_notices;
  if (tally.size() < limits.report_entries_max || tally.contains({kind, agent})) {
    auto& one = tally[{kind, agent}];
    one = {kind, agent, what, one.count + 1};
  }
  out->notices.push_back({std::move(kind), std::move(agent), std::move(what), run});
}

std::vector<notice_summary> blackboard::state::take_notices(run_id const& scope) {
  run_state* const found = runs.find(scope);
  if (!scope.empty() && !found) return {};
  std::vector<notice_summary> all;
  for (auto& [what, one] : std::exchange(scope.empty() ? recent_notices : found->notices, {})) all.push_back(std::move(one));
  return all;
}

void blackboard::state::inherit_notices(notice_tally& from) {
  for (auto& [what, one] : from) {
    if (recent_notices.size() >= limits.report_entries_max && !recent_notices.contains(what)) continue;
    auto& to = recent_notices[what];
    to = {one.kind, one.agent, std::move(one.what), to.count + one.count};
  }
  from.clear();
}

}  // namespace skein::bus
