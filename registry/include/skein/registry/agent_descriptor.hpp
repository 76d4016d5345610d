// What an agent is, as data: what the hub routes by, what HELLO carries, what the ledger remembers. No code, no C++ types.
#pragma once

#include <skein/registry/field.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace skein {

/// How a subscription puts artifacts together before they start an activation. `subscription_descriptor::batch_max` gathers what comes out.
enum class grouping : std::uint8_t {
  single = 0,  ///< Every matching artifact is a group of its own.
  all = 1,     ///< One of each of `types`, in arrival order within a correlation (AND); a type that stands twice needs two.
  join = 2,    ///< As all, among artifacts with the same key.
  timer = 3,   ///< No artifact of others: the board publishes skein.tick by `timer`.
};

/// A condition on one of a subscription's types, as data.
struct type_condition {
  std::string type;         ///< Wire name.
  field_expression where;   ///< Must hold for every artifact of that type.
  friend bool operator==(type_condition const&, type_condition const&) = default;
};

/// When a timer publishes its ticks: one of the three is set.
struct timer_schedule {
  std::chrono::nanoseconds every{};                         ///< Above 0: again and again, first after this long.
  std::chrono::sys_time<std::chrono::nanoseconds> at{};     ///< Not zero: once.
  std::string cron;                                         ///< Not empty: five fields (minute hour day month weekday), UTC, by POSIX crontab(5).
  friend bool operator==(timer_schedule const&, timer_schedule const&) = default;
};

/// One subscription of an agent. Its identity is (agent, ordinal, fingerprint).
struct subscription_descriptor {
  std::uint32_t ordinal = 0;                            ///< Position among the agent's subscriptions, from 0.
  std::vector<std::string> types;                       ///< Wire names, the slots of a group in declared order; one for single, skein.tick for timer.
  skein::grouping grouping = skein::grouping::single;   ///< How artifacts are put together before they start an activation.
  std::vector<std::string> from;                        ///< Producers; empty accepts all.
  std::vector<std::string> tagged;                      ///< Any of these tags; empty accepts all.
  bool has_predicate = false;                           ///< A lambda decides too, on the host.
  bool self_trigger = false;                            ///< Also accepts what its own agent published.
  std::int32_t priority = 0;                            ///< Higher starts first.
  std::vector<type_condition> filters;                     ///< All that name an artifact's type must hold.
  std::vector<std::string> keys;                        ///< For join: the path of the key in each of `types`, in their order. Empty: lambdas give the keys.
  std::chrono::nanoseconds within{};                    ///< For all and join: a group that is not complete this long after its first member expires; 0 = never.
  std::uint64_t within_count = 0;                       ///< Likewise after so many further artifacts that this subscription has taken; 0 = never.
  std::uint32_t batch_max = 0;                          ///< Not 0: so many groups (artifacts, for single) start one activation together.
  std::chrono::nanoseconds batch_age{};                 ///< A batch starts at this age of its first group at the latest; 0 = whatever its age.
  bool across_runs = false;                             ///< Artifacts of all correlations meet; otherwise only those of the same.
  std::string exclusive;                                ///< Not empty: subscriptions with this word compete: each artifact goes to one of them.
  timer_schedule timer;                                 ///< For grouping::timer.

  /// A hash of everything above but the ordinal; the same on every machine. A changed subscription is another subscription.
  [[nodiscard]] std::uint64_t fingerprint() const;
  /// Whether an activation may have several inputs.
  [[nodiscard]] bool is_grouped() const noexcept { return grouping == grouping::all || grouping == grouping::join || batch_max > 0; }
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

/// When an agent that keeps failing is left alone. Members in the order of the user's designated initialisers.
struct breaker_policy {
  std::uint32_t failures = 0;                                      ///< So many failed attempts in a row open it; 0 = there is no breaker.
  std::chrono::nanoseconds open_for = std::chrono::seconds{60};    ///< While it is open nothing starts; then one attempt decides (half open).
  friend bool operator==(breaker_policy const&, breaker_policy const&) = default;
};

/// How often an agent may start. Members in the order of the user's designated initialisers.
struct rate_policy {
  std::uint32_t activations = 0;                                   ///< So many starts at most within any `per`; 0 = as many as can. The rest waits.
  std::chrono::nanoseconds per = std::chrono::seconds{1};          ///< Above 0.
  friend bool operator==(rate_policy const&, rate_policy const&) = default;
};

/// What the board goes by beside subscriptions and retries: who the agent is, and when its work may start.
struct agent_rules {
  std::vector<std::string> labels;                 ///< What visible_to_labels asks for.
  std::string tenant;                              ///< What visible_to_tenant asks for.
  std::chrono::nanoseconds deadline{};             ///< Of one attempt, from its lease; 0 = none.
  breaker_policy breaker;                          ///< Counted over all its subscriptions and hosts.
  rate_policy rate;                                ///< Likewise.
  std::uint64_t activations_max_per_workflow = 0;  ///< A run that would start it once more fails instead; 0 = no limit.
  friend bool operator==(agent_rules const&, agent_rules const&) = default;
};

/// One agent as a host offers it.
struct agent_descriptor {
  std::string name;                                     ///< Unique on a hub.
  std::string description;                              ///< For people.
  std::vector<subscription_descriptor> subscriptions;   ///< By ordinal.
  std::vector<std::string> publishes;                   ///< Wire names of declared outputs.
  retry_policy retry;                                   ///< Of every subscription.
  std::uint32_t max_concurrency = 1;                    ///< Activations at once on one host; at least 1.
  agent_rules rules;                                    ///< What the board goes by.
  friend bool operator==(agent_descriptor const&, agent_descriptor const&) = default;
};

}  // namespace skein
