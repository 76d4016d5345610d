// What a wait found: what ran, what failed, what is left.
#pragma once

#include <skein/registry/ids.hpp>
#include <skein/tracing/elapsed.hpp>
#include <skein/tracing/span_tree.hpp>

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace skein {

/// One closed activation, by its last attempt.
struct activation_report {
  std::string agent;
  bool ok = false;
  std::uint32_t attempt = 0;
  elapsed duration;              ///< Of the last attempt's handler.
  activation_id id;
  run_id run;
};

/// One activation that failed for good.
struct failure_report {
  std::string agent, error_type, what;
  std::uint32_t attempt = 0;
  activation_id id;
  run_id run;
};

/// A join or batch that waits for more artifacts. (Single subscriptions never strand.)
struct stranded_report {
  std::string agent, missing;
};

/// Work that nobody here can do; no wait is held up by it.
struct blocked_report {
  std::string agent, reason;
  std::uint64_t count = 0;
};

/// Work that a timed-out wait was waiting for.
struct open_report {
  std::string agent, state;      ///< ready, leased or retry.
  std::uint64_t count = 0;
};

/// The result of run_until_idle. A value; may be ignored.
struct run_report {
  std::string reason;            ///< idle, timeout, or cancelled (stop_on_signals).
  std::vector<activation_report> activations;   ///< In the order in which they closed.
  std::vector<failure_report> failures;
  std::vector<stranded_report> stranded;
  std::vector<blocked_report> blocked;
  std::vector<open_report> open;                ///< Only with reason timeout or cancelled.
  std::uint64_t mismatches = 0;                 ///< Rejected by a predicate on a host.
  std::uint64_t omitted = 0;                    ///< Entries past report_entries_max.

  /// Idle, and nothing failed.
  [[nodiscard]] bool ok() const noexcept { return reason == "idle" && failures.empty(); }
  /// The trace of the run so far; nullopt when the report covers several runs or the hub keeps no traces file. Blocks for a flush.
  /// Only while the hub lives.
  [[nodiscard]] std::optional<span_tree> trace() const { return read_trace ? read_trace() : std::nullopt; }

  std::function<std::optional<span_tree>()> read_trace;   ///< What trace() calls; may be empty.
};

/// A few lines for people.
std::ostream& operator<<(std::ostream& out, run_report const& report);

}  // namespace skein
