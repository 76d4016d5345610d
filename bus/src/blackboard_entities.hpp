// The entities of the blackboard: what blackboard_state.hpp keeps and works on.
#pragma once

#include "forming_groups.hpp"
#include "numbered_index.hpp"
#include "recycled_map.hpp"

#include <skein/bus/blackboard.hpp>

#include <boost/intrusive/list.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <queue>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace skein::bus {

struct string_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};
template <class T>
using by_name = std::unordered_map<std::string, T, string_hash, std::equal_to<>>;

/// Notices that no report has told of, by kind and agent.
using notice_tally = std::map<std::pair<std::string, std::string>, notice_summary>;

struct agent_entity;
struct subscription;

/// A closed activation, for reports. Agents are known for ever.
struct closed_activation {
  agent_entity const* agent = nullptr;
  activation_id id;
  run_id run;
  std::uint32_t attempt = 0;
  bool ok = false;
  std::int64_t duration_ns = 0;
};

struct run_state {
  run_row row;
  std::uint64_t open = 0;       // activations in ready, leased or retry that have an input of this run
  std::uint64_t blocked = 0;    // those of them that nobody serves, or that are paused
  std::uint64_t holds = 0;
  std::size_t references = 0;   // see ended_run
  bool named = false;           // has (or had) a body: keeps its own history
  bool touched = false;         // in board::touched
  bool body_lost = false;       // the process that ran its body is gone
  bool cancelled = false;       // takes nothing more
  by_name<std::uint64_t> started;   // activations of agents that have a limit per run
  std::vector<closed_activation> closed;
  std::vector<failure_summary> failures;
  notice_tally notices;
  std::uint64_t mismatches = 0, omitted = 0;
  std::size_t reported_closed = 0, reported_failures = 0;
  std::uint64_t reported_mismatches = 0, reported_omitted = 0;

  void recycle() { *this = {}; }
};

/// What the board knows of an agent beside its subscriptions; lives for ever once it is known.
struct agent_entity {
  std::string name;
  std::size_t index = 0;                // in board::agents_in_order
  std::vector<subscription*> subs;      // all of its, offered or not
  agent_rules rules;
  bool is_paced = false;                // it has a deadline, a breaker or a rate: a host gets no more of it than it can start
  std::uint32_t max_concurrency = 1;
  bool paused = false;
  // The breaker.
  enum class breaker_state : std::uint8_t { closed, open, half_open } breaker = breaker_state::closed;
  std::uint32_t failures_in_a_row = 0;
  timestamp open_until{};               // while open
  activation_no trial = 0;              // leased while half open
  // The rate limit: starts within the last rules.rate.per, oldest first.
  std::deque<timestamp> starts;
  timestamp delayed_until{};            // nothing starts before; zero = now
  // What the counters go by: is_delayed() as it was at the end of the last step.
  bool held_up = false;
  bool shifted = false;                 // in board::shifted: held_up may be out of date
  std::uint64_t waiting = 0;            // ready, not blocked, and nobody else's to take
};

/// What the board knows of a type, while somebody takes it or artifacts of it are kept.
struct type_entity {
  std::vector<subscription*> interested;   // active ones
  std::deque<std::uint64_t> kept;          // places of artifacts, oldest first: see kept_artifact
};
using type_slot = std::pair<std::string const, type_entity>;

/// An artifact that is kept for queries. The n-th that ever was has place n; they leave in that order.
struct kept_artifact {
  artifact_ptr artifact;
  type_slot* type = nullptr;
};

using group_hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>>;

/// An open group: it waits for its types (not batch), or gathers for a batch. Those of one subscription and kind stand in a list.
struct open_group : group_hook {
  group_row row;                        // while it stands in `forming`, without correlation and key: those are there
  struct subscription* sub = nullptr;
  std::vector<artifact_ptr> members;    // by slot, null = missing; of a batch: all, group after group
  std::size_t filled = 0;               // members that are there
  std::uint64_t bytes = 0;              // encoded payloads of the members
  forming_groups* forming = nullptr;    // where it stands while it waits

