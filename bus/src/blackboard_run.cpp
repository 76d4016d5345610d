// Runs, holds, waiting for idle, and reports.
#include "blackboard_state.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace skein::bus {

run_state& blackboard::state::open_run_of(run_id const& id, span_context const& root) {
  run_state& made = runs.add(id);
  last_run = &made;
  if (auto* const ended = ended_runs.find(id)) {
    made.row = std::move(ended->row);
    made.started = std::move(ended->started);
    made.references = ended->references;
    ended_runs.erase(id);
  }
  if (!made.row.id.empty()) {
    made.row.status = run_status::running;
    made.named = !made.row.name.empty();
  } else {
    made.row.id = id;
    made.row.root = root;
    made.row.started_at = now;
  }
  ++counters.runs_open;
  change_to(made.row);
  return made;
}

run_state* blackboard::state::look_up_run(run_id const& id) const {
  run_state* const found = runs.find(id);
  if (found) last_run = found;
  return found;
}

void blackboard::state::on(input::open_run&& in) {
  bool const known = runs.contains(in.run);
  run_state& run = run_of(in.run, in.root);
  run.row.name = std::move(in.name);
  run.row.status = run_status::running;
  run.row.has_body = true;
  run.named = true;
  run.body_lost = false;
  ++run.holds;
  if (!known && limits.record_changes) out->changes.pop_back();
  change_to(run.row);
}

void blackboard::state::on(input::hold&& in) {
  if (auto* const found = runs.find(in.run)) ++found->holds;
}

void blackboard::state::on(input::release&& in) {
  run_state* const found = runs.find(in.run);
  if (!found || found->holds == 0) return;
  run_state& run = *found;
  --run.holds;
  bool const body_ends = run.holds == 0 && std::exchange(run.row.has_body, false);
  if (in.failed) ++run.row.failures;
  if (in.failed || body_ends) change_to(run.row);
  touch(run);
}

void blackboard::state::end_run(run_state& run) {
  if (run.row.status == run_status::running) {
    // The gravest thing that happened to it: a body that was lost may have left anything undone, a cancel only what it closed.
    run.row.status = run.body_lost          ? run_status::interrupted
                     : run.cancelled        ? run_status::cancelled
                     : run.row.failures > 0 ? run_status::failed
                                            : run_status::completed;
  }
  run.row.has_body = false;
  if (run.cancelled) {
    for (auto& w : waiters) w.cancelled |= w.run == run.row.id;
  }
  change_to(run.row);
  out->ended.push_back({run.row, now});
  // What was open work of several runs is told once: by the run that it belongs to.
  for (std::size_t i = run.reported_closed; i < run.closed.size(); ++i) {
    if (run.closed[i].run == run.row.id) recent_closed.push_back(run.closed[i]);
  }
  for (std::size_t i = run.reported_failures; i < run.failures.size(); ++i) {
    if (run.failures[i].run == run.row.id) recent_failures.push_back(std::move(run.failures[i]));
  }
  inherit_notices(run.notices);
  recent_mismatches += run.mismatches - run.reported_mismatches;
  recent_omitted += run.omitted - run.reported_omitted;
  while (recent_closed.size() > limits.report_entries_max) recent_closed.pop_front(), ++recent_omitted;
  while (recent_failures.size() > limits.report_entries_max) recent_failures.pop_front(), ++recent_omitted;
  --counters.runs_open;
  if (run.references > 0) {
    ended_run& ended = ended_runs.add(run.row.id);
    ended.row = run.row;
    ended.started = std::move(run.started);
    ended.references = run.references;
  }
  constexpr std::size_t spare_closed_max = 16'384;
  if (auto const size = run.closed.capacity(); size > spare_closed.capacity() && size <= spare_closed_max) {
    run.closed.clear();
    spare_closed.swap(run.closed);
  }
  last_run = nullptr;
  runs.erase(run_id{run.row.id});
}

void blackboard::state::on(input::wait_idle&& in) { waiters.push_back({in.reply_to, in.run, in.scope}); }

void blackboard::state::on(input::cancel_wait&& in) {
  auto found = std::find_if(waiters.begin(), waiters.end(), [&](waiter const& w) { return w.to == in.waiting; });
  if (found == waiters.end()) return (void)end_condition(in.waiting);
  waiter const ended = *found;
  waiters.erase(found);
  out->replies.push_back(reply::idle{ended.to, true, report(ended, true)});
}

void blackboard::state::answer_idle_waiters() {
  for (std::size_t i = 0; i < waiters.size();) {
    if (awaited(waiters[i].run) > 0) {
      ++i;
      continue;
    }
    waiter const done = waiters[i];
    waiters.erase(waiters.begin() + static_cast<std::ptrdiff_t>(i));
    out->replies.push_back(reply::idle{done.to, false, report(done, false)});
  }
}

board_report blackboard::state::report(waiter const& asked, bool with_open) {
  run_id const& scope = asked.scope;
  std::optional<run_id> const& only = asked.run;
  board_report made;
  auto const tell_closed = [&](auto const& from) {
    made.activations.reserve(from.size());
    for (closed_activation const& one : from) {
      made.activations.emplace_back(one.agent->name, one.ok, one.attempt, std::chrono::nanoseconds{one.duration_ns}, one.id, one.run);
    }
  };
  if (auto* const found = runs.find(scope); !scope.empty() && found) {
    run_state& run = *found;
    tell_closed(run.closed);
    made.failures = run.failures;
    made.mismatches = run.mismatches;
    made.omitted = run.omitted;
    run.reported_closed = run.closed.size();
    run.reported_failures = run.failures.size();
    run.reported_mismatches = run.mismatches;
    run.reported_omitted = run.omitted;
  } else if (scope.empty()) {
    tell_closed(recent_closed);
    made.failures.assign(std::make_move_iterator(recent_failures.begin()), std::make_move_iterator(recent_failures.end()));
    made.mismatches = std::exchange(recent_mismatches, 0);
    made.omitted = std::exchange(recent_omitted, 0);
    recent_closed.clear();
    recent_failures.clear();
  }
  if (counters.blocked > 0 || with_open) describe_open(made, only, with_open);
  describe_groups(made, only);
  describe_embargoes(made, only);
  made.notices = take_notices(scope);
  made.batches_flushed = std::exchange(recent_flushed, 0);
  run_state const* const waited_for = only ? runs.find(*only) : nullptr;
  made.cancelled = asked.cancelled || (waited_for && waited_for->cancelled);
  return made;
}

void blackboard::state::describe_open(board_report& into, std::optional<run_id> const& only, bool with_open) const {
  std::map<std::pair<std::string, std::string>, std::uint64_t> blocked, open;
  for (auto const& [no, a] : activations) {
    bool concerned = !only;
    if (only) a.each_run([&](run_state const& run) { concerned |= run.row.id == *only; });
    if (!concerned) continue;
    if (a.is_counted_blocked()) {
      ++blocked[{a.sub->row.agent, std::string{why_blocked(a)}}];
    } else if (with_open) {
      char const* const where = a.row.state == activation_state::ready ? "ready" : a.row.state == activation_state::leased ? "leased" : "retry";
      ++open[{a.sub->row.agent, where}];
    }
  }
  for (auto const& [what, count] : blocked) into.blocked.push_back({what.first, what.second, count});
  for (auto const& [what, count] : open) into.open.push_back({what.first, what.second, count});
}

}  // namespace skein::bus
