// The hub: owns the board, runs the agents, records the traces.
#pragma once

#include <skein/agents/agent.hpp>
#include <skein/agents/artifact.hpp>
#include <skein/agents/publish_options.hpp>
#include <skein/orchestrator/hub_component.hpp>
#include <skein/orchestrator/launch.hpp>
#include <skein/orchestrator/options.hpp>
#include <skein/orchestrator/run_report.hpp>
#include <skein/orchestrator/until.hpp>
#include <skein/orchestrator/watching.hpp>
#include <skein/tracing/trace_store.hpp>
#include <skein/tracing/tracer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace skein {

/// How an agent is invoked directly.
struct invoke_options {
  bool publish = false;   ///< True: what the agent makes is offered to other agents too.
};

namespace detail {
/// Whether an agent can be invoked with a batch of these: artifacts, or tuples of artifacts.
template <class T>
inline constexpr bool is_artifact_group = artifact_value<T>;
/// Tuples are groups.
template <artifact_value... T>
inline constexpr bool is_artifact_group<std::tuple<T...>> = sizeof...(T) > 0;
}  // namespace detail

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

  /// Adds a component: it takes part from here on. Give it before anything is published that it is to see.
  template <std::derived_from<hub_component> C>
  void with(C component) {
    with(std::make_shared<C>(std::move(component)));
  }
  /// The same for one that the program keeps, too.
  template <std::derived_from<hub_component> C>
  void with(std::shared_ptr<C> component) {
    install(detail::install(std::move(component)));
  }

  /// Publishes and returns the artifact's id once it is committed. Inside a handler of this hub it is ctx.publish(). Blocks for the
  /// ledger, and while the board is full. errc::busy, ledger_failed, type_conflict, too_large, cancelled (the run), blocked or handler_failed (by a component of the
  /// hub).
  template <artifact_value T>
  artifact_id publish(T value, publish_options options = {}) {
    return publish_payload(type_of<T>(), make_payload(std::move(value)), std::move(options));
  }
  /// Publishes all in one commit, in order; none of them when one is refused.
  template <std::ranges::input_range Range>
    requires artifact_value<std::ranges::range_value_t<Range>>
  std::vector<artifact_id> publish_all(Range&& values, publish_options const& options = {}) {
    using value = std::ranges::range_value_t<Range>;
    std::vector<payload> payloads;
    if constexpr (std::ranges::sized_range<Range>) payloads.reserve(static_cast<std::size_t>(std::ranges::size(values)));
    for (auto&& one : values) {
      if constexpr (std::same_as<std::remove_cvref_t<decltype(one)>, value>) {
        payloads.push_back(make_payload(std::forward<decltype(one)>(one)));
      } else {
        payloads.push_back(make_payload(value(one)));
      }
    }
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
  /// Waits until the condition holds, and says whether it came to: false when the timeout was sooner, or a signal asked the process to end. With
  /// worker_threads = 0 it does the work meanwhile; with a driven clock, time jumps to the next timer, or to the timeout, whenever nothing can run. Without a
  /// timeout it waits as long as it takes. errc::misuse inside a handler, ledger_failed.
  bool run_until(until const& condition, std::optional<std::chrono::nanoseconds> timeout = std::nullopt);
  /// Runs what is due at this moment on the calling thread, and returns: for worker_threads = 0.
  void run_pending();

  /// Ends the open work of a run as cancelled: nothing of it starts any more, handlers that run see ctx.cancelled(), what they still report is refused, and
  /// waits for the run report `cancelled`. Nothing more can be published into it. False when the run is not open. errc::ledger_failed.
  bool cancel(run_id const& run);
  /// Ends the open work of an agent as cancelled, whatever its run; what comes later it handles as before. How many activations that were. errc::not_found (no
  /// such agent), ledger_failed.
  std::uint64_t cancel(std::string_view agent);
  /// Nothing of the agent starts until resume(), in a restarted hub neither; what runs goes on. Waits are not held up by its work, reports name it as blocked.
  /// errc::not_found (no such agent), ledger_failed.
  void pause(std::string_view agent);
  /// The same for what belongs to a run. errc::not_found (it is not open), ledger_failed.
  void pause(run_id const& run);
  /// Ends pause(); what waited starts. Does nothing for an agent that is not paused. errc::not_found, ledger_failed.
  void resume(std::string_view agent);
  /// The same for a run.
  void resume(run_id const& run);

  /// Calls `watcher` with what handlers say by ctx.stream, of every run, here and in workers, until the handle is destroyed. Nothing is kept for who comes late, and
  /// what a worker says may be lost on its way. Called on the threads of handlers and links, one call at a time: it must not block.
  watching watch(std::function<void(progress const&)> watcher);

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
    return typed<U>(invoke_payload(agent, type_of<T>(), make_payload(std::move(input)), timeout, options));
  }
  /// The same for an agent that takes a group: one artifact for each of the types of its subscription, in declared order. Keys, filters and windows are
  /// not asked.
  template <artifact_value U, artifact_value... T>
  std::vector<artifact<U>> invoke(std::string_view agent, std::tuple<T...> inputs, std::chrono::nanoseconds timeout = std::chrono::seconds{30},
                                  invoke_options options = {}) {
    std::vector<typed_payload> group;
    add_group(group, std::move(inputs));
    return typed<U>(invoke_group(agent, std::move(group), timeout, options));
  }
  /// The same for an agent that takes batches: any number of artifacts, or of groups as tuples.
  template <artifact_value U, class T>
    requires(detail::is_artifact_group<T>)
  std::vector<artifact<U>> invoke(std::string_view agent, std::vector<T> inputs, std::chrono::nanoseconds timeout = std::chrono::seconds{30},
                                  invoke_options options = {}) {
    std::vector<typed_payload> batch;
    for (auto& one : inputs) add_group(batch, std::move(one));
    return typed<U>(invoke_group(agent, std::move(batch), timeout, options));
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

  /// An artifact of a group that an agent is invoked with.
  struct typed_payload {
    artifact_type const* type;
    payload value;
  };
  template <artifact_value T>
  static void add_group(std::vector<typed_payload>& to, T value) {
    to.push_back({&type_of<T>(), make_payload(std::move(value))});
  }
  template <artifact_value... T>
  static void add_group(std::vector<typed_payload>& to, std::tuple<T...> values) {
    std::apply([&to](T&... one) { (add_group(to, std::move(one)), ...); }, values);
  }
  template <artifact_value U>
  static std::vector<artifact<U>> typed(std::vector<bus::artifact_ptr> found) {
    std::vector<artifact<U>> made;
    for (auto& data : found) {
      if (data->type == type_of<U>().name) made.push_back(artifact<U>::of(std::move(data)).value());
    }
    return made;
  }

  void install(detail::installed_hub_component component);
  artifact_id publish_payload(artifact_type const& type, payload value, publish_options options);
  std::vector<artifact_id> publish_payloads(artifact_type const& type, std::vector<payload> values, publish_options const& options);
  std::future<artifact_id> publish_payload_async(artifact_type const& type, payload value, publish_options options);
  std::vector<bus::artifact_ptr> invoke_payload(std::string_view agent, artifact_type const& type, payload value, std::chrono::nanoseconds timeout,
                                                invoke_options options);
  std::vector<bus::artifact_ptr> invoke_group(std::string_view agent, std::vector<typed_payload> inputs, std::chrono::nanoseconds timeout,
                                              invoke_options options);
  [[nodiscard]] std::vector<bus::artifact_ptr> find_artifacts(std::string_view type, artifact_filter const& filter) const;

  std::unique_ptr<state> state_;
};

}  // namespace skein
