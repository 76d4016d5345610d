// An artifact as the bus knows it: an immutable payload plus what was recorded when it was published.
#pragma once

#include <skein/registry/agent_descriptor.hpp>
#include <skein/registry/ids.hpp>
#include <skein/registry/payload.hpp>
#include <skein/tracing/clock.hpp>
#include <skein/tracing/trace_context.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace skein {

/// Who may see an artifact. Absent (null) means everyone; otherwise every non-empty part must hold.
struct visibility {
  std::vector<std::string> agents;   ///< Only these agents.
  std::vector<std::string> labels;   ///< Agents that carry all of these labels.
  std::string tenant;                ///< Agents of this tenant.
  timestamp not_before{};            ///< Not routed before this time; zero = at once.
  friend bool operator==(visibility const&, visibility const&) = default;
};

/// What travels with a trace besides its ids; headers as text, checked where they came in.
struct trace_headers {
  std::string tracestate, baggage;   ///< Header text, normalised; empty = none.
  friend bool operator==(trace_headers const&, trace_headers const&) = default;
};

namespace bus {

/// The producer of what was published from outside every agent.
inline constexpr std::string_view external_producer = "external";

/// One artifact. Immutable once it is on the board; shared by everything that refers to it.
struct artifact_data {
  artifact_id id;                                  ///< Unique on every board.
  std::uint64_t seq = 0;                           ///< Order on this board, from 1; given by the board.
  std::string type;                                ///< Wire name.
  std::uint32_t version = 1;                       ///< Of the type, when it was published.
  skein::payload payload;                          ///< The value; shared by copies.
  std::string produced_by;                         ///< Agent name, or external_producer.
  run_id run;                                      ///< What is published outside any has a run of its own.
  std::string correlation;                         ///< The run id's text inside a run, or what the publisher gave; may be empty.
  activation_id cause;                             ///< The activation that published it; empty when external.
  std::vector<std::string> tags;                   ///< Words to subscribe and to query by.
  std::shared_ptr<visibility const> visible_to;    ///< Null = everyone.
  span_context context;                            ///< Its publish span.
  std::shared_ptr<trace_headers const> headers;    ///< Null = none.
  timestamp created_at{};                          ///< When the board took it.
  bool routed = true;                              ///< False: kept on the board but offered to no subscription (invoke).
};

/// Whether an agent may see the artifact, `not_before` aside: everyone, or by name, labels and tenant.
[[nodiscard]] bool may_see(artifact_data const& artifact, std::string_view agent, agent_rules const& rules) noexcept;
/// Whether it is hidden from everybody at this time.
[[nodiscard]] inline bool is_embargoed(artifact_data const& artifact, timestamp now) noexcept {
  return artifact.visible_to && artifact.visible_to->not_before > now;
}
/// Makes one that nobody else has as good as new; short texts keep their memory.
void renew(artifact_data& one) noexcept;
/// How artifacts are handed around: one object, shared by everything that refers to it. Make no weak pointer of it: the board gives the memory of an artifact
/// that nobody has any more to the next one.
using artifact_ptr = std::shared_ptr<artifact_data const>;

}  // namespace bus
}  // namespace skein