  [[nodiscard]] std::string const& correlation() const noexcept { return forming ? *forming->correlation : row.correlation; }
  [[nodiscard]] std::string key() const;
  /// The row with all that belongs to it.
  [[nodiscard]] group_row whole_row() const {
    group_row whole = row;
    whole.correlation = correlation();
    whole.key = key();
    return whole;
  }

  void recycle() {
    forming = nullptr;
    row.correlation.clear();
    row.key.clear();
    members.clear();
    sub = nullptr;
    filled = 0;
    bytes = 0;
  }
};
using group_map = recycled_map<group_no, open_group, numbered_index<open_group*>>;
/// Oldest first: a lower number is an older group.
using group_list = boost::intrusive::list<open_group, boost::intrusive::base_hook<group_hook>>;

using ready_hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>>;
struct ready_line;

struct subscription : ready_hook {
  subscription_row row;
  subscription_descriptor descriptor;   // empty until a host has said hello with it
  std::vector<std::size_t> alike;       // by slot: the first that takes the same artifacts, by the same key
  std::vector<type_slot const*> taken_types;   // by slot, while it is active
  // Of the descriptor.
  bool takes_all = true;                // of its types: no condition on the artifact
  bool refuses_own = false;             // what its own agent has published
  bool is_grouped = false;
  bool is_exclusive = false;
  retry_policy retry;
  agent_entity* agent = nullptr;
  // Open groups; a lower number is an older group.
  forming_table forming;
  std::map<std::string, group_no> batches;                               // by correlation
  group_list waiting, gathering;                                         // those of `forming`, those of `batches`
  std::uint64_t group_bytes = 0;
  std::uint64_t taken = 0;              // artifacts that a group of it has taken
  std::uint64_t proven = 0;             // with within_count: the count that the row of group `proven_by` tells
  group_no proven_by = 0;
  timestamp groups_due{};               // when the earliest of its timers in board::dues fires; zero = there is none
  timer_row timer;                      // of grouping::timer
  activation_no tick = 0;               // the timer's open activation
  // Its last host vanished, or it is known from the ledger: its work is awaited until then. Zero = no host is expected.
  timestamp expected_until{};
  std::uint64_t identity = 0;           // hash of (agent, ordinal, fingerprint)
  bool active = false;                  // offered by the agent's latest description: artifacts are routed to it
  bool queued = false;                  // in a line of board::ready_subscriptions
  ready_line* line = nullptr;           // that of its priority, once it was looked for
  std::vector<struct host*> hosts;      // that serve it
  std::deque<activation_no> ready;      // may name activations that are not ready any more, or not for it; they are skipped
  std::size_t looked_through = 0;       // entries of `ready` that drop_stale() left
  std::uint64_t made_ready = 0;         // activations opened for it: now and then drop_stale() is called
  std::uint64_t last_taken = 0;         // when it last got one that others wanted too; counts board::contests

  /// The key of a group as its row tells it, and back. Keys that are not of fields are texts already.
  [[nodiscard]] std::string text_of(field_key_value const& key) const { return descriptor.keys.empty() ? key.text : key.to_string(); }
  [[nodiscard]] field_key_value key_of(std::string const& text) const { return descriptor.keys.empty() ? field_key_value{0, text} : field_key_value::parse(text); }
  /// Sets the descriptor and what follows from it.
  void describe(subscription_descriptor const& as);
  /// Keys come from outside, so the hash begins with a number that is not known there: where this stands in memory. Valid until it is called again.
  [[nodiscard]] group_key_view group_key_of(std::string const& correlation, field_key_value const& key) {
    // Most are of the run of the one before.
    if (!last_correlation || *last_correlation != correlation) {
      last_correlation = std::make_shared<std::string const>(correlation);
      correlation_hash = stable_hash(correlation, reinterpret_cast<std::uintptr_t>(this));
    }
    return {last_correlation, key, key.text.empty() ? hash_of(key.integer, correlation_hash) : static_cast<std::size_t>(stable_hash(key.text, correlation_hash))};
  }
  shared_text last_correlation;         // null: there was none yet
  std::uint64_t correlation_hash = 0;
  /// Whether somebody takes its work, or is expected back to do so.
  [[nodiscard]] bool served() const noexcept { return !hosts.empty() || expected_until != timestamp{}; }
  /// The same, and its agent is not paused.
  [[nodiscard]] bool takes_work() const noexcept { return served() && !agent->paused; }
  /// Work that waits on a host cannot be withdrawn from it. So a host holds no more than it can start of an agent whose deadlines run from the
  /// lease, whose breaker may open or whose starts are counted; and of subscriptions that others compete with.
  [[nodiscard]] bool is_scarce() const noexcept { return agent->is_paced || is_exclusive; }
};

