// Waiting: threads of the program run what is ready, or sleep, until the board answers; and what they are told then.
#include "orchestrator_state.hpp"

#include <skein/tracing/span.hpp>
#include <skein/tracing/span_start.hpp>

#include <algorithm>

namespace skein {

void orchestrator::state::refuse_inside_handler(std::string_view what) const {
  if (host_->current_frame()) {
    throw error{errc::misuse, std::string{what} + " inside a handler would wait for itself; return, or publish and let another agent go on"};
  }
}

void orchestrator::state::pump(bus::hub_bus::pending& wait, std::optional<timestamp> deadline, given_up const& end_early, bool for_condition) {
  work_until(wait, deadline, end_early, for_condition);
  // What this thread leaves undone may be what another one waits for.
  if (threads_ == 0) bus_->poke();
}

void orchestrator::state::work_until(bus::hub_bus::pending& wait, std::optional<timestamp> deadline, given_up const& end_early, bool for_condition) {
  auto const is_over = [&] { return bus_->ready(wait) || stopped_ || (deadline && clock_.now() >= *deadline); };
  // What went into the link is delivered before anything else starts.
  std::function<bool()> const enough = [&] { return link_ != nullptr || is_over(); };
  for (;;) {
    auto const pokes = bus_->pokes();
    if (bus_->ready(wait)) return;
    if (stopped_ || (end_early && end_early())) return bus_->cancel(wait);
    if (threads_ == 0 && !end_early && ((link_ && link_->poll()) || host_->run_ready(enough))) {
      if (!deadline || clock_.now() < *deadline) continue;
    }
    bus_->attend();
    if (bus_->ready(wait)) return;
    if (deadline && clock_.now() >= *deadline) return bus_->cancel(wait);
    auto next = bus_->next_timer();
    if (deadline && (!next || *deadline < *next)) next = deadline;
    if (driven_ && next && (bus_->waits_only_for_time() || (for_condition && bus_->stands_still()))) {
      clock_.advance_to(*next);
      continue;
    }
    auto until = std::optional<std::chrono::steady_clock::time_point>{};
    if (next && !driven_) until = std::chrono::steady_clock::now() + (*next - clock_.now());
    if (end_early) until = std::min(until.value_or(std::chrono::steady_clock::time_point::max()), std::chrono::steady_clock::now() + std::chrono::seconds{1});
    (void)bus_->wait(wait, pokes, until);
  }
}

run_report orchestrator::state::wait_idle(std::optional<run_id> only, std::optional<std::chrono::nanoseconds> timeout, given_up const& end_early) {
  refuse_inside_handler("run_until_idle");
  begin();
  auto const deadline = timeout ? std::optional{clock_.now() + *timeout} : std::nullopt;
  auto const here = current_ambient();
  run_id const scope = only ? *only : owns(here) ? here.run->id : run_id{};
  auto span = wait_span("run_until_idle");
  auto const wait = bus_->begin_wait(only, scope);
  pump(*wait, deadline, end_early);
  auto answer = bus_->take(*wait);
  if (!answer) span.record_exception(answer.error());
  auto report = to_report(std::get<bus::reply::idle>(std::move(answer).value()), scope.empty() ? std::nullopt : std::optional{scope});
  if (!only && report.reason == "idle" && components_.any(detail::hub_hook::idle)) components_.idle(owns(here) ? here.run : nullptr, span.context());
  span.set_attribute("skein.wait.reason", report.reason);
  span.end();
  return report;
}

span_handle orchestrator::state::wait_span(char const* name) {
  auto const& here = current_ambient();
  if (!owns(here)) return {};
  span_start start;
  start.name = name;
  start.type = span_type::wait;
  start.parent = current_span().context();
  start.scope = "skein";
  return start_span(here.run, std::move(start));
}

bool orchestrator::state::run_until(until const& condition, std::optional<std::chrono::nanoseconds> timeout) {
  refuse_inside_handler("run_until");
  begin();
  auto const deadline = timeout ? std::optional{clock_.now() + *timeout} : std::nullopt;
  auto span = wait_span("run_until");
  auto const wait = bus_->begin_wait(condition.condition());
  pump(*wait, deadline, {}, true);
  auto answer = bus_->take(*wait);
  if (!answer) span.record_exception(answer.error());
  bool const met = std::get<bus::reply::met>(answer.value()).holds;
  span.set_attribute("skein.wait.reason", met ? "met" : stopped_ ? "cancelled" : "timeout");
  span.end();
  return met;
}

void orchestrator::state::run_pending() {
  refuse_inside_handler("run_pending");
  begin();
  for (;;) {
    bus_->attend();
    bool moved = false;
    while (threads_ == 0 && ((link_ && link_->poll()) || host_->run_one())) moved = true;
    if (!moved) return;
  }
}

run_report orchestrator::state::to_report(bus::reply::idle answer, std::optional<run_id> scope) {
  run_report made;
  auto& from = answer.report;
  // What was told to stop has not come to its end, even where nothing is left to do.
  made.reason = stopped_ || from.cancelled ? "cancelled" : answer.timed_out ? "timeout" : "idle";
  made.activations = std::move(from.activations);
  for (auto& f : from.failures) made.failures.push_back({std::move(f.agent), std::move(f.error_type), std::move(f.what), f.attempt, f.id, f.run});
  for (auto& b : from.blocked) made.blocked.push_back({std::move(b.agent), std::move(b.reason), b.count});
  for (auto& o : from.open) made.open.push_back({std::move(o.agent), std::move(o.state), o.count});
  for (auto& s : from.stranded) made.stranded.push_back({std::move(s.agent), std::move(s.missing), std::move(s.correlation), s.count});
  for (auto& n : from.notices) made.notices.push_back({std::move(n.kind), std::move(n.agent), std::move(n.what), n.count});
  made.batches_flushed = from.batches_flushed;
  made.mismatches = from.mismatches;
  made.omitted = from.omitted;
  if (!scope && !made.activations.empty()) {
    auto const& first = made.activations.front().run;
    if (std::all_of(made.activations.begin(), made.activations.end(), [&](auto const& a) { return a.run == first; })) scope = first;
  }
  if (scope && !traces_path_.empty()) made.read_trace = [this, run = *scope] { return read_trace(run); };
  return made;
}

std::optional<span_tree> orchestrator::state::read_trace(run_id const& run) {
  (void)flush(std::chrono::seconds{10});
  try {
    return trace_store{traces_path_}.tree(run);
  } catch (error const&) {
    return std::nullopt;  // unsampled, or the file could not be written; the writer has said so
  }
}

bool orchestrator::state::flush(std::chrono::nanoseconds timeout) {
  if (!host_->current_frame()) bus_->attend();
  return recorder_->flush(timeout).ok();
}

}  // namespace skein
