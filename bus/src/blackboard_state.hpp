// The entities of the blackboard and the operations on them; blackboard_*.cpp each hold one concern.
#pragma once

#include <skein/bus/blackboard.hpp>

#include <deque>
#include <map>
#include <queue>
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

struct run_state {
  run_row row;
  std::uint64_t open = 0;       // activations in ready, leased or retry
  std::uint64_t blocked = 0;    // those of them that nobody serves
  std::uint64_t holds = 0;
  bool named = false;           // has (or had) a body: keeps its own history
  bool touched = false;         // in board::touched
  bool body_lost = false;       // the process that ran its body is gone
  std::vector<activation_summary> closed;
  std::vector<failure_summary> failures;
  std::uint64_t mismatches = 0, omitted = 0;
  std::size_t reported_closed = 0, reported_failures = 0;
  std::uint64_t reported_mismatches = 0, reported_omitted = 0;
};

struct subscription {
  subscription_row row;
  subscription_descriptor descriptor;   // empty until a host has said hello with it
  retry_policy retry;
  // Its last host vanished, or it is known from the ledger: its work is awaited until then. Zero = no host is expected.
  timestamp expected_until{};
  std::uint64_t identity = 0;           // hash of (agent, ordinal, fingerprint)
  bool active = false;                  // offered by the agent's latest description: artifacts are routed to it
  bool queued = false;                  // in board::ready_subscriptions
  std::vector<host_key> hosts;          // that serve it
  std::deque<activation_no> ready;      // may name activations that are not ready any more; they are skipped

  /// Whether somebody takes its work, or is expected back to do so.
  [[nodiscard]] bool served() const noexcept { return !hosts.empty() || expected_until != timestamp{}; }
};

struct activation {
  activation_row row;
  std::vector<artifact_ptr> inputs;
  run_state* run = nullptr;
  subscription* sub = nullptr;
  host_key host = 0;                    // of the lease; 0 for a lease that waits for its host after a restart
  std::uint64_t number = 0;             // of the deliver message that carried the lease
  std::int64_t duration_ns = 0;         // of the last attempt that reported
  timestamp refreshed{};                // when the lease began or a beat last listed it
  ticket closed_reply = 0;
  bool blocked = false;

  [[nodiscard]] artifact_data const& newest() const noexcept { return *inputs[newest_index]; }
  std::size_t newest_index = 0;
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
  std::unordered_set<activation_no> leases;
  std::unordered_map<subscription_no, std::size_t> held;   // leases by subscription; none that are zero
  std::vector<subscription_no> serves;
  std::vector<delivery> outbox;         // leased in this step

  /// Whether the result of the activation's attempt is still to come from here: leased to this host, or lost with it and ready for
  /// somebody else to take over. An attempt that has reported names no host.
  [[nodiscard]] bool owes(activation const& a, attempt_ref const& ref) const noexcept {
    if (a.row.id != ref.id || a.row.attempt != ref.attempt) return false;
    if (a.row.state == activation_state::leased && a.host != 0) return a.host == key;
    return (a.row.state == activation_state::leased || a.row.state == activation_state::ready) && a.row.host == name;
  }
  /// How many more activations of this subscription it may hold.
  [[nodiscard]] std::size_t room_for(subscription_no sub) const noexcept {
    auto const found = held.find(sub);
    std::size_t const used = found == held.end() ? 0 : found->second;
    return credit > used && !draining ? credit - used : 0;
  }
};

/// An activation that failed for good, kept to be listed and requeued.
struct dead_activation {
  activation_row row;
  std::vector<artifact_ptr> inputs;
};

/// The row of a run that has ended, while dead activations of it may open it again.
struct ended_run {
  run_row row;
  std::size_t dead = 0;
};

struct waiter {
  ticket to = 0;
  std::optional<run_id> run;
  run_id scope;
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

struct blackboard::state {
  explicit state(blackboard_limits given) : limits(given) {}

  // Inputs.
  void on(input::publish&& in);
  void on(input::hello&& in);
  void on(input::beat&& in);
  void on(input::done&& in);
  void on(input::goodbye&& in);
  void on(input::disconnected&& in);
  void on(input::open_run&& in);
  void on(input::hold&& in);
  void on(input::release&& in);
  void on(input::wait_idle&& in);
  void on(input::cancel_wait&& in);
  void on(input::tick&& in);
  void on(input::requeue&& in);
  void on(input::drop_dead&& in);
  void on(input::drain&& in);
  void on(input::forget_agent&& in);
  void finish_step();

  // Artifacts and routing (blackboard_publish.cpp).
  artifact_ptr place(std::shared_ptr<artifact_data> artifact, std::string idempotency_key);
  void keep(artifact_ptr const& artifact);
  void route(artifact_ptr const& artifact, run_state& run, std::vector<subscription_no> const& rejected);
  bool matches(subscription const& sub, artifact_data const& artifact) const;
  activation& open(subscription& sub, std::vector<artifact_ptr> inputs, run_state& run);
  void remember_key(std::string const& key, artifact_id const& id);