inline std::string open_group::key() const { return forming ? sub->text_of(forming->key) : row.key; }

/// Those of one priority that may have something to start.
struct ready_line : boost::intrusive::list<subscription, boost::intrusive::base_hook<ready_hook>, boost::intrusive::constant_time_size<false>> {};

using lease_hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>>;

/// Those that are leased to one host stand in a list.
struct activation : lease_hook {
  activation_row row;
  std::vector<artifact_ptr> inputs;
  run_state* run = nullptr;             // of the newest input
  std::vector<run_state*> other_runs;   // of the other inputs, each once: it is their open work too
  subscription* sub = nullptr;
  std::vector<subscription*> rivals;    // that compete for it (exclusive), `sub` among them; empty = nobody else may take it
  bool unasked = false;                 // local predicates have not been asked
  /// What it counts as while it is ready. `waiting`: in its agent's `waiting`. `delayed`: of one with rivals, held up by the breakers and limiters of them all.
  enum class counting : std::uint8_t { none, blocked, waiting, delayed } counted = counting::none;
  bool parked = false;                  // ready, but out of the queues: its run is paused
  std::uint32_t overdue = 0;            // the attempt that a deadline has ended: its result is refused
  timestamp due{};                      // of the lease: when its deadline has passed; zero = none
  host_key host = 0;                    // of the lease; 0 for a lease that waits for its host after a restart. While it isn't 0, row.host says nothing.
  std::uint64_t number = 0;             // of the deliver message that carried the lease
  std::int64_t duration_ns = 0;         // of the last attempt that reported
  timestamp refreshed{};                // when the lease began or a beat last listed it
  ticket closed_reply = 0;

  [[nodiscard]] bool is_counted_blocked() const noexcept { return counted == counting::blocked; }
  /// Every run that it is open work of.
  template <class Visit>
  void each_run(Visit visit) const {
    visit(*run);
    for (auto* other : other_runs) visit(*other);
  }
  /// Whether one of those that may take it is such.
  template <class Is>
  [[nodiscard]] bool any_taker(Is is) const {
    if (rivals.empty()) return is(*sub);
    for (auto* one : rivals) {
      if (is(*one)) return true;
    }
    return false;
  }
  /// Whether the subscription may take it.
  [[nodiscard]] bool is_for(subscription const& taker) const noexcept {
    return any_taker([&](subscription const& one) { return &one == &taker; });
  }
  [[nodiscard]] artifact_data const& newest() const noexcept { return *inputs[newest_index]; }
  std::size_t newest_index = 0;

  /// As good as new: every member is named here.
  void recycle() {
    row.inputs.clear();
    row.state = activation_state::ready;
    row.attempt = row.failures = row.losses = 0;
    row.not_before = {};
    row.host.clear();
    row.error_type.clear();
    row.what.clear();
    row.since = {};
    inputs.clear();
    run = nullptr;
    other_runs.clear();
    sub = nullptr;
    rivals.clear();
    unasked = parked = false;
    counted = counting::none;
    overdue = 0;
    due = {};
    host = 0;
    number = 0;
    duration_ns = 0;
    refreshed = {};
    closed_reply = 0;
    newest_index = 0;
  }
};

/// What makes a subscription the same one across restarts and hosts.
inline std::uint64_t identity_of(subscription_row const& row) {
  return stable_hash(row.agent, stable_hash(std::to_string(row.ordinal), row.fingerprint));
}

