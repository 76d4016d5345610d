// Everything behind the orchestrator's face: the bus, the local host, the runs that are known, the recorder, and the thread that sees
// to commits and timers when nobody else does.
#pragma once

#include <skein/agents/local_host.hpp>
#include <skein/bus/hub_bus.hpp>
#include <skein/bus/inproc_link.hpp>
#include <skein/orchestrator/orchestrator.hpp>
#include <skein/registry/type_registry.hpp>
#include <skein/tracing/run_scope.hpp>
#include <skein/tracing/sqlite_sink.hpp>

#include "recover_spans.hpp"
#include "run_table.hpp"
#include "service_thread.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

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
  run_report wait_idle(std::optional<run_id> only, std::optional<std::chrono::nanoseconds> timeout);
  void run_pending();
  bool flush(std::chrono::nanoseconds timeout);
  [[nodiscard]] std::string const& traces_path() const;

  // For traced_run.
  [[nodiscard]] bool owns(ambient const& where) const noexcept { return where.run && where.run->recorder == recorder_; }
  std::shared_ptr<run_scope> make_scope(run_id id, span_context const& remote_parent);
  void open_run(std::shared_ptr<run_scope> const& scope, std::string name);
  void close_run(run_scope const& scope, bool failed);

  // bus::hub_port
  void send(std::vector<bus::outgoing>&& messages) override;
  void announced(bus::announcement const& made) override;
  void ended(bus::run_ended const& run) override;
  std::vector<bus::attempt_ref> held() override { return host_->held(); }
  bool wake() override;

  // agents::host_environment
  clock& time() noexcept override { return clock_; }
  std::shared_ptr<run_scope> scope_of(bus::artifact_data const& newest) override;
  bool complete(bus::done&& result) override;
  void attend() override;
  std::vector<bus::artifact_ptr> query(std::string_view type, artifact_filter const& filter) override;
  result<void> check(payload const& value) const override;

  [[nodiscard]] std::shared_ptr<skein::recorder> const& recorder() const noexcept { return recorder_; }
  [[nodiscard]] skein::tracer const& tracer() const noexcept { return *tracer_; }

 private:
  /// One publish on its way: where it belongs, and its span.
  struct outgoing_publish {
    bus::input::publish input;
    std::shared_ptr<run_scope> run;
    bool own_run = false;   // outside any run: it is its own
    span_handle span;
  };
  outgoing_publish prepare(artifact_type const& type, payload value, publish_options options, bool routed);
  void settle(outgoing_publish& sent, result<bus::reply::published> const& how);
  void register_type(artifact_type const& type);
  void refuse_inside_handler(std::string_view what) const;
  void pump(bus::hub_bus::pending& wait, std::optional<timestamp> deadline);
  void work_until(bus::hub_bus::pending& wait, std::optional<timestamp> deadline);
  void offer();
  void begin();
  void begin_unasked() noexcept;
  void continue_run(left_run const& left);
  void flush_while_moving();
  void to_host(bus::message&& message);
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
  run_table runs_;
  std::unique_ptr<agents::local_host> host_;
  std::unique_ptr<bus::hub_bus> bus_;
  std::unique_ptr<bus::inproc_link> link_;    // null: direct
  service_thread service_;
  std::mutex adding_;                         // one agent is added at a time
  std::atomic<bool> begun_ = false;           // the program has added its agents and goes on
};

}  // namespace skein
