// Rows for the ledger: everything the board must find again after a restart, as the changes of one step.
#pragma once

#include <skein/bus/artifact.hpp>
#include <skein/registry/agent_descriptor.hpp>
#include <skein/tracing/span_record.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace skein::bus {

using activation_no = std::uint64_t;     ///< From 1, never reused.
using subscription_no = std::uint32_t;   ///< From 1, never reused; stable across restarts of a durable ledger.
using group_no = std::uint64_t;          ///< From 1, never reused.

/// A subscription that a host in another process offers, with the agent's policy.
struct remote_offer {
  subscription_descriptor descriptor;   ///< What artifacts are routed by.
  retry_policy retry;                   ///< Of the agent.
  agent_rules rules;                    ///< Of the agent.
  friend bool operator==(remote_offer const&, remote_offer const&) = default;
};

/// A subscription became known, or how it is offered has changed.
struct subscription_row {
  subscription_no no = 0;          ///< Its number on this board.
  std::string agent;               ///< The agent that it belongs to.
  std::uint32_t ordinal = 0;       ///< Its position among the agent's subscriptions.
  std::uint64_t fingerprint = 0;   ///< subscription_descriptor::fingerprint().
  /// What a host in another process offered, so that artifacts are routed to it while it is away, also after a restart of the hub.
  /// Absent for agents of the hub's own process: they are added again before anything is published. Replaces the row of the same no.
  std::shared_ptr<remote_offer const> remote = nullptr;
  /// By value, offers too.
  friend bool operator==(subscription_row const& a, subscription_row const& b) {
    return a.no == b.no && a.agent == b.agent && a.ordinal == b.ordinal && a.fingerprint == b.fingerprint && !a.remote == !b.remote &&
           (!a.remote || *a.remote == *b.remote);
  }
};

/// A run, whole; replaces the row of the same id, but for a name that is empty: a run never loses its name.
struct run_row {
  run_id id;                                 ///< Unique for ever.
  std::string name;                    ///< Empty for a root operation outside any traced_run.
  span_context root;                   ///< The run's root span.
  run_status status = run_status::running;   ///< How it stands.
  std::uint64_t failures = 0;          ///< Dead activations so far.
  timestamp started_at{};                    ///< When it was opened.
  bool has_body = false;               ///< The body of a named run executes; found in a ledger, it was lost with its process.
  bool paused = false;                 ///< Nothing of it starts until it is resumed.
  friend bool operator==(run_row const&, run_row const&) = default;
};

/// An artifact came onto the board.
struct artifact_row {
  artifact_ptr artifact;               ///< With its seq and created_at.
  std::string idempotency_key;         ///< Empty = none; unique among all rows otherwise.
};

/// `dropped`: was dead and nobody wants it any more, or its agent was forgotten.
enum class activation_state : std::uint8_t { ready = 0, leased, retry, done, dead, mismatch, cancelled, dropped };
/// Whether there is work left.
[[nodiscard]] constexpr bool is_open(activation_state state) noexcept { return state <= activation_state::retry; }

/// An activation was opened (ready, attempt 0).
struct activation_row {
  activation_no no = 0;                               ///< Its number on this board.
  activation_id id;                                   ///< Derived from the subscription and its inputs.
  subscription_no subscription = 0;                   ///< Who handles it.
  std::vector<std::uint64_t> inputs;   ///< artifact seqs in declared order.
  run_id run;                          ///< Of the newest input.
  activation_state state = activation_state::ready;   ///< How it stands.
  std::uint32_t attempt = 0;           ///< Leases so far.
  std::uint32_t failures = 0, losses = 0;             ///< Attempts that ended so: counted against retry_policy::attempts_max and losses_max.
  timestamp not_before{};              ///< For retry.
  std::string host;                    ///< Of the lease; for ready, whose lost lease it was: its late result still counts.
  std::string error_type, what;        ///< Of the last failure.
  timestamp since{};                   ///< For leased: when the lease began. For dead: when it died. Zero otherwise.
  friend bool operator==(activation_row const&, activation_row const&) = default;
};

/// Everything about an open activation that can change; when `state` is not open the activation is closed by this.
struct activation_update {
  activation_no no = 0;                                  ///< Of the activation.
  activation_state state = activation_state::ready;      ///< After the change.
  std::uint32_t attempt = 0, failures = 0, losses = 0;   ///< As in activation_row.
  timestamp not_before{};                                ///< As in activation_row.
  std::string host;                                      ///< As in activation_row.
  std::string error_type, what;                          ///< As in activation_row.
  timestamp since{};                                     ///< As in activation_row.
  subscription_no subscription = 0;                      ///< Not 0: who handles it from here on; of several that compete, the one that took it.
};