struct host {
  host_key key = 0;
  std::string name, principal;
  std::uint64_t instance = 0;
  bool local = false;
  bool draining = false;                // has been asked to leave: gets no more work
  std::size_t credit = 0;
  std::uint64_t number = 0;             // of the last deliver message
  timestamp heard{};
  std::optional<timestamp> away_until;  // its connection was lost: until then it may come back on another
  boost::intrusive::list<activation, boost::intrusive::base_hook<lease_hook>> leases;
  std::vector<std::uint32_t> held;      // leases by subscription, the first at 0; up to the last that it ever had any of
  std::vector<subscription_no> serves;
  std::vector<delivery> outbox;         // leased in this step; stays empty for the host of this process

  [[nodiscard]] std::size_t leases_of(subscription const& sub) const noexcept {
    return sub.row.no <= held.size() ? held[sub.row.no - 1] : 0;
  }
  /// Whether the result of the activation's attempt is still to come from here: leased to this host, or lost with it and ready for
  /// somebody else to take over. An attempt that has reported names no host.
  [[nodiscard]] bool owes(activation const& a, attempt_ref const& ref) const noexcept {
    if (a.row.id != ref.id || a.row.attempt != ref.attempt) return false;
    if (a.row.state == activation_state::leased && a.host != 0) return a.host == key;
    return (a.row.state == activation_state::leased || a.row.state == activation_state::ready) && a.row.host == name;
  }
};

/// An activation that failed for good, kept to be listed and requeued.
struct dead_activation {
  activation_row row;
  std::vector<artifact_ptr> inputs;
  std::uint32_t overdue = 0;            // see activation
};

/// A run that has ended, while dead activations, groups or embargoed artifacts of it may open it again. While it is open, they are counted there.
struct ended_run {
  run_row row;                          // without an id: a run that is not known otherwise
  std::size_t references = 0;           // dead activations, members of open groups, embargoed artifacts
  by_name<std::uint64_t> started;       // see run_state

  void recycle() { *this = {}; }
};

/// A run_until that waits.
struct condition_waiter {
  ticket to = 0;
  board_condition condition;
  std::vector<std::uint64_t> counts;    // of its count and failure leaves, in depth-first order
};

struct waiter {
  ticket to = 0;
  std::optional<run_id> run;
  run_id scope;
  bool cancelled = false;               // its run has ended so
};

struct retry_timer {
  timestamp at{};
  activation_no no = 0;
  std::uint32_t attempt = 0;
  friend bool operator>(retry_timer const& a, retry_timer const& b) noexcept { return std::tie(a.at, a.no) > std::tie(b.at, b.no); }
};

struct expected_timer {
  timestamp at{};
  subscription_no sub = 0;
  friend bool operator>(expected_timer const& a, expected_timer const& b) noexcept { return std::tie(a.at, a.sub) > std::tie(b.at, b.sub); }
};

/// The error_type of an attempt that ran past its deadline.
inline constexpr std::string_view deadline_exceeded = "skein.deadline_exceeded";

/// Something that is due at a time, if it still stands then: who takes it looks.
struct due_timer {
  timestamp at{};
  enum class kind : std::uint8_t { group, deadline, tick, embargo, agent } what = kind::group;
  std::uint64_t no = 0;                 // subscription (of groups and ticks), activation, artifact seq; agents: index
  friend bool operator<(due_timer const& a, due_timer const& b) noexcept { return std::tie(a.at, a.what, a.no) < std::tie(b.at, b.what, b.no); }
};

/// What is due, soonest first. What has become void is better erased: every entry wakes the hub.
class due_timers {
 public:
  void push(due_timer const& one) { all_.insert(one); }
  void erase(due_timer const& one) { all_.erase(one); }
  void pop() { all_.erase(all_.begin()); }
  [[nodiscard]] bool empty() const noexcept { return all_.empty(); }
  [[nodiscard]] due_timer const& top() const { return *all_.begin(); }

 private:
  std::set<due_timer> all_;
};

/// An artifact that is hidden until a time.
struct embargoed {
  artifact_ptr artifact;
  embargo_row row;
};

}  // namespace skein::bus