  // Activations (blackboard_activation.cpp).
  void transition(activation& a, activation_state next);
  void make_ready(activation& a, bool first);
  void complete(activation& a, input::done& in);
  void fail(activation& a, done& how);
  void give_back(activation& a);
  void lose(activation& a, std::string_view why);
  void tell_lost(activation const& a, std::string_view why);
  void die(activation& a);
  void cast_off(activation& a);
  void count_failure(activation& a);
  void close(activation& a, activation_state as, std::vector<artifact_ptr> children);
  void announce_failure(activation const& a);
  void record(activation const& a);
  void add_summary(activation const& a, bool ok);
  void tell_untraced(activation const& a, std::string const& host, done const& how);
  void trace_child(activation const& a, artifact_data& made);

  // Dead activations (blackboard_dead.cpp).
  void bury(activation_row row, std::vector<artifact_ptr> inputs);
  void exhume(std::map<activation_no, dead_activation>::iterator at);
  [[nodiscard]] std::map<activation_no, dead_activation>::iterator find_dead(activation_id const& which);

  // Agents that nobody will start again (blackboard_forget.cpp).
  [[nodiscard]] std::optional<error> objection(input::forget_agent const& in) const;

  // Hosts and leases (blackboard_host.cpp).
  void serve(host& h, std::vector<agent_descriptor> const& agents);
  [[nodiscard]] std::optional<refused> objection(input::hello const& in) const;
  enum class absence { for_good, expected_back };
  void unserve(host& h, absence how);
  void stop_serving(subscription& sub, host_key key, absence how);
  void expect(subscription& sub, timestamp until);
  void activate(subscription& sub);
  void retire(subscription& sub);
  void set_served(subscription& sub);
  subscription& know(std::string const& agent, subscription_descriptor const& descriptor, retry_policy const& retry, bool local);
  bool adopt(host& h, attempt_ref const& held);
  void drop_host(host_key key, std::string_view why, absence how = absence::expected_back);
  void forget_host(host& h);
  void dispatch();
  host* best_host(subscription const& sub);
  [[nodiscard]] bool is_quiet(host const& h) const noexcept;
  void hear(host& h);
  void lease(activation& a, host& h);
  void take_lease(activation& a, host& h);
  activation* first_ready(subscription& sub);
  void queue(subscription& sub);
  void end_lease(activation& a);
  void flush_outboxes();
  void send(host_key to, bus::message what) { out->messages.push_back({to, std::move(what)}); }

  // Runs, waits, reports (blackboard_run.cpp).
  run_state& run_of(run_id const& id, span_context const& root);
  void touch(run_state& run);
  void end_touched();
  void answer_waiters();
  [[nodiscard]] std::uint64_t awaited(std::optional<run_id> const& run) const;
  board_report report(run_id const& scope, std::optional<run_id> const& only, bool with_open);
  void describe_open(board_report& into, std::optional<run_id> const& only, bool with_open) const;

  void restore(board_state&& from, restart const& how);
  void change_to(change what) {
    if (limits.record_changes) out->changes.push_back(std::move(what));
  }

  blackboard_limits limits;
  timestamp now{};
  effects* out = nullptr;               // of the running step

  std::uint64_t last_seq = 0;
  activation_no last_activation = 0;
  subscription_no last_subscription = 0;

  std::unordered_map<activation_no, activation> activations;
  std::unordered_map<run_id, std::unique_ptr<run_state>> runs;
  std::vector<std::unique_ptr<subscription>> subscriptions;              // by no - 1
  std::unordered_map<std::uint64_t, subscription*> by_identity;
  by_name<std::vector<subscription*>> by_type;                           // active ones
  by_name<std::vector<subscription*>> by_agent;                          // active ones, by ordinal
  std::map<host_key, host> hosts;
  std::vector<host*> leased_hosts;                                       // with a filled outbox

  std::deque<subscription*> ready_subscriptions;
  std::priority_queue<retry_timer, std::vector<retry_timer>, std::greater<>> retries;
  std::priority_queue<expected_timer, std::vector<expected_timer>, std::greater<>> expected;
  std::optional<timestamp> grace_until;                                  // leases without a host are lost then

  std::deque<artifact_ptr> kept;
  by_name<std::deque<artifact_ptr>> kept_by_type;
  by_name<artifact_id> keys;
  std::deque<std::string> keys_in_order;

  std::map<activation_no, dead_activation> dead;                         // the newest dead_kept_max
  std::unordered_map<activation_id, activation_no> dead_by_id;
  std::unordered_map<run_id, ended_run> ended_runs;                      // those of dead activations, and whether open or not

  std::vector<run_state*> touched;
  std::vector<waiter> waiters;
  std::deque<activation_summary> recent_closed;                          // outside any named run, not yet reported
  std::deque<failure_summary> recent_failures;
  std::uint64_t recent_mismatches = 0, recent_omitted = 0;
  effects at_start;                                                      // what a restore causes, given out by the first step
  board_counters counters;
};

}  // namespace skein::bus
