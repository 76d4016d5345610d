// The blackboard: artifacts, subscriptions, activations, leases, timers and counters as a pure state machine.
// No sockets, threads, clocks, files or randomness: whoever brings an input brings the time, and carries out the effects.
#pragma once

#include <skein/bus/blackboard_io.hpp>
#include <skein/registry/error.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace skein::bus {

/// Bounds and times of a board.
struct blackboard_limits {
  std::size_t artifacts_kept_max = 1'000'000;         ///< Artifacts kept in memory for queries; older ones leave, counted.
  std::size_t report_entries_max = 1'000'000;         ///< Activations and failures that a run's history holds; more are counted only.
  std::size_t idempotency_keys_max = 1'000'000;       ///< Keys remembered; the oldest is forgotten first.
  std::size_t host_held_max = 65'536;                 ///< Leases of one subscription on one host, whatever credit it asks for.
  std::chrono::nanoseconds lease = std::chrono::seconds{30};   ///< A remote lease that no beat lists for this long is lost.
  /// How long leases of before a restart wait for their host, and how long work is awaited whose last host vanished (see agent_summary::blocked).
  std::chrono::nanoseconds grace = std::chrono::seconds{10};
  std::size_t hosts_max = 4'096;                      ///< Hosts known at once; another HELLO is refused (errc::limit_reached).
  std::size_t dead_kept_max = 10'000;                 ///< Dead activations that can be listed and requeued; the oldest leave first.
  std::size_t subscriptions_max = 65'536;             ///< Ever described; a HELLO of another process with a further one is refused (errc::limit_reached).
  std::size_t groups_max = 100'000;                   ///< Groups of one subscription that wait; at more the oldest expires, or starts if it is a batch.
  std::uint64_t group_bytes_max = 256u << 20;         ///< Encoded payloads in the waiting groups of one subscription; likewise.
  std::size_t embargoed_max = 1'000'000;              ///< Artifacts hidden until a time; a further publish from outside is refused (errc::busy).
  bool sampled_ticks = true;                          ///< The traces that ticks of timers start are recorded.
  bool record_changes = true;                         ///< False: effects carry no changes (a ledger that keeps nothing).
};

/// What a host works on.
struct work_in_hand {
  std::string agent;      ///< Whose handler runs.
  artifact_ptr newest;    ///< Of its inputs: it gives run, correlation and trace parent.
};

/// Why a board continues from a ledger.
struct restart {
  std::string dead_host;                  ///< Its leases are void and ready again (not counted as losses): nothing of them can have survived.
  bool bodies_lost = true;                ///< The process that ran the bodies of named runs is gone: they end `interrupted`.
  std::vector<run_id> held_runs;          ///< Within the same process: runs whose bodies still execute. Each gets one hold.
  std::vector<artifact_ptr> kept;         ///< Within the same process: artifacts to keep for queries, in board order.
};

/// The state machine. Not thread-safe; the shell locks. A step never fails: what cannot be done is a reply or a message.
class blackboard {
 public:
  /// An empty board, without a past.
  explicit blackboard(blackboard_limits limits = {});
  /// Continues from what a ledger gave back, at time `now`.
  blackboard(blackboard_limits limits, board_state from, timestamp now, restart const& how);
  ~blackboard();
  blackboard(blackboard&&) noexcept;
  blackboard& operator=(blackboard&&) noexcept;

  /// Takes one input at time `now` (which never goes back) and appends what it causes to `out`.
  void step(timestamp now, board_input&& what, effects& out);
  /// The same for input::done, which comes with each hop: nothing is moved that stays. `said`: see there. What the children hold is taken.
  void step(timestamp now, host_key from, bus::done& result, std::span<verdicts const> said, bool traced, effects& out);
  /// A step with input::publish whose answer is returned: `reply_to` is only passed on. In the place of the artifact it leaves memory for another one, as good as
  /// new, or null.
  [[nodiscard]] result<reply::published> publish(timestamp now, input::publish& what, effects& out);
  /// The same with many, in one step; or with none of them, when one is refused.
  [[nodiscard]] result<void> publish(timestamp now, input::publish_all& what, effects& out);

  /// When to step with input::tick at the latest; nullopt = no timer is running.
  [[nodiscard]] std::optional<timestamp> next_timer() const;
  /// Whether the only thing that open awaited work waits for is time: the moment a driven clock may jump.
  [[nodiscard]] bool waits_only_for_time() const;

  /// Whether nothing runs or could start: only time, or an input from outside, changes anything.
  [[nodiscard]] bool stands_still() const;

  /// The subscription that (agent, ordinal) stands for at this moment; 0 when there is none.
  [[nodiscard]] subscription_no find_subscription(std::string_view agent, std::uint32_t ordinal) const;
  /// The first subscription of `agent` that takes artifacts of `type`; 0 when there is none.
  [[nodiscard]] subscription_no find_subscription(std::string_view agent, std::string_view type) const;
  /// The first subscription of `agent` that a group of exactly these types, in this order, would start; 0 when there is none.
  [[nodiscard]] subscription_no find_subscription(std::string_view agent, std::span<std::string const> types) const;
  /// Of the host that said hello on this connection; empty when none did.
  [[nodiscard]] std::string host_name(host_key at) const;
  /// Whether the run is open.
  [[nodiscard]] bool knows_run(run_id const& run) const;
  /// Whether a host has offered an agent of that name, at any time.
  [[nodiscard]] bool knows_agent(std::string_view agent) const;
  /// What a host has said of the agent, last; all defaults for one that nobody knows.
  [[nodiscard]] agent_rules rules_of(std::string_view agent) const;
  /// Whether the host that said hello on this connection offers an agent of that name.
  [[nodiscard]] bool offers(host_key at, std::string_view agent) const;
  /// Artifacts of `type` (empty: all) that are still kept, oldest first.
  [[nodiscard]] std::vector<artifact_ptr> artifacts(std::string_view type) const;
  /// Kept up by each step.
  [[nodiscard]] board_counters const& counters() const;
  /// The same, counted anew from the state itself: equal to counters() in every state.
  [[nodiscard]] board_counters recount() const;
  /// Awaited open work (neither blocked nor closed) of a run, or of all.
  [[nodiscard]] std::uint64_t awaited(std::optional<run_id> run = std::nullopt) const;
  /// Hosts that have said hello and are not gone, the local one among them.
  [[nodiscard]] std::vector<host_summary> hosts() const;
  /// Agents that are offered, or that have open or dead work, by name. Walks all open activations.
  [[nodiscard]] std::vector<agent_summary> agents() const;
  /// Dead activations that are kept, in the order in which they were opened.
  [[nodiscard]] std::vector<dead_summary> dead() const;
  /// Whose work an attempt is, and its newest input; nullopt when no open activation is at that attempt.
  [[nodiscard]] std::optional<work_in_hand> find_work(attempt_ref const& which) const;
  /// Open activations, for checks and for the message of a timeout.
  [[nodiscard]] std::vector<activation_row> open_activations() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace skein::bus
