// One attempt while its handler runs: what it was given, what it has published so far, its span.
#pragma once

#include <skein/agents/local_host.hpp>
#include <skein/tracing/span_start.hpp>

#include <atomic>
#include <optional>
#include <string>
#include <vector>

namespace skein::agents {

/// A publish that becomes a span once the handler has returned.
struct publish_mark {
  timestamp at{};
  span_id parent;
};

struct activation_frame {
  host_environment& around;
  bus::delivery const& work;
  agent_descriptor const& agent;
  std::shared_ptr<run_scope> run;
  std::atomic<bool> const& stopping;    // the host
  std::atomic<bool> const& cancelled;   // this attempt
  span_handle span;
  std::vector<bus::child> children;
  std::vector<publish_mark> marks;
  std::optional<error> undeclared;   // the first output whose type the agent does not declare; fails the activation whatever the handler does

  [[nodiscard]] bus::artifact_data const& newest() const noexcept;
};

/// Runs one delivery to its end: predicates are decided, the handler is called, spans are recorded. Never throws.
[[nodiscard]] bus::done run_attempt(host_environment& around, bus::delivery const& work, agent_descriptor const& descriptor, handler const& call,
                                    std::atomic<bool> const& stopping, std::atomic<bool> const& cancelled, activation_frame*& current) noexcept;

}  // namespace skein::agents
