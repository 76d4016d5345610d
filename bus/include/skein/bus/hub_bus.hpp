// The shell around the blackboard: owns it, its ledger and the lock; turns calls into steps, commits what they cause, and lets
// nothing out before that. docs/life-of-an-artifact.md walks through it.
#pragma once

#include <skein/bus/blackboard.hpp>
#include <skein/bus/ledger.hpp>
#include <skein/tracing/clock.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace skein::bus {

/// The key of the host inside this process.
inline constexpr host_key local_host_key = 1;
/// Its name, in leases and in the ledger.
inline constexpr std::string_view local_host_name = "local";

/// Spans and run changes that a host in another process has recorded.
struct remote_record {
  host_key from = 0;                      ///< The connection that it came by.
  std::string host;                       ///< Its name.
  span_batch spans;                       ///< By the host's clock.
  std::vector<run_record> runs;           ///< Only what handlers set.
  timestamp sent_at{}, received_at{};     ///< By the host's clock (zero = unknown) and by the hub's.
};

/// Whoever carries messages to hosts and is told what was committed. Called on whatever thread finished the commit, without any
/// lock of the bus (but for held()); must not block.
class hub_port {
 public:
  virtual ~hub_port() = default;
  /// Messages for hosts, in order.
  virtual void send(std::vector<outgoing>&& messages) = 0;
  /// The board published something by itself: its publish span is to be recorded.
  virtual void announced(announcement const& made) = 0;
  /// A run is over: its record is to be closed.
  virtual void ended(run_ended const& run) = 0;
  /// An attempt was lost with its host: whoever records spans writes its agent span as interrupted. Default: nothing.
  virtual void lost(lost_attempt const& what);
  /// An attempt has ended on a host that sent no span for it: whoever records spans writes it. Default: nothing.
  virtual void untraced(untraced_attempt const& what);
  /// For the log. Default: nothing.
  virtual void noticed(notice const& what);
  /// What an attempt has published, before anything else looks at it: components may change or block it. Called without any lock, on the thread that brings the
  /// result. Default: nothing.
  virtual void inspect(bus::done& result);
  /// What a handler on another host says while it works; agent and run are the board's word. Called without any lock. Default: nothing.
  virtual void progressed(progress&& what);
  /// Recorded by another host. Called before the message that brought it is stepped, so that it is there when waits end. What it leaves in `what.spans` is
  /// memory for others. Default: nothing.
  virtual void recorded(remote_record&& what);
  /// A question of another host, in the name of an agent that it offers or of none; the port sends the answer itself. Default: nothing.
  virtual void asked(host_key from, query&& what);
  /// What the local host works on or has queued. Called under the bus's lock when the board is rebuilt after a failed commit.
  [[nodiscard]] virtual std::vector<attempt_ref> held() = 0;
  /// There is a commit to write or a timer that is due earlier than before, and the caller has other things to do.
  /// A port with a thread of its own wakes it to call attend(); one without answers false.
  virtual bool wake() = 0;
};

/// Code of a local subscription about artifacts of one type. Called on the thread that brings the artifact, outside every lock. What throws counts as a
/// no, and is told (verdicts::threw).
struct local_predicate {
  subscription_no subscription = 0;                    ///< Whose code it is.
  std::function<bool(artifact_data const&)> accepts;   ///< Whether it wants the artifact; empty = it does. May throw; may not block.
  std::function<std::string(artifact_data const&)> key = nullptr;   ///< The key of a join; empty = it needs none from code. May throw; may not block.
};
/// By wire name of the type.
using predicate_table = std::unordered_map<std::string, std::vector<local_predicate>>;

/// Bounds of a bus.
struct hub_bus_options {
  blackboard_limits board;                        ///< Bounds and times of the core.
  std::size_t open_activations_max = 1'000'000;   ///< External publishes wait while so many are open.
  std::size_t commit_steps_max = 256;             ///< A thread with other work leaves at most so many steps uncommitted.
  bool share_steps = false;                       ///< Several threads call done() at once: whoever is at the board steps for those that come meanwhile.
};

