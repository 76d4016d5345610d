// What a seed simulates: its rates of faults, its agents, and what their handlers do. Everything a handler publishes is a function of
// (agent, input), so that whoever checks knows what each activation must leave behind, whichever attempt succeeded.
#pragma once

#include "random_source.hpp"

#include <skein/bus/message.hpp>

#include <string>
#include <vector>

namespace skein::sim {

using namespace std::chrono_literals;

/// Of the simulated board.
inline constexpr std::chrono::nanoseconds lease = 2s, grace = 1s;
inline constexpr std::size_t dead_kept = 12;

/// Drawn once per seed. Probabilities are per message, handler or commit, unless they say otherwise.
struct rates {
  double lost = 0, doubled = 0, delayed = 0;
  double handler_fails = 0, handler_permanent = 0, handler_releases = 0;
  double commit_fails = 0;
  bool commits_at_once = false;          ///< Every step is committed before the next: a ledger without a disk.
  double host_trouble = 0;               ///< Per disturbance: a remote host is killed, drained or loses its connection.
  double hub_killed = 0;                 ///< Per disturbance.
  std::size_t remote_hosts = 0;

  [[nodiscard]] bool faultless() const noexcept { return lost + doubled + delayed + commit_fails + host_trouble + hub_killed == 0; }
  [[nodiscard]] std::string describe() const;
};
[[nodiscard]] rates draw_rates(random_source& random);

/// What an artifact of the simulation carries.
struct work {
  std::uint8_t depth = 0;                ///< How many generations may follow.
  std::uint64_t id = 0;
  std::uint32_t attempt = 0;             ///< Which attempt published it; 0 from outside.
  friend bool operator==(work const&, work const&) = default;
};
[[nodiscard]] payload to_payload(work const& what);
[[nodiscard]] work work_of(payload const& of);
[[nodiscard]] work work_of(bus::artifact_data const& artifact);

/// The agents of the host inside the hub; `grown` with the one that is added while it runs.
[[nodiscard]] std::vector<agent_descriptor> local_agents(bool grown);
/// The agents of remote host `index`.
[[nodiscard]] std::vector<agent_descriptor> remote_agents(std::size_t index, bool grown);
/// Every agent there is, by name.
[[nodiscard]] agent_descriptor const& agent_named(std::string const& name);
[[nodiscard]] std::vector<agent_descriptor> const& all_agents();

/// Whether the predicate of a subscription that has one accepts the artifact.
[[nodiscard]] bool predicate_accepts(std::string const& agent, bus::artifact_data const& artifact);
/// Whether the hub itself evaluates the predicates of this agent.
[[nodiscard]] bool predicate_is_local(std::string const& agent);
/// Whether the subscription wants the artifact, by the documented rules (type, producer, tags, visibility, self-trigger), predicates aside.
[[nodiscard]] bool wants(std::string const& agent, subscription_descriptor const& subscription, bus::artifact_data const& artifact);
/// What the agent's handler publishes for the input in this attempt.
[[nodiscard]] std::vector<bus::child> children_of(std::string const& agent, bus::artifact_data const& input, std::uint32_t attempt);

}  // namespace skein::sim
