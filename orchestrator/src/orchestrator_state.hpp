// Everything behind the orchestrator's face: the bus, the local host, the runs that are known, the recorder, and the thread that sees
// to commits and timers when nobody else does.
#pragma once

#include <skein/agents/local_host.hpp>
#include <skein/agents/publish_templates.hpp>
#include <skein/bus/hub_bus.hpp>
#include <skein/bus/inproc_link.hpp>
#include <skein/bus/network_link.hpp>
#include <skein/orchestrator/orchestrator.hpp>
#include <skein/registry/type_registry.hpp>
#include <skein/tracing/run_scope.hpp>
#include <skein/tracing/sqlite_sink.hpp>

#include "control_requests.hpp"
#include "control_server.hpp"
#include "hub_components.hpp"
#include "notice_log.hpp"
#include "progress_watchers.hpp"
#include "question_thread.hpp"
#include "recover_spans.hpp"
#include "remote_spans.hpp"
#include "run_table.hpp"
#include "service_thread.hpp"
#include "signal_watch.hpp"
#include "supervisor.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace skein {

class orchestrator::state final : public bus::hub_port, public agents::host_environment {
 public:
  explicit state(orchestrator_options given);
  ~state() override;

  // The edge; each throws skein::error.
  void add(agent const& what);
  artifact_id publish(artifact_type const& type, payload value, publish_options options);
  std::vector<artifact_id> publish_all(artifact_type const& type, std::vector<payload> values, publish_options const& options);
  std::future<artifact_id> publish_async(artifact_type const& type, payload value, publish_options options);
  std::vector<bus::artifact_ptr> invoke(std::string_view agent, artifact_type const& type, payload value, std::chrono::nanoseconds timeout,
                                        invoke_options options);
  std::vector<bus::artifact_ptr> invoke(std::string_view agent, std::vector<typed_payload> group, std::chrono::nanoseconds timeout, invoke_options options);
  void install(detail::installed_hub_component component) { components_.add(std::move(component)); }
  bool run_until(until const& condition, std::optional<std::chrono::nanoseconds> timeout);
  bool cancel_run(run_id const& run);
  std::uint64_t cancel_agent(std::string_view agent);
  void pause_agent(std::string_view agent, bool paused);
  void pause_run(run_id const& run, bool paused);
  watching watch(std::function<void(progress const&)> watcher) { return watchers_.add(std::move(watcher)); }
  run_report wait_idle(std::optional<run_id> only, std::optional<std::chrono::nanoseconds> timeout) { return wait_idle(only, timeout, {}); }
  void run_pending();
  bool flush(std::chrono::nanoseconds timeout);
  [[nodiscard]] std::string const& traces_path() const;
  launched launch(launch_options const& options);
  void wait_for_agents(std::vector<std::string> const& agents, std::chrono::nanoseconds timeout);
  [[nodiscard]] std::vector<std::string> endpoints() const;
  /// Opens the control socket; publishes for it through `face`, which must outlive this.
  void listen_for_commands(orchestrator& face);

  // For traced_run.
  [[nodiscard]] bool owns(ambient const& where) const noexcept { return where.run && where.run->recorder == recorder_; }
  std::shared_ptr<run_scope> make_scope(run_id id, span_context const& remote_parent);
  void open_run(std::shared_ptr<run_scope> const& scope, std::string name);
  void close_run(run_scope const& scope, bool failed);

  // bus::hub_port
  void send(std::vector<bus::outgoing>&& messages) override;
  void announced(bus::announcement const& made) override;
  void ended(bus::run_ended const& run) override;
  void lost(bus::lost_attempt const& what) override;
  void untraced(bus::untraced_attempt const& what) override;
  void noticed(bus::notice const& what) override;
  void inspect(bus::done& result) override;
  void progressed(bus::progress&& what) override;
  void recorded(bus::remote_record&& what) override;
  void asked(bus::host_key from, bus::query&& what) override;
  std::vector<bus::attempt_ref> held() override { return host_->held(); }
  bool wake() override;

  // agents::host_environment
  clock& time() noexcept override { return clock_; }
  std::shared_ptr<run_scope> scope_of(bus::artifact_data const& newest) override;
  std::optional<std::uint64_t> scopes_version() const noexcept override { return runs_.version(); }
  bool complete(bus::done&& result) override;
  void attend() override;
  std::vector<bus::artifact_ptr> query(std::string_view type, artifact_filter const& filter) override;
  void stream(bus::progress&& what) override { watchers_.tell(what); }
  result<void> check(payload const& value) const override;
  void left_to_callers() override { bus_->poke(); }

  [[nodiscard]] std::shared_ptr<skein::recorder> const& recorder() const noexcept { return recorder_; }
  [[nodiscard]] skein::tracer const& tracer() const noexcept { return *tracer_; }

