// Timers: subscriptions whose artifacts, skein.tick, the board publishes by itself.
#include "blackboard_state.hpp"

#include <skein/registry/artifact_traits.hpp>
#include <skein/registry/cron.hpp>
#include <skein/registry/failure.hpp>

#include <algorithm>

namespace skein::bus {

namespace {

/// When it is due after `from`; zero = never. `every` keeps its phase: its due times are `from` and whole periods.
timestamp due_after(timer_schedule const& schedule, timestamp from, timestamp now) {
  if (schedule.every.count() > 0) {
    auto const periods = now < from ? 1 : (now - from) / schedule.every + 1;
    if (periods > (timestamp::max() - from) / schedule.every) return {};
    return from + periods * schedule.every;
  }
  if (schedule.cron.empty()) return {};
  auto const parsed = parse_cron(schedule.cron);
  return parsed ? next_after(*parsed, std::max(from, now)).value_or(timestamp{}) : timestamp{};
}

due_timer due_of(subscription const& sub) noexcept { return {sub.timer.next_due, due_timer::kind::tick, sub.row.no}; }

}  // namespace

std::optional<error> blackboard::state::objection(timer_schedule const& schedule) {
  int const given = (schedule.every.count() != 0) + (schedule.at != timestamp{}) + !schedule.cron.empty();
  if (given != 1 || schedule.every.count() < 0 || schedule.at < timestamp{}) {
    return error{errc::invalid_argument, "a timer needs one of `every` (above 0), `at` (after 1970) and `cron`"};
  }
  if (schedule.cron.empty()) return std::nullopt;
  auto const parsed = parse_cron(schedule.cron);
  return parsed ? std::nullopt : std::optional{parsed.error()};
}

void blackboard::state::start_timer(subscription& sub) {
  if (out == &at_start) return;  // restore_timers() does it
  set_timer(sub);
  tick_is_due(sub.row.no);
}

/// Goes on where it stood, or begins.
void blackboard::state::set_timer(subscription& sub) {
  auto const& schedule = sub.descriptor.timer;
  if (sub.timer.subscription == 0) {
    sub.timer = {sub.row.no, schedule.at != timestamp{} ? schedule.at : due_after(schedule, now, now), 0};
    change_to(sub.timer);
  }
  if (sub.timer.next_due != timestamp{}) dues.push(due_of(sub));
}

void blackboard::state::stop_timer(subscription& sub) {
  if (sub.timer.next_due != timestamp{}) dues.erase(due_of(sub));
}

void blackboard::state::tick_is_due(subscription_no no) {
  subscription& sub = *subscriptions[no - 1];
  timestamp const due = sub.timer.next_due;
  if (!sub.active || due == timestamp{} || due > now) return;
  dues.erase(due_of(sub));
  auto const& schedule = sub.descriptor.timer;
  timestamp const following = due_after(schedule, due, due);
  sub.timer.next_due = due_after(schedule, due, now);
  if (following != timestamp{} && following <= now) tell("tick_missed", sub.row.agent, "several ticks were due while nobody looked; one stands for them all", {});
  if (activations.contains(sub.tick)) {
    ++counters.ticks_skipped;
    tell("tick_skipped", sub.row.agent, "the tick before is still open; make the handler faster or the timer slower", {});
  } else {
    publish_tick(sub, due);
  }
  change_to(sub.timer);
  if (sub.timer.next_due != timestamp{}) dues.push(due_of(sub));
}

void blackboard::state::publish_tick(subscription& sub, timestamp due) {
  ++sub.timer.number;
  ++counters.ticks;
  // All of it follows from the timer and the due time: a tick that is published again, because its commit was lost, is the same one.
  artifact_data cause;
  cause.run = derive_run_id(sub.identity, due.time_since_epoch().count());
  cause.correlation = cause.run.to_string();
  cause.context = {trace_of(cause.run), {}, limits.sampled_ticks ? span_context::sampled : std::uint8_t{0}};
  artifact_id const id = derive_artifact_id(activation_id{cause.run.bytes()}, 0);
  tick value{static_cast<std::int64_t>(sub.timer.number), std::chrono::time_point_cast<decltype(tick::at)::duration>(due)};
  run_state& run = run_of(cause.run, {cause.context.trace, derive_publish_span_id(id), cause.context.flags});
  artifact_ptr const made = make_own(type_of<tick>(), make_payload(value), id, cause, sub.row.agent);
  out->announcements.push_back({made, {}});
  if (activation const* const opened = open(sub, made, false)) sub.tick = opened->row.no;
  touch(run);
}

void blackboard::state::restore_timers(std::vector<timer_row>& rows) {
  for (auto const& row : rows) {
    if (row.subscription != 0 && row.subscription <= subscriptions.size()) subscriptions[row.subscription - 1]->timer = row;
  }
  for (auto const& sub : subscriptions) {
    if (sub->active && sub->descriptor.grouping == grouping::timer) set_timer(*sub);
  }
  for (auto const& [no, a] : activations) {
    if (a.newest().type == type_of<tick>().name) a.sub->tick = std::max(a.sub->tick, no);
  }
}

}  // namespace skein::bus
