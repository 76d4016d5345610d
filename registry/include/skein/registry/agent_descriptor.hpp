// What an agent is, as data: what the hub routes by, what HELLO carries, what the ledger remembers. No code, no C++ types.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace skein {

/// How a subscription forms the groups that start an activation.
enum class grouping : std::uint8_t {
  single = 0,  ///< Every matching artifact is a group of its own.
};

/// One subscription of an agent. Its identity is (agent, ordinal, fingerprint).
struct subscription_descriptor {
  std::uint32_t ordinal = 0;                            ///< Position among the agent's subscriptions, from 0.
  std::vector<std::string> types;                       ///< Wire names; one for grouping::single.
  skein::grouping grouping = skein::grouping::single;   ///< How artifacts are put together before they start an activation.
  std::vector<std::string> from;                        ///< Producers; empty accepts all.
  std::vector<std::string> tagged;                      ///< Any of these tags; empty accepts all.
  bool has_predicate = false;                           ///< A lambda decides too, on the host.
  bool self_trigger = false;                            ///< Also accepts what its own agent published.
  std::int32_t priority = 0;                            ///< Higher starts first.

  /// A hash of everything above but the ordinal; the same on every machine. A changed subscription is another subscription.
  [[nodiscard]] std::uint64_t fingerprint() const;
  friend bool operator==(subscription_descriptor const&, subscription_descriptor const&) = default;
};

/// How failed attempts are repeated. Members in the order of the user's designated initialisers.
struct retry_policy {
  std::uint32_t attempts_max = 1;                                              ///< Handler failures before the activation is dead; at least 1.
  std::uint32_t losses_max = 5;                                                ///< Leases lost with their host before the activation is dead; at least 1.
  std::chrono::nanoseconds backoff_initial = std::chrono::milliseconds{100};   ///< Before the second attempt.
  double backoff_factor = 2.0;                                                 ///< At least 1.
  std::chrono::nanoseconds backoff_max = std::chrono::seconds{30};             ///< However many attempts there were.
  double jitter = 0.0;                                                         ///< 0 to 1: the share of the backoff that varies, drawn from (activation, attempt).
  friend bool operator==(retry_policy const&, retry_policy const&) = default;
};

/// One agent as a host offers it.
struct agent_descriptor {
  std::string name;                                     ///< Unique on a hub.
  std::string description;                              ///< For people.
  std::vector<subscription_descriptor> subscriptions;   ///< By ordinal.
  std::vector<std::string> publishes;                   ///< Wire names of declared outputs.
  retry_policy retry;                                   ///< Of every subscription.
  std::uint32_t max_concurrency = 1;                    ///< Activations at once on one host; at least 1.
  friend bool operator==(agent_descriptor const&, agent_descriptor const&) = default;
};

}  // namespace skein
