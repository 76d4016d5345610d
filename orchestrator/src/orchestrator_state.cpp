#include "orchestrator_state.hpp"

#include "open_stores.hpp"
#include "recover_spans.hpp"

#include <skein/agents/check_agent.hpp>
#include <skein/agents/invoke_span.hpp>
#include <skein/tracing/log.hpp>

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

std::string const& orchestrator::state::traces_path() const {
  if (traces_path_.empty()) throw error{errc::misuse, "this hub keeps no traces file; set .traces = \"sqlite:PATH\""};
  return traces_path_;
}

}  // namespace skein