/// Thread-safe. Every call that needs a commit blocks until it is written (see publish_async for the other kind).
class hub_bus {
 public:
  /// Loads the ledger and continues from it. `time` and `port` must outlive the bus.
  [[nodiscard]] static result<std::unique_ptr<hub_bus>> open(std::unique_ptr<bus::ledger> ledger, clock& time, hub_port& port, hub_bus_options options);
  virtual ~hub_bus() = default;

  /// Says hello for the local host: all its agents, and what it holds. `predicates` makes the table once the subscriptions have
  /// their numbers (called under the lock; it must only look them up).
  [[nodiscard]] virtual result<void> offer(hello agents, std::function<predicate_table(blackboard const&)> predicates) = 0;

  /// Publishes, waiting for room until `deadline`; returns once committed. errc::busy, errc::ledger_failed.
  [[nodiscard]] virtual result<reply::published> publish(input::publish in, timestamp deadline) = 0;
  /// Publishes all in one commit, in order; none of them when one is refused.
  [[nodiscard]] virtual result<void> publish_all(std::vector<std::shared_ptr<artifact_data>> artifacts, timestamp deadline) = 0;
  /// Returns at once; `then` is called once, when it is committed or has failed, on the committing thread (it must not block).
  virtual void publish_async(input::publish in, std::function<void(result<reply::published>)> then) = 0;

  /// A local attempt has ended. Does not wait for the commit: the caller goes on with other work and calls attend() when it has none.
  /// Returns whether so much is uncommitted that it should call attend() first. With hub_bus_options::share_steps another thread may step it a little later.
  /// What `result` holds afterwards is not said, but for its memory: what is left of that is the caller's to use again.
  virtual bool done(bus::done&& result) = 0;
  /// What another host has sent, in its order; results that came together are one step. `principal` is who the link says the sender is (the name of its
  /// key); empty = the link knows nobody by name. What `all` holds afterwards is not said, but for its memory.
  virtual void receive(host_key from, std::span<message> all, std::string_view principal = {}) = 0;
  /// The connection is gone for good; `certain` as in input::disconnected.
  virtual void disconnected(host_key from, bool certain = true) = 0;

  /// Writes what is uncommitted unless another thread is at it, and steps timers that are due. Never waits for anybody else.
  virtual void attend() = 0;
  /// When attend() is due at the latest because of a timer.
  [[nodiscard]] virtual std::optional<timestamp> next_timer() = 0;
  /// Whether open awaited work waits for nothing but time.
  [[nodiscard]] virtual bool waits_only_for_time() = 0;

  /// Opens a run with a body; it stays open until release_run(). errc::ledger_failed.
  [[nodiscard]] virtual result<void> open_run(input::open_run run) = 0;
  /// Ends the hold of open_run. Never fails: a failed ledger is found out by the next call that can say so.
  virtual void release_run(run_id const& run, bool failed) = 0;

  /// A wait for idle or for an invoked activation. Begin, then either block in `wait` or do other work and ask `ready`.
  class pending;
  /// Waits until no awaited work is open: in `run`, or on the whole board. `scope` is the run to report on (input::wait_idle).
  [[nodiscard]] virtual std::shared_ptr<pending> begin_wait(std::optional<run_id> run, run_id scope) = 0;
  /// Starts one subscription with one artifact; the wait ends when that activation is closed.
  [[nodiscard]] virtual result<std::shared_ptr<pending>> begin_invoke(input::publish in, timestamp deadline) = 0;
  /// Whether the answer is there. Never blocks.
  [[nodiscard]] virtual bool ready(pending const& wait) = 0;
  /// Blocks until the answer is there, until the real-time point `until`, or until something else happened that its thread may
  /// have to see to (a poke since `pokes_seen`, a timer); whether the answer is there.
  virtual bool wait(pending const& wait, std::uint64_t pokes_seen, std::optional<std::chrono::steady_clock::time_point> until) = 0;
  /// Ends all wait() calls early: there may be other work for their threads. To lose no poke, read pokes(), look for work, then wait.
  virtual void poke() = 0;
  /// How often poke() was called.
  [[nodiscard]] virtual std::uint64_t pokes() = 0;
  /// The answer, once ready; it is there to be taken once.
  [[nodiscard]] virtual result<board_reply> take(pending& wait) = 0;
  /// Ends a wait that is not answered yet; afterwards it is ready (reply::idle with timed_out).
  virtual void cancel(pending& wait) = 0;

