// What a wait or a question about the board answers: what ran, what failed, what still waits and for what.
#pragma once

#include <skein/bus/activation_report.hpp>
#include <skein/bus/message.hpp>
#include <skein/registry/ids.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace skein::bus {

/// An activation that failed for good.
struct failure_summary {
  std::string agent, error_type, what;   ///< Whose handler failed, the type of what it threw (or an errc's name), and its text.
  activation_id id;                      ///< As in the ledger and in spans.
  run_id run;                            ///< Of its newest input.
  std::uint32_t attempt = 0;             ///< How often it was leased.
};

/// Open work that no wait is held up by, because nobody here can do it.
struct blocked_summary {
  std::string agent, reason;   ///< The agent, and why its work cannot start.
  std::uint64_t count = 0;     ///< Activations.
};

/// A group that waits for more artifacts; no wait is held up by it.
struct stranded_summary {
  std::string agent;          ///< Whose subscription.
  std::string missing;        ///< What it waits for: `clinic.lab` with the key, `3 more of shop.order or 28 s`.
  std::string correlation;    ///< What its members have in common.
  std::uint64_t count = 0;    ///< Groups that wait for the same.
};

/// What happened beside failures, by kind and agent; see bus::notice.
struct notice_summary {
  std::string kind, agent, what;   ///< `what`: of the last one.
  std::uint64_t count = 0;         ///< How often.
};

/// Open work by agent and state; what a timed-out wait was waiting for.
struct open_summary {
  std::string agent, state;   ///< state: ready, leased or retry.
  std::uint64_t count = 0;    ///< Activations.
};

/// A host that has said hello.
struct host_summary {
  std::string name, principal;            ///< What it calls itself, and the name of its key; empty without one.
  std::uint64_t instance = 0;             ///< Of its process.
  bool local = false;                     ///< The host inside the hub's process.
  bool draining = false;                  ///< It was told to leave.
  std::vector<std::string> agents;        ///< Names of those that it serves.
  std::uint64_t leases = 0;               ///< Activations that it holds.
  timestamp heard{};                      ///< When its last message came.
};

/// An agent that is, or was, offered by some host.
struct agent_summary {
  std::string name;                       ///< Unique on the hub.
  std::uint32_t subscriptions = 0;        ///< Those that artifacts are routed to; 0 for one of which only earlier work is left.
  std::vector<std::string> hosts;         ///< That serve it at this moment.
  /// Activations. `ready` counts the blocked ones too: no host serves their subscription, and none that vanished is expected back.
  std::uint64_t ready = 0, leased = 0, retry = 0, blocked = 0, dead = 0;
  bool paused = false;                    ///< Somebody has paused it.
  std::string breaker;                    ///< `closed`, `open` or `half_open`; empty: it has none.
};

/// An activation that failed for good and waits for somebody to requeue or drop it.
struct dead_summary {
  activation_id id;                       ///< To requeue or drop it by.
  std::string agent, error_type, what;    ///< Whose handler failed, the type of what it threw (or a name of Skein's), and its text.
  run_id run;                             ///< Of the newest input.
  std::uint32_t attempt = 0;              ///< How often it was leased.
  std::string input_type;                 ///< Of the newest input.
  artifact_id input;                      ///< The newest input.
  timestamp died_at{};                    ///< By the hub's clock.
};

/// What a wait for idle reports.
struct board_report {
  std::vector<activation_report> activations;    ///< In the order they closed.
  std::vector<failure_summary> failures;         ///< Activations that are dead, in the order they closed.
  std::vector<blocked_summary> blocked;          ///< By agent.
  std::vector<open_summary> open;                ///< By agent and state; only when the wait was ended.
  std::vector<stranded_summary> stranded;        ///< By agent.
  std::vector<notice_summary> notices;           ///< By kind and agent; since the last report that told them.
  std::uint64_t batches_flushed = 0;             ///< Batches that started smaller than they might have been, because everything else was idle; likewise.
  bool cancelled = false;                        ///< The run that was waited for has been cancelled.
  std::uint64_t mismatches = 0;                  ///< Closed because a predicate on the host rejected the artifact.
  std::uint64_t omitted = 0;                     ///< Entries past the limit of a run's history, counted only.
};

/// Totals since the board was made, and what is on it at this moment; for metrics, and for checks against a recount.
struct board_counters {
  std::uint64_t artifacts = 0;                        ///< Published so far.
  std::uint64_t artifacts_kept = 0;                   ///< Still in memory for queries.
  std::uint64_t artifacts_evicted = 0;                ///< Left memory at artifacts_kept_max.
  std::uint64_t open = 0;                             ///< Activations in ready, leased or retry.
  std::uint64_t ready = 0, leased = 0, retry = 0;     ///< Of `open`, by state.
  std::uint64_t blocked = 0;                          ///< Those of `ready` that no host serves, or whose agent or run is paused.
  std::uint64_t delayed = 0;                          ///< Those of `ready`, not blocked, that wait for a breaker or a rate limit.
  std::uint64_t done = 0, dead = 0, mismatched = 0;   ///< Closed ones, by how they ended.
  std::uint64_t losses = 0;                           ///< Leases that ended with their host or by expiry.
  std::uint64_t stale = 0;                            ///< Results refused.
  std::uint64_t runs_open = 0;                        ///< Runs that have open work or a hold.
  std::uint64_t groups_open = 0;                      ///< Groups that wait for more artifacts, batches among them.
  std::uint64_t groups_expired = 0;                   ///< Groups that ended incomplete, each with a skein.expired.
  std::uint64_t batches_flushed = 0;                  ///< Batches that started early because everything else was idle.
  std::uint64_t embargoed = 0;                        ///< Artifacts that are hidden until a time.
  std::uint64_t cancelled = 0;                        ///< Activations that were closed by a cancel.
  std::uint64_t predicates_threw = 0;                 ///< Local predicates and keys that threw; each counts as a no.
  std::uint64_t deadlines_exceeded = 0;               ///< Attempts that ran too long.
  std::uint64_t breakers_opened = 0;                  ///< How often.
  std::uint64_t over_limit = 0;                       ///< Activations that were not opened because of activations_max_per_workflow.
  std::uint64_t ticks = 0, ticks_skipped = 0;         ///< Of timers; skipped: the tick before was still open.
  std::uint64_t artifacts_blocked = 0;                ///< Kept off the board by a component of the hub.
  friend bool operator==(board_counters const&, board_counters const&) = default;
};

}  // namespace skein::bus
