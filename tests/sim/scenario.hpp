// What a seed simulates: its rates of faults, the rules that take part, and what handlers do. Everything a handler publishes is a function of
// (agent, inputs), so that whoever checks knows what each activation must leave behind, whichever attempt succeeded.
#pragma once

#include "random_source.hpp"

#include <skein/bus/message.hpp>

#include <bitset>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace skein::sim {

using namespace std::chrono_literals;

/// Of the simulated board.
inline constexpr std::chrono::nanoseconds lease = 2s, grace = 1s;
inline constexpr std::size_t dead_kept = 12, groups_kept = 5;

/// A promise was broken.
class violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What a seed may exercise beside single artifacts, retries and hosts that come and go.
enum class rule : std::uint8_t {
  all_of = 0, join, batch, across_runs, filter, visibility, embargo, exclusive, breaker, rate, deadline, limit, timer, pause, cancel, until, invoke,
};
inline constexpr std::size_t rule_count = 17;

/// The rules that take part in a seed.
struct rule_set {
  std::bitset<rule_count> bits;
  [[nodiscard]] bool has(rule one) const { return bits.test(static_cast<std::size_t>(one)); }
  /// Whether some agent of the seed takes the types u0 and u1.
  [[nodiscard]] bool wider() const { return bits.any(); }
  [[nodiscard]] std::string describe() const;
};

/// Drawn once per seed. Probabilities are per message, handler or commit, unless they say otherwise.
struct rates {
  double lost = 0, doubled = 0, delayed = 0;
  double handler_fails = 0, handler_permanent = 0, handler_releases = 0;
  double commit_fails = 0;
  bool commits_at_once = false;          ///< Every step is committed before the next: a ledger without a disk.
  double host_trouble = 0;               ///< Per disturbance: a remote host is killed, drained or loses its connection.
  double hub_killed = 0;                 ///< Per disturbance.
  std::size_t remote_hosts = 0;
  rule_set rules;

  [[nodiscard]] bool faultless() const noexcept { return lost + doubled + delayed + commit_fails + host_trouble + hub_killed == 0; }
  [[nodiscard]] std::string describe() const;
};
[[nodiscard]] rates draw_rates(random_source& random);

/// What an artifact of the simulation carries, as a map: {"d": depth, "i": id, "a": attempt, "k": key}.
struct work {
  std::uint8_t depth = 0;                ///< How many generations may follow.
  std::uint64_t id = 0;
  std::uint32_t attempt = 0;             ///< Which attempt published it; 0 from outside.
  /// What joins go by; nil for some.
  [[nodiscard]] std::optional<std::uint8_t> key() const noexcept { return (id >> 40) % 8 == 7 ? std::nullopt : std::optional{static_cast<std::uint8_t>((id >> 40) % 3)}; }
  friend bool operator==(work const&, work const&) = default;
};
[[nodiscard]] payload to_payload(work const& what);
[[nodiscard]] work work_of(payload const& of);
/// Also of what the board itself publishes: of depth 0.
[[nodiscard]] work work_of(bus::artifact_data const& artifact);

/// Of an activation's inputs the one with the highest number.
[[nodiscard]] bus::artifact_ptr const& newest_of(std::vector<bus::artifact_ptr> const& inputs);

/// Whether the predicate of a subscription that has one accepts the artifact.
[[nodiscard]] bool predicate_accepts(std::string const& agent, bus::artifact_data const& artifact);
/// Whether the subscription wants the artifact, by the documented rules (type, producer, visibility, from, tags, filters), predicates and embargoes aside.
[[nodiscard]] bool wants(agent_descriptor const& agent, subscription_descriptor const& subscription, bus::artifact_data const& artifact);
/// What the agent's handler publishes for the inputs in this attempt.
[[nodiscard]] std::vector<bus::child> children_of(std::string const& agent, std::vector<bus::artifact_ptr> const& inputs, std::uint32_t attempt, rule_set const& rules);
/// Who may see an artifact with these random bits; null for most.
[[nodiscard]] std::shared_ptr<visibility const> visibility_by(std::uint64_t bits, timestamp from, rule_set const& rules);
/// A type for an artifact with these random bits.
[[nodiscard]] std::string type_by(std::uint64_t bits, rule_set const& rules);

}  // namespace skein::sim