 private:
  /// One publish on its way that has a span or a run of its own, or that components look at.
  struct outgoing_publish {
    std::shared_ptr<run_scope> run;
    bool own_run = false;   // outside any run: it is its own
    span_handle span;
  };
  /// Where an artifact goes: by where its thread is, or into the run of another one, below it.
  struct place {
    std::shared_ptr<run_scope> run;
    bool own_run = false;
    bool outside = false;     // of any traced_run
    span_context parent;
    std::string correlation;  // of what is published without one: within a run artifacts meet within that run, outside any they share one pool
    timestamp at{};           // when the call began
  };
  [[nodiscard]] place place_here(timestamp at);
  /// What all artifacts of one call have in common is looked at once.
  void begin_publish(artifact_type const& type);
  [[nodiscard]] std::shared_ptr<bus::artifact_data> make_artifact(artifact_type const& type, payload&& value, publish_options const& options, bool routed,
                                                                  place const& where);
  /// Whether nobody but the board hears of it: then it needs no outgoing_publish.
  [[nodiscard]] bool is_silent(place const& where);
  outgoing_publish tell_of(artifact_type const& type, bus::artifact_data& artifact, place const& where);
  [[nodiscard]] span_handle start_publish_span(artifact_type const& type, bus::artifact_data const& artifact, place const& where, std::shared_ptr<run_scope> run);
  void settle(outgoing_publish& sent, result<bus::reply::published> const& how);
  void settle_all(std::vector<outgoing_publish>& sent, error const& why);
  void show_to_components(outgoing_publish& sent, bus::artifact_data& artifact);
  std::vector<bus::artifact_ptr> await_invoked(std::string_view agent, bus::hub_bus::pending& wait, std::optional<timestamp> deadline, artifact_id const& id);
  void require_agent(std::string_view agent);
  void send_one(bus::outgoing&& one);
  void send_shown(bus::outgoing&& one);
  [[nodiscard]] span_handle wait_span(char const* name);
  void register_type(artifact_type const& type);
  void refuse_inside_handler(std::string_view what) const;
  /// Says that a wait shall end early; asked every second. Empty: never. Such a wait belongs to no thread of the program: it runs no handlers.
  using given_up = std::function<bool()>;
  run_report wait_idle(std::optional<run_id> only, std::optional<std::chrono::nanoseconds> timeout, given_up const& end_early);
  /// `for_condition`: a driven clock may jump whenever nothing can run, not only when open work waits for time.
  void pump(bus::hub_bus::pending& wait, std::optional<timestamp> deadline, given_up const& end_early, bool for_condition = false);
  void work_until(bus::hub_bus::pending& wait, std::optional<timestamp> deadline, given_up const& end_early, bool for_condition);
  void offer();
  void begin();
  void begin_unasked() noexcept;
  void continue_run(left_run const& left);
  void flush_while_moving();
  void to_host(bus::message&& message);
  void open_network();
  void from_network(bus::host_key from, std::span<bus::message> all, std::string_view principal);
  bus::query_result answer(bus::query const& what);
  void worker_ended(worker_status const& how);
  void hosts_changed();
  [[nodiscard]] std::vector<std::string> missing(std::vector<std::string> const& agents);
  control_published publish_for_command(orchestrator& face, control_publish&& what, given_up const& abandoned);
  void stop_waiting();
  [[nodiscard]] bool records(run_id const& run, span_context const& context) const;
  [[nodiscard]] bool left_no_trace(run_id const& run) const;
  void mark_cancelled(std::shared_ptr<run_scope> const& scope);
  void from_host(bus::message&& message);
  run_report to_report(bus::reply::idle answer, std::optional<run_id> scope);
  std::optional<span_tree> read_trace(run_id const& run);

  orchestrator_options const options_;
  clock& clock_;
  bool const driven_;                         // the clock only moves when told
  unsigned const threads_;
  std::string traces_path_;                   // empty: none
  std::shared_ptr<skein::recorder> recorder_;
  std::optional<skein::tracer> tracer_;
  type_registry types_;
  agents::publish_templates templates_;
  run_table runs_;
  std::unique_ptr<agents::local_host> host_;
  std::unique_ptr<bus::hub_bus> bus_;
  std::unique_ptr<bus::inproc_link> link_;    // null: direct
  hub_components components_;
  progress_watchers watchers_;
  notice_log notices_;
  std::atomic<std::uint64_t> blocked_here_ = 0;   // artifacts that the board never heard of, because a component blocked them
  timestamp const started_at_;
  remote_spans remote_spans_;
  std::atomic<bool> stopped_ = false;         // by a signal: no wait goes on
  std::mutex hosts_mutex_;
  std::condition_variable hosts_changed_;
  std::uint64_t hosts_changes_ = 0;
  std::string given_up_;                      // launched workers that are not started again, for messages
  std::unique_ptr<question_thread> questions_;                 // null: nobody in another process can ask
  std::unique_ptr<bus::network_link> network_;                 // null: nobody can connect
  /// Opened once the program has added its agents: what a worker finishes before that would not be routed to them.
  enum class gate : std::uint8_t { waiting = 0, open, closed };
  std::atomic<gate> network_gate_ = gate::waiting;
  void set_gate(gate to) noexcept;
  std::mutex launching_;
  std::shared_ptr<supervisor> supervisor_;                     // null: nothing was launched
  std::optional<control_target> control_target_;
  std::unique_ptr<control_server> control_;                    // null: no control socket
  std::unique_ptr<signal_watch> signals_;                      // null: signals are the program's
  service_thread service_;
  std::mutex adding_;                         // one agent is added at a time
  std::atomic<bool> begun_ = false;           // the program has added its agents and goes on
};

}  // namespace skein