/// What local code said about an artifact before the board took it.
struct verdicts {
  std::vector<subscription_no> rejected;                             ///< Whose local predicate said no, or threw.
  std::vector<std::pair<subscription_no, std::string>> keys;         ///< Of joins whose keys are given by lambdas.
  std::vector<std::pair<subscription_no, std::string>> threw;        ///< Whose predicate or key threw, and what; they stand in `rejected` too.
  friend bool operator==(verdicts const&, verdicts const&) = default;
};

/// A group of an AND, a join or a batch has got its first member. A row of the same no, with `seen` not 0, replaces it; only that differs.
struct group_row {
  group_no no = 0;                     ///< Its number on this board.
  subscription_no subscription = 0;    ///< Whose group it is.
  bool batch = false;                  ///< It gathers whole groups (or single artifacts) for a batch; otherwise it waits for its types.
  std::string correlation;             ///< What its members have in common; empty with across_runs.
  std::string key;                     ///< Of a join.
  timestamp opened_at{};               ///< When the first member came.
  std::uint64_t taken = 0;             ///< How many artifacts the subscription had taken then, the first member included (for within_count).
  std::uint64_t seen = 0;              ///< Not 0: the row is written again, and the subscription has taken so many (with within_count; in one of its open groups).
  friend bool operator==(group_row const&, group_row const&) = default;
};
/// An artifact has joined a group.
struct group_member {
  group_no group = 0;                  ///< The group.
  std::uint32_t position = 0;          ///< In a batch: the index among all members. Otherwise: the slot, an index into subscription_descriptor::types.
  std::uint64_t seq = 0;               ///< The artifact.
  friend bool operator==(group_member const&, group_member const&) = default;
};
/// A group is gone: it started an activation (or joined a batch), or it has expired. Its members are in the rows that this step adds.
struct group_closed {
  group_no no = 0;   ///< The group.
};

/// An artifact that is hidden until a time, and what local code said of it: it is routed then.
struct embargo_row {
  std::uint64_t seq = 0;               ///< The artifact; its visibility says until when.
  verdicts said;                       ///< To be routed by.
  subscription_no asked_to = 0;        ///< Local code of subscriptions above this number has not been asked.
  friend bool operator==(embargo_row const&, embargo_row const&) = default;
};
/// It has been routed.
struct embargo_lifted {
  std::uint64_t seq = 0;   ///< The artifact.
};

/// When a timer is due next. Replaces the row of the same subscription.
struct timer_row {
  subscription_no subscription = 0;    ///< Of grouping::timer.
  timestamp next_due{};                ///< Zero = never again.
  std::uint64_t number = 0;            ///< Ticks so far.
  friend bool operator==(timer_row const&, timer_row const&) = default;
};

/// Somebody has paused or resumed an agent. Replaces the row of the same name.
struct agent_row {
  std::string name;                    ///< Of the agent.
  bool paused = false;                 ///< Nothing of it starts until it is resumed.
  friend bool operator==(agent_row const&, agent_row const&) = default;
};

/// How often an agent with activations_max_per_workflow has been started in a run. Replaces the row of the same two; forgotten with the run.
struct activation_count {
  run_id run;                          ///< The run.
  std::string agent;                   ///< The agent.
  std::uint64_t count = 0;             ///< Activations so far; above the limit: the run has failed by it.
  friend bool operator==(activation_count const&, activation_count const&) = default;
};

/// One row to insert or to replace.
using change = std::variant<subscription_row, run_row, artifact_row, activation_row, activation_update, group_row, group_member, group_closed, embargo_row, embargo_lifted, timer_row,
                            agent_row, activation_count>;

/// What a ledger gives back at start: all that is open, and the counters.
struct board_state {
  std::vector<subscription_row> subscriptions;         ///< All, by no.
  std::vector<run_row> runs;                           ///< Those with status running, or with an activation in `activations` or `dead`, or with an artifact in `artifacts`.
  std::vector<artifact_ptr> artifacts;                 ///< Those that an open activation, a dead one, a group or an embargo refers to, by seq.
  std::vector<activation_row> activations;             ///< Open ones, by no.
  std::vector<std::pair<std::string, artifact_id>> idempotency_keys;   ///< Newest last, bounded by the reader.
  std::vector<activation_row> dead;                    ///< The newest dead ones, by no; their artifacts are in `artifacts`.
  std::vector<group_row> groups;                       ///< Those that wait, by no.
  std::vector<group_member> members;                   ///< Of `groups`, by group and position; their artifacts are in `artifacts`.
  std::vector<embargo_row> embargoes;                  ///< By seq; their artifacts are in `artifacts`.
  std::vector<timer_row> timers;                       ///< By subscription.
  std::vector<agent_row> agents;                       ///< Paused ones, by name.
  std::vector<activation_count> counts;                ///< Of runs in `runs`, by run and agent.
  group_no last_group = 0;                             ///< Highest group number ever used.
  std::uint64_t last_seq = 0;                          ///< Highest artifact seq ever used.
  activation_no last_activation = 0;                                   ///< Highest activation number ever used.
};

}  // namespace skein::bus
