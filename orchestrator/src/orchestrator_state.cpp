#include "orchestrator_state.hpp"

#include "open_stores.hpp"
#include "recover_spans.hpp"

#include <skein/agents/check_agent.hpp>
#include <skein/agents/invoke_span.hpp>
#include <skein/agents/publish_span.hpp>
#include <skein/registry/failure.hpp>
#include <skein/tracing/log.hpp>
#include <skein/tracing/span.hpp>
#include <skein/tracing/span_start.hpp>

#include <algorithm>
#include <thread>

namespace skein {

namespace {

/// A program that adds agents and then only waits for signals continues earlier work after this time.
constexpr std::chrono::seconds set_up_at_most{10};

unsigned thread_count(orchestrator_options const& options) {
  return options.worker_threads.value_or(std::max(1u, std::thread::hardware_concurrency()));
}

bus::hub_bus_options bus_options(orchestrator_options const& given) {
  bus::hub_bus_options made;
  made.share_steps = thread_count(given) > 0;
  made.open_activations_max = given.open_activations_max;
  made.board.artifacts_kept_max = given.artifacts_kept_max;
  made.board.report_entries_max = given.report_entries_max;
  made.board.idempotency_keys_max = given.idempotency_keys_max;
  made.board.lease = given.lease;
  made.board.grace = given.grace;
  made.board.dead_kept_max = given.dead_kept_max;
  made.board.groups_max = given.groups_max;
  made.board.embargoed_max = given.embargoed_max;
  made.board.group_bytes_max = given.group_bytes_max;
  made.board.sampled_ticks = given.tracing;
  return made;
}

}  // namespace

orchestrator::state::state(orchestrator_options given)
    : options_(std::move(given)),
      clock_(options_.clock ? *options_.clock : system_clock()),
      driven_(clock_.advance_to(clock_.now())),
      threads_(thread_count(options_)),
      started_at_(clock_.now()) {
  log_prepare();
  // The ledger first: a hub that can't have its ledger should leave no traces file behind.
  auto ledger = open_ledger(options_);
  auto sinks = options_.sinks;
  std::optional<traces_target> traces;
  if (options_.tracing) {
    traces = open_traces(options_);
    if (traces) {
      traces_path_ = traces->path;
      sinks.push_back(traces->sink);
    }
  } else {
    sinks.clear();
  }
  recorder_ = recorder::make(std::move(sinks), clock_, options_.spans);
  tracer_.emplace(recorder_, options_.tracing);
  if (options_.tracing) {
    for (auto const& run : recover_runs(*ledger, traces ? &*traces : nullptr, remote_spans_)) continue_run(run);
  }
  host_ = agents::local_host::make(*this);
  bus_ = bus::hub_bus::open(std::move(ledger), clock_, *this, bus_options(options_)).value();
  if (options_.local_link == skein::local_link::inproc) {
    link_ = bus::inproc_link::open({.hub = [this](bus::message&& m) { from_host(std::move(m)); }, .host = [this](bus::message&& m) { to_host(std::move(m)); }},
                                   threads_ > 0);
  }
  begun_ = bus_->counters().open == 0;
  if (options_.stop_on_signals) signals_ = std::make_unique<signal_watch>([this] { stop_waiting(); });
  if (!options_.listen.empty()) open_network();
  // Without threads the hub's work is done by whoever waits, but workers elsewhere are not to wait for that.
  if (threads_ == 0 && !network_) return;
  service_.start([this, begin_at = service_thread::time_point::clock::now() + set_up_at_most]() -> std::optional<service_thread::time_point> {
    bool const set_up = begun_.load(std::memory_order_acquire);
    if (!set_up && service_thread::time_point::clock::now() >= begin_at) begin_unasked();
    bus_->attend();
    auto const next = bus_->next_timer();
    // A driven clock does not pass by itself: whoever moves it runs what is due.
    if (next && !driven_) return service_thread::time_point::clock::now() + (*next - clock_.now());
    return set_up ? std::nullopt : std::optional{begin_at};
  });
  if (!begun_) (void)service_.wake();
  host_->start(threads_);
  // The link's thread wakes all that is made above.
  if (begun_ && network_) set_gate(gate::open);
}

orchestrator::state::~state() {
  signals_.reset();
  if (control_) {
    control_->refuse();
    bus_->poke();
    control_->stop();
  }
  components_.shutdown();
  if (supervisor_) supervisor_->let_end();
  host_->stop();
  // Workers report what they finish while they drain: the links and the bus behind them still work.
  if (supervisor_) supervisor_->stop();
  if (network_gate_ == gate::waiting) set_gate(gate::closed);
  if (questions_) questions_->stop();
  if (network_) network_->stop();
  if (link_) link_->stop();
  service_.stop();
  bus_->attend();
  auto const left = bus_->counters();
  // After a signal that is what was asked for.
  if (!bus_->durable() && left.open > 0 && !stopped_) {
    log_warn("the hub was destroyed with " + std::to_string(left.open) + " activations open; its ledger is memory: and keeps nothing (run_until_idle() waits for them)");
  }
  recorder_->record(remote_spans_.interrupt_all(clock_.now()));
  if (stopped_) {
    for (auto const& scope : runs_.all()) mark_cancelled(scope);
  }
  flush_while_moving();
}

void orchestrator::state::add(agent const& what) {
  auto const& descriptor = what.descriptor();
  agents::check_agent(what).value();
  for (auto const* type : what.types()) register_type(*type);
  std::lock_guard const held{adding_};
  for (auto const& present : host_->offered()) {
    if (present.name == descriptor.name) throw error{errc::misuse, "an agent of this name was added before; give it another name", descriptor.name};
  }
  host_->add(what).value();
  offer();
}

void orchestrator::state::offer() {
  bus::hello hello;
  hello.host = std::string{bus::local_host_name};
  hello.instance = 1;
  // What an earlier process left is started once the program goes on from adding its agents: all of them shall see what comes of it.
  hello.credit = begun_ ? std::max(options_.local_credit, threads_) : 0;
  hello.agents = host_->offered();
  auto const make_table = [this](bus::blackboard const& board) {
    bus::predicate_table table;
    for (auto& predicate : host_->predicates()) {
      auto const subscription = board.find_subscription(predicate.agent, predicate.ordinal);
      table[predicate.type].push_back({subscription, std::move(predicate.accepts), std::move(predicate.key)});
    }
    return table;
  };
  bus_->offer(std::move(hello), make_table).value();
  hosts_changed();
}

void orchestrator::state::begin_unasked() noexcept {
  try {
    begin();
  } catch (std::exception const& e) {
    log_warn(std::string{"cannot continue what an earlier process left open: "} + e.what());
  }
}

void orchestrator::state::begin() {
  if (begun_.load(std::memory_order_acquire)) return;
  std::lock_guard const held{adding_};
  if (begun_.exchange(true)) return;
  set_gate(gate::open);
  offer();
}

// --- runs --------------------------------------------------------------------------------------------------------------------------

std::shared_ptr<run_scope> orchestrator::state::make_scope(run_id id, span_context const& remote_parent) {
  auto scope = std::make_shared<run_scope>();
  scope->id = id;
  scope->trace = remote_parent.valid() ? remote_parent.trace : trace_of(id);
  scope->recorder = recorder_;
  // Whoever began the trace elsewhere has decided for all of it.
  scope->recording = options_.tracing && (!remote_parent.valid() || remote_parent.is_sampled());
  if (!scope->recording) scope->flags = span_context::random;
  return scope;
}

void orchestrator::state::open_run(std::shared_ptr<run_scope> const& scope, std::string name) {
  begin();
  runs_.add(scope);
  tracer_->adopt(scope);
  if (auto ok = bus_->open_run({scope->id, std::move(name), scope->context()}); !ok) {
    runs_.remove(scope->id);
    ok.value();
  }
}

void orchestrator::state::continue_run(left_run const& left) {
  auto const scope = make_scope(left.row.id, left.row.root);
  scope->flags = left.row.root.flags;
  scope->root = left.row.root.span;
  runs_.add(scope);
  scope->begin(left.known.name, left.known.start);
  for (auto const& one : left.known.attributes) scope->set_attribute(one.key, one.value);
  for (auto const& one : left.known.tags) scope->set_tag(one.key, one.value);
  if (!left.known.session.empty()) scope->set_session(left.known.session);
  if (!left.known.user.empty()) scope->set_user(left.known.user);
  if (!left.known.request_preview.empty()) scope->set_request_preview(left.known.request_preview);
  if (!left.known.response_preview.empty()) scope->set_response_preview(left.known.response_preview);
}

void orchestrator::state::close_run(run_scope const& scope, bool failed) {
  // Marked first: the run may end with its body.
  auto const known = stopped_ ? runs_.find(scope.id) : nullptr;
  if (known) mark_cancelled(known);
  bus_->release_run(scope.id, failed);
  if (scope.recording) flush_while_moving();
}

void orchestrator::state::mark_cancelled(std::shared_ptr<run_scope> const& scope) {
  runs_.mark_cancelled(scope->id);
  if (scope->recording) scope->end(run_status::cancelled, clock_.now());
}

void orchestrator::state::flush_while_moving() {
  // A long queue takes its time; only a writer that writes nothing at all is given up on.
  for (auto written = recorder_->counters().written;;) {
    auto const done = recorder_->flush(std::chrono::seconds{10});
    auto const now_written = recorder_->counters().written;
    if (done || done.error().code() != errc::timeout || now_written == written) return;
    written = now_written;
  }
}

std::shared_ptr<run_scope> orchestrator::state::scope_of(bus::artifact_data const& newest) {
  return runs_.find_or_make(newest.run, [&] {
    // A run of an earlier process: its row is in the store, what continues is recorded under the same ids.
    auto scope = make_scope(newest.run, newest.context);
    scope->flags = newest.context.flags;
    scope->recording = options_.tracing && newest.context.is_sampled();
    // A run that the board has opened by itself.
    if (newest.type == type_of<tick>().name) {
      scope->root = newest.context.span;
      if (scope->recording) scope->begin("publish " + newest.type, newest.created_at);
    }
    return scope;
  });
}

void orchestrator::state::ended(bus::run_ended const& run) {
  bool const cancelled = runs_.is_cancelled(run.run.id);
  auto const scope = runs_.remove(run.run.id);
  if (!scope || !scope->recording) return;
  for (std::uint64_t i = 0; i < run.run.failures; ++i) scope->add_failure();
  scope->end(cancelled ? run_status::cancelled : run.run.status, run.at);
}

void orchestrator::state::announced(bus::announcement const& made) {
  auto const& artifact = *made.artifact;
  if (remote_spans_.has(artifact.context.span)) return;
  auto const scope = scope_of(artifact);
  span_context const parent{artifact.context.trace, made.parent, artifact.context.flags};
  auto start = agents::publish_span(artifact.type, artifact.id, parent, artifact.created_at);
  start.id = artifact.context.span;  // a worker chooses its own
  start_span(scope, std::move(start)).end_at(artifact.created_at);
}

// --- between bus and host ----------------------------------------------------------------------------------------------------------

void orchestrator::state::send(std::vector<bus::outgoing>&& messages) {
  bool const shown = components_.any(detail::hub_hook::before_schedule) || components_.any(detail::hub_hook::agent_scheduled);
  bool const local = std::any_of(messages.begin(), messages.end(), [](auto const& one) { return one.to == bus::local_host_key; });
  if (!shown && !local) {
    if (network_) network_->send(std::move(messages));
    return;
  }
  for (auto& one : messages) shown ? send_shown(std::move(one)) : send_one(std::move(one));
  // Without threads of its own the hub's work is done by whoever waits.
  if (threads_ == 0 && link_ && local) bus_->poke();
}

void orchestrator::state::send_one(bus::outgoing&& one) {
  if (one.to != bus::local_host_key) {
    if (network_) network_->send(one.to, std::move(one.message));
  } else if (link_) {
    link_->to_host(std::move(one.message));
  } else {
    to_host(std::move(one.message));
  }
}

/// Before and after what a message schedules leaves, components are told.
void orchestrator::state::send_shown(bus::outgoing&& one) {
  auto const* const leaving = std::get_if<bus::deliver>(&one.message);
  auto const deliveries = leaving ? leaving->deliveries : std::vector<bus::delivery>{};
  bool const local = one.to == bus::local_host_key;
  auto const tell = [&](detail::hub_hook hook, auto call) {
    if (!components_.any(hook)) return;
    for (auto const& work : deliveries) {
      auto const& newest = agents::newest_of(work.inputs);
      (components_.*call)({work.agent, work.activation, work.inputs, local}, scope_of(newest), newest.context);
    }
  };
  tell(detail::hub_hook::before_schedule, &hub_components::before_schedule);
  send_one(std::move(one));
  tell(detail::hub_hook::agent_scheduled, &hub_components::agent_scheduled);
}

void orchestrator::state::to_host(bus::message&& message) {
  // Of the other kinds (welcome, done_ok, stale) a host in the hub's own process has no use: it cannot be lost.
  if (auto* work = std::get_if<bus::deliver>(&message)) host_->enqueue(std::move(work->deliveries));
  if (auto const* unwanted = std::get_if<bus::cancel>(&message)) host_->cancel(unwanted->activation);
}

void orchestrator::state::from_host(bus::message&& message) {
  if (auto* result = std::get_if<bus::done>(&message)) (void)bus_->done(std::move(*result));
}

bool orchestrator::state::complete(bus::done&& result) {
  if (link_) {
    link_->to_hub(std::move(result));
    return false;
  }
  return bus_->done(std::move(result));
}

void orchestrator::state::attend() { bus_->attend(); }
bool orchestrator::state::wake() { return service_.wake(); }

std::vector<bus::artifact_ptr> orchestrator::state::query(std::string_view type, artifact_filter const& filter) {
  begin();
  auto found = filter.all_sessions ? bus_->stored_artifacts(type).value() : bus_->artifacts(type);
  // What is not routed is between an invoked agent and its caller.
  auto const now = clock_.now();
  std::erase_if(found, [&](auto const& one) { return !one->routed || bus::is_embargoed(*one, now) || !filter.accepts(*one); });
  if (filter.limit > 0 && found.size() > filter.limit) found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(filter.limit));
  return found;
}

