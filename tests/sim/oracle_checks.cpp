// The promises, one function each.
#include "oracle.hpp"

#include "cast.hpp"

#include <skein/registry/artifact_traits.hpp>
#include <skein/registry/failure.hpp>

#include <algorithm>

namespace skein::sim {

using namespace bus;

std::uint64_t oracle::delayed(timestamp now) const {
  return static_cast<std::uint64_t>(std::count_if(open_.begin(), open_.end(), [&](auto const& one) {
    auto const& row = one.second;
    return row.state == activation_state::ready && !blocked(row) && !schedule_.may_start(now, agent_of(row.subscription));
  }));
}

void oracle::check_counters(timestamp now, bool ticked, blackboard const& board) const {
  auto const& kept = board.counters();
  auto const counted = board.recount();
  if (!(kept == counted)) {
    auto const text = [](board_counters const& c) {
      return "open " + std::to_string(c.open) + " ready " + std::to_string(c.ready) + " leased " + std::to_string(c.leased) + " retry " +
             std::to_string(c.retry) + " blocked " + std::to_string(c.blocked) + " delayed " + std::to_string(c.delayed) + " runs " + std::to_string(c.runs_open) +
             " groups " + std::to_string(c.groups_open) + " embargoed " + std::to_string(c.embargoed);
    };
    throw violation{"counters " + text(kept) + " are not the recount " + text(counted)};
  }
  if (kept.runs_open != runs_.size()) {
    throw violation{"the board has " + std::to_string(kept.runs_open) + " runs, the books " + std::to_string(runs_.size())};
  }
  auto const same = [](char const* what, std::uint64_t board_says, std::uint64_t books_say) {
    if (board_says != books_say) throw violation{"the board counts " + std::to_string(board_says) + ' ' + what + ", the books " + std::to_string(books_say)};
  };
  same("expired groups", kept.groups_expired, expired_);
  same("activations over a limit", kept.over_limit, over_limits_);
  same("opened breakers", kept.breakers_opened, schedule_.breakers_opened());
  same("flushed batches", kept.batches_flushed, flushed_);
  // The board learns that a wait is over when its timer strikes.
  if (kept.delayed < delayed(now) || (ticked && kept.delayed > delayed(now))) same("ready activations that wait for a breaker or a rate", kept.delayed, delayed(now));
}

/// What is open on the board is what its changes have said, and it is awaited exactly when somebody can do it.
void oracle::check_open_work(blackboard const& board) const {
  auto const rows = board.open_activations();
  if (rows.size() != open_.size()) throw violation{"the board has " + std::to_string(rows.size()) + " open activations, its changes say " + std::to_string(open_.size())};
  std::map<run_id, std::uint64_t> awaited_of;
  std::uint64_t all = 0;
  for (auto const& [id, run] : runs_) awaited_of[id] = 0;
  for (auto const& row : rows) {
    auto const found = open_.find(row.no);
    if (found == open_.end() || !(found->second == row)) throw violation{"the board and its changes differ in " + name_of(row)};
    if (blocked(row)) continue;
    for (auto const& run : runs_of(row)) ++awaited_of[run];
    ++all;
  }
  if (board.awaited() != all) throw violation{"the board awaits " + std::to_string(board.awaited()) + ", the books " + std::to_string(all)};
  for (auto const& [run, count] : awaited_of) {
    if (board.awaited(run) != count) {
      throw violation{"the board awaits " + std::to_string(board.awaited(run)) + " of run " + run.to_string() + ", the books " + std::to_string(count)};
    }
  }
}

void oracle::check_closed(activation_row const& row, effects const& out) const {
  std::vector<artifact_ptr> children;
  for (auto const& one : out.changes) {
    auto const* made = std::get_if<artifact_row>(&one);
    if (!made || made->artifact->cause != row.id) continue;
    // What tells of a limit that a child has passed hangs below the same activation.
    bool const tells_of_limit = made->artifact->type == type_of<failure>().name && value_of<failure>(made->artifact->payload).value()->error_type == "skein.activations_max";
    if (!tells_of_limit) children.push_back(made->artifact);
  }
  auto const known = handled_.find(row.id);
  switch (row.state) {
    case activation_state::done: return check_done(row, children);
    case activation_state::dead: return check_dead(row, children);
    case activation_state::mismatch:
      if (known == handled_.end() || !known->second.mismatch.contains(row.attempt)) throw violation{name_of(row) + " closed as a mismatch that nobody found"};
      if (!children.empty()) throw violation{name_of(row) + " is a mismatch with children"};
      return;
    case activation_state::cancelled:
      if (!children.empty()) throw violation{name_of(row) + " was cancelled and has children"};
      return;
    default: throw violation{name_of(row) + " closed in a state that nothing asks for"};
  }
}

/// A done activation left exactly the children of one attempt, the one that its row names.
void oracle::check_done(activation_row const& row, std::vector<artifact_ptr> const& children) const {
  auto const known = handled_.find(row.id);
  if (known == handled_.end() || !known->second.ok.contains(row.attempt)) throw violation{name_of(row) + " is done though no handler finished that attempt"};
  if (overdue_.contains({row.no, row.attempt})) throw violation{name_of(row) + " is done by an attempt that had exceeded its deadline"};
  auto const inputs = inputs_of(row);
  artifact_data const& input = *newest_of(inputs);
  auto const& agent = subscriptions_.at(row.subscription).first;
  auto const expected = children_of(agent, inputs, row.attempt, rules_);
  if (children.size() != expected.size()) {
    throw violation{name_of(row) + " left " + std::to_string(children.size()) + " children instead of " + std::to_string(expected.size())};
  }
  for (std::size_t i = 0; i < children.size(); ++i) {
    artifact_data const& child = *children[i];
    bool const same = child.id == derive_artifact_id(row.id, i) && child.type == expected[i].type && child.tags == expected[i].tags &&
                      work_of(child) == work_of(expected[i].payload) && child.run == row.run && child.produced_by == agent &&
                      !child.visible_to == !expected[i].visible_to && (!child.visible_to || *child.visible_to == *expected[i].visible_to) &&
                      child.correlation == input.correlation && child.routed == input.routed &&
                      child.context == span_context{input.context.trace, derive_publish_span_id(child.id), input.context.flags};
    if (!same) throw violation{name_of(row) + ": child " + std::to_string(i) + " is not what attempt " + std::to_string(row.attempt) + " published"};
  }
}

/// Dead only after the limits of its agent, and told in one skein.failure, unless it handled such a one itself.
void oracle::check_dead(activation_row const& row, std::vector<artifact_ptr> const& children) const {
  auto const known = handled_.find(row.id);
  auto const& policy = agent_named(subscriptions_.at(row.subscription).first).retry;
  bool const failed = row.failures >= policy.attempts_max || (known != handled_.end() && known->second.permanent && row.failures > 0);
  bool const lost = row.losses >= policy.losses_max;
  if (!failed && !lost) throw violation{name_of(row) + " died before its limits"};
  bool const tells = newest_of(inputs_of(row))->type != "skein.failure";
  if (children.size() != (tells ? 1u : 0u)) throw violation{name_of(row) + " died with " + std::to_string(children.size()) + " failure artifacts"};
  if (!tells) return;
  auto const told = value_of<failure>(children[0]->payload);
  if (!told || (*told)->activation != row.id.to_string() || (*told)->attempts != row.attempt || (*told)->run != row.run.to_string()) {
    throw violation{name_of(row) + ": its failure artifact tells something else"};
  }
}

/// Idle is told exactly when nothing is awaited: a wait that is left over waits for something.
void oracle::check_replies(board_input const& in, effects const& out) {
  auto const* cancel = std::get_if<input::cancel_wait>(&in);
  for (auto const& one : out.replies) {
    if (auto const* idle = std::get_if<reply::idle>(&one)) check_idle(*idle, cancel && cancel->waiting == idle->to);
  }
  if (cancel && waiters_.contains(cancel->waiting)) throw violation{"a cancelled wait was not answered"};
  for (auto const& [who, wait] : waiters_) {
    if (awaited(wait.run) == 0) throw violation{"waiter " + std::to_string(who) + " waits for nothing: a lost wake-up"};
  }
  if (auto const* publish = std::get_if<input::publish>(&in)) check_published(*publish, out);
}

void oracle::check_idle(reply::idle const& reply, bool cancelled) {
  auto const found = waiters_.find(reply.to);
  if (found == waiters_.end()) throw violation{"idle was told to somebody who does not wait"};
  auto const wait = found->second;
  waiters_.erase(found);
  if (reply.timed_out != cancelled) throw violation{"a wait timed out by itself"};
  auto const left = awaited(wait.run);
  if (!cancelled && left > 0) throw violation{"idle was told with " + std::to_string(left) + " activations open"};
  if (auto const run = runs_.find(wait.scope); run != runs_.end() && !partly_told_.contains(wait.scope)) {
    auto const& told = reply.report;
    if (told.activations.size() != run->second.closed || told.failures.size() != run->second.dead + run->second.over_limits || told.mismatches != run->second.mismatches) {
      throw violation{"a report of run " + wait.scope.to_string() + " tells " + std::to_string(told.activations.size()) + " activations and " +
                      std::to_string(told.failures.size()) + " failures, there were " + std::to_string(run->second.closed) + " and " + std::to_string(run->second.dead)};
    }
  }
  std::uint64_t told_blocked = 0, told_open = 0, is_blocked = 0;
  std::uint64_t told_hidden = 0, is_hidden = 0;
  for (auto const& one : reply.report.blocked) (one.agent == "-" ? told_hidden : told_blocked) += one.count;
  for (auto const& [seq, one] : embargoes_) is_hidden += !wait.run || one.artifact->run == *wait.run ? 1 : 0;
  if (told_hidden != is_hidden) throw violation{"a report names " + std::to_string(told_hidden) + " hidden artifacts, there are " + std::to_string(is_hidden)};
  for (auto const& one : reply.report.open) told_open += one.count;
  for (auto const& [no, row] : open_) is_blocked += (!wait.run || concerns(row, *wait.run)) && blocked(row) ? 1 : 0;
  if (told_blocked != is_blocked) throw violation{"a report names " + std::to_string(told_blocked) + " blocked activations, there are " + std::to_string(is_blocked)};
  for (auto const& group : groups_.open()) {
    bool const is_whole = !cancelled && group.batch && (!wait.run || (group.correlation == wait.run->to_string() && std::any_of(group.members.begin(), group.members.end(), [&](auto seq) { return artifacts_.at(seq)->run == *wait.run; })));
    if (is_whole) throw violation{"idle was told while a batch of " + name_of(group.subscription) + " waits that nothing can fill"};
  }
  std::uint64_t told_stranded = 0;
  for (auto const& one : reply.report.stranded) told_stranded += one.count;
  auto const stranded = static_cast<std::uint64_t>(std::count_if(groups_.open().begin(), groups_.open().end(), [&](auto const& group) {
    return !wait.run || std::any_of(group.members.begin(), group.members.end(), [&](auto seq) { return seq != 0 && artifacts_.at(seq)->run == *wait.run; });
  }));
  if (told_stranded != stranded) throw violation{"a report names " + std::to_string(told_stranded) + " stranded groups, there are " + std::to_string(stranded)};
  if (told_open != (cancelled ? left : 0)) throw violation{"a report names " + std::to_string(told_open) + " open activations, there are " + std::to_string(left)};
}

void oracle::check_published(input::publish const& in, effects const& out) {
  if (in.reply_to == 0) return;
  for (auto const& one : out.replies) {
    auto const* reply = std::get_if<reply::published>(&one);
    if (!reply || reply->to != in.reply_to) continue;
    if (!in.idempotency_key.empty() && keys_.at(in.idempotency_key) != reply->id) throw violation{"a repeated publish was answered with another artifact"};
    return;
  }
  auto const run = runs_.find(in.artifact->run);
  bool const refused = std::any_of(out.replies.begin(), out.replies.end(), [&](auto const& one) {
    auto const* reply = std::get_if<reply::refused>(&one);
    return reply && reply->to == in.reply_to;
  });
  if (refused && run != runs_.end() && run->second.cancelled) return;
  throw violation{"a publish was not answered"};
}

/// A run has ended exactly when it has neither open work nor holds, once, with the right status.
void oracle::check_runs(effects const& out, blackboard const& board) {
  for (auto const& one : out.ended) {
    auto const name = "run " + one.run.id.to_string();
    auto const found = runs_.find(one.run.id);
    if (found == runs_.end() || !ended_.insert(one.run.id).second) throw violation{name + " ended twice"};
    run_entry const run = found->second;
    if (!run.started.empty()) started_before_[one.run.id] = run.started;
    runs_.erase(found);
    if (run.holds > 0) throw violation{name + " ended with a hold"};
    for (auto const& [no, row] : open_) {
      if (concerns(row, one.run.id)) throw violation{name + " ended while open: " + name_of(row)};
    }
    auto const failures = run.dead + run.failed_bodies + run.over_limits;
    auto const expected = run.body_lost ? run_status::interrupted : run.cancelled ? run_status::cancelled : failures > 0 ? run_status::failed : run_status::completed;
    if (one.run.status != expected || one.run.failures != failures) {
      throw violation{name + " ended as " + std::string{to_string(one.run.status)} + " with " + std::to_string(one.run.failures) + " failures instead of " +
                      std::string{to_string(expected)} + " with " + std::to_string(failures)};
    }
  }
  // Counts are forgotten with the run, but for one that something may open again.
  std::erase_if(started_before_, [this](auto const& one) {
    auto const of_run = [&](std::uint64_t seq) { return seq != 0 && artifacts_.at(seq)->run == one.first; };
    return std::none_of(dead_.begin(), dead_.end(), [&](auto const& dead) { return concerns(dead.second, one.first); }) &&
           std::none_of(embargoes_.begin(), embargoes_.end(), [&](auto const& hidden) { return hidden.second.artifact->run == one.first; }) &&
           std::none_of(groups_.open().begin(), groups_.open().end(), [&](auto const& group) { return std::any_of(group.members.begin(), group.members.end(), of_run); });
  });
  std::set<run_id> with_open;
  for (auto const& [no, row] : open_) with_open.merge(runs_of(row));
  for (auto const& [id, run] : runs_) {
    bool const open = with_open.contains(id);
    if (!open && run.holds == 0) throw violation{"run " + id.to_string() + " has nothing left and did not end"};
    if (!board.knows_run(id)) throw violation{"the board has forgotten run " + id.to_string()};
  }
}

void oracle::check_timers(timestamp now, board_input const& in, blackboard const& board) const {
  auto const next = board.next_timer();
  bool const ticked = std::holds_alternative<input::tick>(in);
  for (auto const& [no, row] : open_) {
    if (row.state != activation_state::retry) continue;
    if (!next || *next > row.not_before) throw violation{"the timer misses the retry of " + name_of(row)};
    if (ticked && row.not_before <= now) throw violation{"a tick passed over the retry of " + name_of(row)};
  }
  auto const due = [&](timestamp at, std::string const& what) {
    if (!next || *next > at) throw violation{"the timer misses " + what};
    if (ticked && at <= now) throw violation{"a tick passed over " + what};
  };
  for (auto const& [no, row] : open_) {
    auto const deadline = agent_of(row.subscription).rules.deadline;
    if (row.state == activation_state::leased && deadline.count() > 0 && !orphans_.contains(no)) due(row.since + deadline, "the deadline of " + name_of(row));
  }
  for (auto const& [seq, one] : embargoes_) due(one.artifact->visible_to->not_before, "the end of the embargo of " + name_of(*one.artifact));
  if (auto const at = groups_.next_due()) due(*at, "a group");
  for (auto const& [no, timer] : timers_) {
    if (active_.contains(no)) due(timer.next_due, "a tick of " + name_of(no));
    auto const ticking = std::count_if(open_.begin(), open_.end(), [&, no = no](auto const& one) { return one.second.subscription == no && !raised_.contains(one.first); });
    if (ticking > 1) throw violation{name_of(no) + " has " + std::to_string(ticking) + " open ticks"};
  }
  for (auto const& [key, host] : hosts_) {
    if (!host.local && (!next || *next > host.heard + lease)) throw violation{"the timer misses the silence of host " + host.name};
  }
  for (auto const& [key, until] : expected_) {
    if (!next || *next > until) throw violation{"the timer misses the end of the wait for a host of " + key.first};
  }
}

/// Whose lease was lost is told of, once for each loss.
void oracle::check_lost(timestamp now, effects const& out) const {
  std::multiset<activation_no> told;
  for (auto const& one : out.lost) {
    told.insert(one.activation.no);
    if (one.at != now || one.leased_at == timestamp{} || one.leased_at > now || one.inputs.empty() || one.agent.empty() || one.host.empty()) {
      throw violation{"activation " + std::to_string(one.activation.no) + ": its loss is told without what there is to tell"};
    }
  }
  if (told != lost_) throw violation{std::to_string(lost_.size()) + " leases were lost, " + std::to_string(told.size()) + " losses told"};
}

/// The newest dead ones, and no others, can be listed and opened again.
void oracle::check_dead_kept(board_input const& in, effects const& out, blackboard const& board) const {
  auto const listed = board.dead();
  bool const same = listed.size() == dead_.size() && std::equal(listed.begin(), listed.end(), dead_.begin(), [](auto const& a, auto const& b) {
    return a.id == b.second.id && a.attempt == b.second.attempt && a.run == b.second.run && a.died_at == b.second.since;
  });
  if (!same) throw violation{"the board lists " + std::to_string(listed.size()) + " dead activations, the books " + std::to_string(dead_.size())};
  auto const* const requeue = std::get_if<input::requeue>(&in);
  auto const* const drop = std::get_if<input::drop_dead>(&in);
  if (!requeue && !drop) return;
  auto const which = requeue ? requeue->which : drop->which;
  bool const refuses = std::any_of(dead_.begin(), dead_.end(), [&](auto const& one) {
    auto const run = runs_.find(one.second.run);
    return one.second.id == which && run != runs_.end() && run->second.cancelled;
  });
  if (requeue && refuses) return;
  bool const still = std::any_of(dead_.begin(), dead_.end(), [&](auto const& one) { return one.second.id == which; });
  bool const settled = std::any_of(out.replies.begin(), out.replies.end(), [](auto const& one) { return std::holds_alternative<reply::settled>(one); });
  if (still || settled == out.changes.empty()) throw violation{"a dead activation was not requeued or dropped as the answer says"};
}

/// A failure that names its own backoff gets it.
void oracle::check_own_backoff(timestamp now, input::done const& in, effects const& out) const {
  if (in.message.retry_after.count() < 0 || in.message.outcome != outcome::failed) return;
  for (auto const& one : out.changes) {
    auto const* to = std::get_if<activation_update>(&one);
    if (!to || to->no != in.message.activation.no || to->state != activation_state::retry) continue;
    if (to->error_type != "skein.deadline_exceeded" && to->not_before != now + in.message.retry_after) throw violation{"activation " + std::to_string(to->no) + " is not retried when its handler asked"};
  }
}

void oracle::check_end(bus::testing::board_model const& durable) const {
  check_taken(durable);
  for (auto const& [no, row] : durable.activations()) {
    if (is_open(row.state)) throw violation{name_of(row) + " was never handled"};
  }
  for (auto const& row : durable.runs()) {
    if (row.status == run_status::running) throw violation{"run " + row.id.to_string() + " never ended"};
  }
  std::set<artifact_id> ids;
  for (auto const& [seq, row] : durable.artifacts()) {
    if (!ids.insert(row.artifact->id).second) throw violation{name_of(*row.artifact) + " was committed twice"};
  }
}

}  // namespace skein::sim
