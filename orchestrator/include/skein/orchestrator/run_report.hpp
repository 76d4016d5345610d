// What a wait found: what ran, what failed, what is left.
#pragma once

#include <skein/bus/activation_report.hpp>
#include <skein/registry/ids.hpp>
#include <skein/tracing/span_tree.hpp>

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace skein {

/// One activation that failed for good.
struct failure_report {
  std::string agent, error_type, what;   ///< Whose handler failed, the type of what it threw (or an errc's name), and its text.
  std::uint32_t attempt = 0;             ///< How often it was leased.
  activation_id id;                      ///< As in spans and in the ledger.
  run_id run;                            ///< Of its newest input.
};

/// A join or batch that waits for more artifacts; no wait is held up by it. (Single subscriptions never strand.)
struct stranded_report {
  std::string agent, missing;   ///< The agent, and what it waits for.
  std::string correlation;      ///< What the artifacts that wait have in common; empty outside any run, and for across_runs().
  std::uint64_t count = 0;      ///< Groups that wait for the same.
};

/// Something that was decided, dropped or found wrong without being a failure: a group that expired, a breaker that opened, a predicate that threw, …
struct notice_report {
  std::string kind;              ///< group_expired, breaker_opened, breaker_closed, predicate_threw, artifact_blocked, tick_skipped or deadline_exceeded.
  std::string agent, what;       ///< Whose, and, of the last one, what; for people.
  std::uint64_t count = 0;       ///< How often.
};

/// Work that nobody here can do; no wait is held up by it.
struct blocked_report {
  std::string agent, reason;   ///< The agent, and why its work cannot start.
  std::uint64_t count = 0;     ///< Activations.
};

/// Work that a timed-out wait was waiting for.
struct open_report {
  std::string agent, state;   ///< state: ready, leased or retry.
  std::uint64_t count = 0;    ///< Activations.
};

/// The result of run_until_idle. A value; may be ignored.
struct run_report {
  std::string reason;            ///< idle, timeout, or cancelled (orchestrator::cancel, or a signal with stop_on_signals).
  std::vector<activation_report> activations;   ///< In the order in which they closed.
  std::vector<failure_report> failures;         ///< Activations that are dead: they failed and will not be tried again.
  std::vector<stranded_report> stranded;        ///< By agent and subscription.
  std::vector<blocked_report> blocked;          ///< By agent.
  std::vector<open_report> open;                ///< Only with reason timeout or cancelled.
  std::uint64_t mismatches = 0;                 ///< Rejected by a predicate on a host.
  std::uint64_t omitted = 0;                    ///< Entries past report_entries_max.

  /// Idle, and nothing failed.
  [[nodiscard]] bool ok() const noexcept { return reason == "idle" && failures.empty(); }
  /// The trace of the run so far; nullopt when the report covers several runs or the hub keeps no traces file. Blocks for a flush.
  /// Only while the hub lives.
  [[nodiscard]] std::optional<span_tree> trace() const { return read_trace ? read_trace() : std::nullopt; }

  std::function<std::optional<span_tree>()> read_trace;   ///< What trace() calls; may be empty.
  std::vector<notice_report> notices;           ///< By kind and agent.
  std::uint64_t batches_flushed = 0;            ///< Batches that started smaller than they might have been, because everything else was idle.
};

/// A few lines for people.
std::ostream& operator<<(std::ostream& out, run_report const& report);

}  // namespace skein