// --- waiting -----------------------------------------------------------------------------------------------------------------------

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

// --- control -----------------------------------------------------------------------------------------------------------------------

bool orchestrator::state::cancel_run(run_id const& run) {
  begin();
  auto const cancelled = bus_->cancel_work({.run = run});
  if (!cancelled && cancelled.error().code() == errc::not_found) return false;
  (void)cancelled.value();
  return true;
}

std::uint64_t orchestrator::state::cancel_agent(std::string_view agent) {
  begin();
  require_agent(agent);
  return bus_->cancel_work({.agent = std::string{agent}}).value();
}

void orchestrator::state::pause_agent(std::string_view agent, bool paused) {
  begin();
  require_agent(agent);
  bus_->pause({.agent = std::string{agent}, .paused = paused}).value();
}

void orchestrator::state::pause_run(run_id const& run, bool paused) {
  begin();
  bus_->pause({.run = run, .paused = paused}).value();
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
  made.activations.reserve(from.activations.size());
  for (auto& a : from.activations) made.activations.emplace_back(std::move(a.agent), a.ok, a.attempt, elapsed{a.duration}, a.id, a.run);
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

std::string const& orchestrator::state::traces_path() const {
  if (traces_path_.empty()) throw error{errc::misuse, "this hub keeps no traces file; set .traces = \"sqlite:PATH\""};
  return traces_path_;
}

}  // namespace skein
