// The part of a process that runs handlers: deliveries in, one DONE per attempt out. Threads of its own, or the caller's.
#pragma once

#include <skein/agents/agent.hpp>
#include <skein/bus/message.hpp>
#include <skein/tracing/clock.hpp>
#include <skein/tracing/run_scope.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skein::agents {

/// What a host needs of its surroundings. Called on the host's threads, never under the host's lock.
class host_environment {
 public:
  virtual ~host_environment() = default;
  /// The clock that attempts and spans are timed by.
  [[nodiscard]] virtual clock& time() noexcept = 0;
  /// The run that an activation belongs to, by its newest input; made when this process does not know it yet.
  [[nodiscard]] virtual std::shared_ptr<run_scope> scope_of(bus::artifact_data const& newest) = 0;
  /// Changes whenever scope_of() may have another answer than before; nullopt: it always may.
  [[nodiscard]] virtual std::optional<std::uint64_t> scopes_version() const noexcept { return std::nullopt; }
  /// An attempt has ended. Returns whether attend() should be called before other work. What `result` holds afterwards is not said, but for its memory: what is
  /// left of that is the caller's to use again.
  virtual bool complete(bus::done&& result) = 0;
  /// There is nothing else to do: see to what is unfinished (commits, timers).
  virtual void attend() = 0;
  /// Artifacts of the type (a wire name; empty: all) that the filter accepts, oldest first. May block for the ledger.
  [[nodiscard]] virtual std::vector<bus::artifact_ptr> query(std::string_view type, artifact_filter const& filter) = 0;
  /// The same without what nobody may see yet, for an agent; what that agent may not see may be among it. Default: query(), by this clock. A host that is far
  /// from the board leaves both to the hub.
  [[nodiscard]] virtual std::vector<bus::artifact_ptr> query_as(std::string_view agent, std::string_view type, artifact_filter const& filter);
  /// A handler says something while it works, for whoever watches. Must not block. Default: nobody does.
  virtual void stream(bus::progress&& what);
  /// Whether the board can take the value: errc::bad_payload, too_large.
  [[nodiscard]] virtual result<void> check(payload const& value) const = 0;
  /// Whether predicates are asked by this host, before the handler: they could not be where the artifact was published. One that says no
  /// ends the attempt as a mismatch. Default: no.
  [[nodiscard]] virtual bool asks_predicates() const noexcept { return false; }
  /// A host without threads of its own has work that one more caller of run_ready() could start. Must not block. Default: nothing.
  virtual void left_to_callers();
};

/// Thread-safe. Starts what has the highest priority, whichever agent's it is; among equals the agents take turns, and each goes by arrival. At most max_concurrency
/// of one agent run at once.
class local_host {
 public:
  /// `around` must outlive the host.
  [[nodiscard]] static std::unique_ptr<local_host> make(host_environment& around);
  virtual ~local_host() = default;

  /// Adds an agent and initializes its components. Adding a name twice is the caller's bug (checked at the edge). errc::misuse: a component's
  /// on_initialize threw; the agent is not added, and those of its components that were initialized are terminated.
  [[nodiscard]] virtual result<void> add(agent const& what) = 0;
  /// Every agent that was added, as the hub is told of it.
  [[nodiscard]] virtual std::vector<agent_descriptor> offered() const = 0;
  /// Code of one subscription about artifacts of one type.
  struct predicate {
    std::string agent;                                        ///< Whose subscription it belongs to.
    std::uint32_t ordinal = 0;                                ///< Which of the agent's subscriptions.
    std::string type;                                         ///< Wire name.
    std::function<bool(bus::artifact_data const&)> accepts;   ///< Whether it takes the artifact; empty = it does. Called on the publishing thread.
    std::function<std::string(bus::artifact_data const&)> key;   ///< Its key in a join; empty = the key is no code. Likewise.
  };
  /// Of all subscriptions that have code, one for each of their types that has.
  [[nodiscard]] virtual std::vector<predicate> predicates() const = 0;

  /// Queues work; wakes as many sleeping threads as there is work that no awake one is about to take. After drain(): gives it back. What `work` holds afterwards
  /// is not said, but for its memory: deliveries that are done with.
  virtual void enqueue(std::vector<bus::delivery>&& work) = 0;
  /// Queued or running, for a board that is rebuilt.
  [[nodiscard]] virtual std::vector<bus::attempt_ref> held() const = 0;
  /// Those whose handlers run.
  [[nodiscard]] virtual std::vector<bus::attempt_ref> running() const = 0;

  /// The result of this attempt is not wanted any more: if it runs, its context says cancelled() from now on; if it waits, it is given
  /// back unstarted (outcome::released).
  virtual void cancel(bus::attempt_ref const& which) = 0;
  /// As if every handler that runs, or starts from here on, were cancelled in the middle of its work.
  virtual void cancel_all() = 0;
  /// Gives back everything that has not started, now and later. What runs goes on.
  virtual void drain() = 0;

  /// Starts `threads` threads that run what is queued.
  virtual void start(unsigned threads) = 0;
  /// Runs queued activations on the calling thread, one after the other, until nothing can start at this moment, or `enough` (asked after each, outside every
  /// lock) says so; whether there was any.
  virtual bool run_ready(std::function<bool()> const& enough) = 0;
  /// Runs one queued activation on the calling thread; false when nothing can start at this moment.
  bool run_one() {
    return run_ready([] { return true; });
  }
  /// The activation whose handler this thread is inside of, or nullptr.
  [[nodiscard]] virtual activation_frame* current_frame() const = 0;
  /// Starts nothing more, waits for running handlers (they see cancelled()), ends the threads, terminates the components, the last one first. What is queued stays
  /// unstarted.
  virtual void stop() = 0;
};

/// Publishes through the frame of the handler that the calling thread is inside of. `options` may be null, which is the defaults; what is needed of them is
/// taken away.
artifact_id publish_in(activation_frame& frame, artifact_type const& type, payload&& value, publish_options* options);

}  // namespace skein::agents