  /// This session's artifacts of a type (empty: all) that are still in memory, oldest first.
  [[nodiscard]] virtual std::vector<artifact_ptr> artifacts(std::string_view type) = 0;
  /// Those of all sessions that the ledger still has, oldest first; a ledger that keeps nothing has this session's. errc::ledger_failed.
  [[nodiscard]] virtual result<std::vector<artifact_ptr>> stored_artifacts(std::string_view type) = 0;
  /// Those of the core at this moment.
  [[nodiscard]] virtual board_counters counters() = 0;
  /// As blackboard::hosts, for people and metrics.
  [[nodiscard]] virtual std::vector<host_summary> hosts() = 0;
  /// As blackboard::agents.
  [[nodiscard]] virtual std::vector<agent_summary> agents() = 0;
  /// Dead activations, oldest first.
  [[nodiscard]] virtual std::vector<dead_summary> dead() = 0;
  /// Opens a dead activation again, its failures and losses forgotten. Returns once committed. errc::not_found, ledger_failed.
  [[nodiscard]] virtual result<void> requeue(activation_id const& which) = 0;
  /// Forgets a dead activation. Returns once committed. errc::not_found, ledger_failed.
  [[nodiscard]] virtual result<void> drop_dead(activation_id const& which) = 0;
  /// Tells a host (all but the local one, when `host` is empty) to finish and leave. errc::not_found.
  [[nodiscard]] virtual result<void> drain(std::string_view host) = 0;
  /// Forgets an agent that nobody will start again (see input::forget_agent); how many open activations were dropped. Returns once committed. errc::not_found, misuse,
  /// ledger_failed.
  [[nodiscard]] virtual result<std::uint64_t> forget_agent(std::string_view agent) = 0;
  /// As blackboard::find_subscription.
  [[nodiscard]] virtual subscription_no find_subscription(std::string_view agent, std::string_view type) = 0;
  /// As blackboard::find_subscription.
  [[nodiscard]] virtual subscription_no find_subscription(std::string_view agent, std::span<std::string const> types) = 0;
  /// Starts one subscription with a whole group; the wait ends when that activation is closed. errc::busy, not_found, invalid_argument, ledger_failed.
  [[nodiscard]] virtual result<std::shared_ptr<pending>> begin_invoke(input::invoke in, timestamp deadline) = 0;
  /// Waits for a condition over the board; the answer is reply::met.
  [[nodiscard]] virtual std::shared_ptr<pending> begin_wait(board_condition condition) = 0;
  /// Pauses (or, with `paused` false, resumes) an agent or a run; see input::pause. Returns once committed. errc::not_found, ledger_failed.
  [[nodiscard]] virtual result<void> pause(input::pause what) = 0;
  /// Cancels the work of a run or an agent; how many activations were closed. Returns once committed. errc::not_found, ledger_failed.
  [[nodiscard]] virtual result<std::uint64_t> cancel_work(input::cancel_work what) = 0;
  /// As blackboard::stands_still, when everything is committed.
  [[nodiscard]] virtual bool stands_still() = 0;
  /// As blackboard::find_work.
  [[nodiscard]] virtual std::optional<work_in_hand> find_work(attempt_ref const& which) = 0;
  /// As blackboard::knows_agent.
  [[nodiscard]] virtual bool knows_agent(std::string_view agent) = 0;
  /// As blackboard::rules_of.
  [[nodiscard]] virtual agent_rules rules_of(std::string_view agent) = 0;
  /// Whether the ledger reaches a disk.
  [[nodiscard]] virtual bool durable() const noexcept = 0;
};

}  // namespace skein::bus
