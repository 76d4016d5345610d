// The hub: owns the board, runs the agents, records the traces.
#pragma once

#include <skein/agents/agent.hpp>
#include <skein/agents/artifact.hpp>
#include <skein/agents/publish_options.hpp>
#include <skein/orchestrator/launch.hpp>
#include <skein/orchestrator/options.hpp>
#include <skein/orchestrator/run_report.hpp>
#include <skein/tracing/trace_store.hpp>
#include <skein/tracing/tracer.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skein {

/// How an agent is invoked directly.
struct invoke_options {
  bool publish = false;   ///< True: what the agent makes is offered to other agents too.
};

/// A hub. Thread-safe, except for construction and destruction. Every call may throw skein::error. Construction opens (and locks) the
/// ledger and continues what an earlier process left open in it. Destruction starts nothing new, finishes running handlers, leaves the
/// rest in a durable ledger (a memory ledger's rest is lost, and said so in one warning), and flushes spans.
class orchestrator {
 public:
  /// errc::locked (another hub has the ledger; names its pid), corrupt, unsupported_version, io_failed, invalid_argument (options).
  explicit orchestrator(orchestrator_options options = {});
  ~orchestrator();
  orchestrator(orchestrator const&) = delete;
  orchestrator& operator=(orchestrator const&) = delete;

  /// Adds an agent; it takes what is published from here on, and open work that an earlier process left for it. That work starts
  /// with the first call of another kind (a publish, a run, a wait, a look at the artifacts), or, where there are worker threads,
  /// 10 s after the hub was made: add all agents before.
  /// errc::invalid_argument (name), misuse (the name is taken), type_conflict (two C++ types under one wire name; names both).
  void add(agent const& what);

  /// Publishes and returns the artifact's id once it is committed. Inside a handler of this hub it is ctx.publish(). Blocks for the
  /// ledger, and while the board is full. errc::busy, ledger_failed, type_conflict, too_large.
  template <artifact_value T>
  artifact_id publish(T value, publish_options options = {}) {
    return publish_payload(type_of<T>(), make_payload(std::move(value)), std::move(options));
  }
  /// Publishes all in one commit, in order.
  template <std::ranges::input_range Range>
    requires artifact_value<std::ranges::range_value_t<Range>>
  std::vector<artifact_id> publish_all(Range&& values, publish_options const& options = {}) {
    using value = std::ranges::range_value_t<Range>;
    std::vector<payload> payloads;
    for (auto&& one : values) payloads.push_back(make_payload(value(one)));
    return publish_payloads(type_of<value>(), std::move(payloads), options);
  }
  /// Publishes without waiting; the future has the id once it is committed, or the error.
  template <artifact_value T>
  std::future<artifact_id> publish_async(T value, publish_options options = {}) {
    return publish_payload_async(type_of<T>(), make_payload(std::move(value)), std::move(options));
  }

  /// Waits until no work is open on the whole board, exactly; with a driven clock, time jumps to the next timer by itself. The report
  /// covers the run that the caller is in, or, outside any, what closed since the last such report. A timeout is a reason in the
  /// report. errc::misuse inside a handler, ledger_failed.
  run_report run_until_idle(std::optional<std::chrono::nanoseconds> timeout = std::nullopt);
  /// Runs what is due at this moment on the calling thread, and returns: for worker_threads = 0.
  void run_pending();

  /// The artifacts of a type that this hub's session has published, oldest first.
  template <artifact_value T>
  [[nodiscard]] std::vector<artifact<T>> artifacts(artifact_filter const& filter = {}) const {
    std::vector<artifact<T>> found;
    for (auto& data : find_artifacts(type_of<T>().name, filter)) {
      if (auto typed = artifact<T>::of(std::move(data))) found.push_back(std::move(*typed));
    }
    return found;
  }

  /// Runs one agent directly with this input and returns its artifacts of type U. Nobody else sees input or output, unless
  /// options.publish. errc::not_found (agent), invalid_argument (it does not take T), handler_failed, timeout, misuse inside a handler.
  template <artifact_value U, artifact_value T>
  std::vector<artifact<U>> invoke(std::string_view agent, T input, std::chrono::nanoseconds timeout = std::chrono::seconds{30},
                                  invoke_options options = {}) {
    std::vector<artifact<U>> made;
    for (auto& data : invoke_payload(agent, type_of<T>(), make_payload(std::move(input)), timeout, options)) {
      if (data->type == type_of<U>().name) made.push_back(artifact<U>::of(std::move(data)).value());
    }
    return made;
  }

  /// Waits until everything recorded so far can be read from the traces; false when that was not so within `timeout`.
  bool flush(std::chrono::nanoseconds timeout = std::chrono::seconds{10});

  /// Starts worker processes on this machine and watches over them. They are told where the hub is by SKEIN_CONNECT (its first ipc endpoint,
  /// or else its first tcp one) and who they are by SKEIN_NAME. A worker never outlives the hub's process, however that ends.
  /// errc::misuse (no `listen`), io_failed (the program cannot be started), invalid_argument.
  [[nodiscard]] launched launch(launch_options options);
  /// Waits until every one of these agents is served by some host. errc::timeout naming those that are not; misuse inside a handler.
  void wait_for_agents(std::vector<std::string> const& agents, std::chrono::nanoseconds timeout);
  /// Where workers can connect: `listen` as bound, wildcard ports replaced.
  [[nodiscard]] std::vector<std::string> endpoints() const;

  /// For spans that are started and ended by hand.
  [[nodiscard]] skein::tracer tracer() const;
  /// The traces file of this hub, for queries. errc::misuse when it keeps none.
  [[nodiscard]] trace_store traces() const;

 private:
  friend class traced_run;
  class state;

  artifact_id publish_payload(artifact_type const& type, payload value, publish_options options);
  std::vector<artifact_id> publish_payloads(artifact_type const& type, std::vector<payload> values, publish_options const& options);
  std::future<artifact_id> publish_payload_async(artifact_type const& type, payload value, publish_options options);
  std::vector<bus::artifact_ptr> invoke_payload(std::string_view agent, artifact_type const& type, payload value, std::chrono::nanoseconds timeout,
                                                invoke_options options);
  [[nodiscard]] std::vector<bus::artifact_ptr> find_artifacts(std::string_view type, artifact_filter const& filter) const;

  std::unique_ptr<state> state_;
};

}  // namespace skein
