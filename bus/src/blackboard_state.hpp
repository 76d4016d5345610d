// The entities of the blackboard and the operations on them; blackboard_*.cpp each hold one concern.
#pragma once

#include <skein/bus/blackboard.hpp>

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

struct run_state {
  run_row row;
  std::uint64_t open = 0;       // activations in ready, leased or retry that have an input of this run
  std::uint64_t blocked = 0;    // those of them that nobody serves, or that are paused
  std::uint64_t holds = 0;
  bool named = false;           // has (or had) a body: keeps its own history
  bool touched = false;         // in board::touched
  bool body_lost = false;       // the process that ran its body is gone
  bool cancelled = false;       // takes nothing more
  by_name<std::uint64_t> started;   // activations of agents that have a limit per run
  std::vector<activation_summary> closed;
  std::vector<failure_summary> failures;
  notice_tally notices;
  std::uint64_t mismatches = 0, omitted = 0;
  std::size_t reported_closed = 0, reported_failures = 0;
  std::uint64_t reported_mismatches = 0, reported_omitted = 0;
};

/// What the board knows of an agent beside its subscriptions; lives for ever once it is known.
struct agent_entity {
  std::string name;
  std::size_t index = 0;                // in board::agents_in_order
  std::vector<struct subscription*> subs;   // all of its, offered or not
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

/// An open group: it waits for its types (not batch), or gathers for a batch.
struct open_group {
  group_row row;
  struct subscription* sub = nullptr;
  std::vector<artifact_ptr> members;    // by slot, null = missing; of a batch: all, group after group
  std::size_t filled = 0;               // members that are there
  std::uint64_t bytes = 0;              // encoded payloads of the members
};

/// The groups of one correlation and key that wait: by the first of the slots that take the same artifacts, those that lack one there.
using forming_groups = std::vector<std::set<group_no>>;

struct subscription {
  subscription_row row;
  subscription_descriptor descriptor;   // empty until a host has said hello with it
  retry_policy retry;
  agent_entity* agent = nullptr;
  // Open groups; a lower number is an older group.
  std::map<std::pair<std::string, std::string>, forming_groups> forming; // by correlation and key
  std::map<std::string, group_no> batches;                               // by correlation
  std::set<group_no> waiting, gathering;                                 // those of `forming`, those of `batches`
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
  bool queued = false;                  // in board::ready_subscriptions
  std::vector<host_key> hosts;          // that serve it
  std::deque<activation_no> ready;      // may name activations that are not ready any more, or not for it; they are skipped
  std::uint64_t last_taken = 0;         // when it last got one that others wanted too; counts board::contests

  /// Whether somebody takes its work, or is expected back to do so.
  [[nodiscard]] bool served() const noexcept { return !hosts.empty() || expected_until != timestamp{}; }
};

struct activation {
  activation_row row;
  std::vector<artifact_ptr> inputs;
  run_state* run = nullptr;             // of the newest input
  std::vector<run_state*> other_runs;   // of the other inputs, each once: it is their open work too
  subscription* sub = nullptr;
  std::vector<subscription*> rivals;    // that compete for it (exclusive), `sub` among them; empty = nobody else may take it
  bool unasked = false;                 // local predicates have not been asked
  bool waits = false;                   // counted in its agent's `waiting`
  bool delayed = false;                 // with rivals: ready, not blocked, held up by the breakers and limiters of them all
  bool parked = false;                  // ready, but out of the queues: its run is paused
  std::uint32_t overdue = 0;            // the attempt that a deadline has ended: its result is refused
  timestamp due{};                      // of the lease: when its deadline has passed; zero = none
  host_key host = 0;                    // of the lease; 0 for a lease that waits for its host after a restart
  std::uint64_t number = 0;             // of the deliver message that carried the lease
  std::int64_t duration_ns = 0;         // of the last attempt that reported
  timestamp refreshed{};                // when the lease began or a beat last listed it
  ticket closed_reply = 0;
  bool blocked = false;

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
};

/// An activation that failed for good, kept to be listed and requeued.
struct dead_activation {
  activation_row row;
  std::vector<artifact_ptr> inputs;
  std::uint32_t overdue = 0;            // see activation
};

/// The row of a run that has ended, while dead activations, groups or embargoed artifacts of it may open it again.
struct ended_run {
  run_row row;
  std::size_t references = 0;           // dead activations, members of open groups, embargoed artifacts
  by_name<std::uint64_t> started;       // see run_state
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
  void on(input::invoke&& in);
  void on(input::pause&& in);
  void on(input::cancel_work&& in);
  void on(input::wait_until&& in);
  void finish_step();
  void take_dues();

  // Artifacts and routing (blackboard_publish.cpp).
  artifact_ptr place(std::shared_ptr<artifact_data> artifact, std::string idempotency_key);
  void keep(artifact_ptr const& artifact);
  /// `asked_to`: local code of subscriptions above this number has not been asked.
  void route(artifact_ptr const& artifact, run_state& run, verdicts const& said, subscription_no asked_to);
  bool matches(subscription const& sub, artifact_data const& artifact) const;
  /// One artifact for one subscription: starts it, or gives it to a group. `rivals`: for exclusive ones.
  void give(subscription& sub, artifact_ptr const& artifact, run_state& run, verdicts const& said, bool unasked);
  /// nullptr when a limit of the run forbids it. `inputs` in declared order.
  activation* open(subscription& sub, std::vector<artifact_ptr> inputs, bool unasked);
  /// Those of its inputs beside its own run.
  void find_other_runs(activation& a);
  void remember_key(std::string const& key, artifact_id const& id);

  /// An artifact of the board's own making: skein.failure, skein.expired, skein.tick.
  artifact_ptr make_own(artifact_type const& type, payload value, artifact_id id, artifact_data const& parent, std::string produced_by, activation_id cause = {});
  void announce(artifact_ptr const& made, span_id parent);

  // Groups: AND, joins and batches (blackboard_group.cpp, blackboard_batch.cpp).
  void take_into_group(subscription& sub, artifact_ptr const& artifact, verdicts const& said);
  void gather(subscription& sub, std::vector<artifact_ptr> group, std::string const& correlation);
  /// It takes no part: counted as a mismatch, with a notice.
  void leave_out(subscription const& sub, artifact_data const& artifact, std::string_view why);
  /// Where the artifact belongs: a group that lacks it, or, with `group` 0, a fresh one with this key.
  struct group_place {
    group_no group = 0;
    std::size_t slot = 0;               // the first of those that take it
    std::string key;
  };
  std::optional<group_place> find_group_place(subscription& sub, artifact_data const& artifact, std::string const& correlation, verdicts const& said);
  open_group& open_a_group(subscription& sub, bool batch, std::string const& correlation, std::string const& key);
  void add_member(open_group& group, std::uint32_t position, artifact_ptr const& artifact);
  /// Takes it off the board; its members still hold references to their runs.
  open_group close_group(group_no no);
  void forget_members(open_group const& gone);
  void start_batch(group_no no);
  /// `only`: not empty, the record is of the members of this run alone.
  void expire(group_no no, std::string_view why, run_id const& only = {});
  void bound_groups(subscription& sub);
  void set_group_timer(subscription& sub);
  void groups_are_due(subscription& sub);
  void prove_taken(subscription& sub);
  /// Starts partial batches that nothing open can feed any more; whether there were any. nullopt = of the whole board.
  bool flush_batches(std::optional<run_id> const& run);
  void flush_for_waiters();
  void expire_groups_of(run_id const& run, std::string_view why);
  void expire_groups_of(subscription& sub, std::string_view why);
  /// Those of its subscriptions that it had before a restart and describes no more.
  void expire_undescribed(std::string const& agent);
  void describe_groups(board_report& into, std::optional<run_id> const& only) const;
  /// Its descriptor is known: groups from before a restart wait on.
  void resume_groups(subscription& sub);
  void restore_groups(board_state& from, std::unordered_map<std::uint64_t, artifact_ptr> const& by_seq);

  // When work may start: pauses, and what is counted as blocked or delayed (blackboard_schedule.cpp).
  agent_entity& agent_of(std::string const& name);
  [[nodiscard]] bool is_run_paused(activation const& a) const noexcept;
  [[nodiscard]] bool is_paused(activation const& a) const noexcept;
  /// Nobody here takes it: not served by any of its rivals, or paused.
  [[nodiscard]] bool is_blocked(activation const& a) const noexcept;
  /// Of one that is blocked, for people.
  [[nodiscard]] std::string_view why_blocked(activation const& a) const noexcept;
  /// Held up by the breaker or the rate limit of its agent at this moment.
  [[nodiscard]] bool is_delayed(agent_entity const& agent) const noexcept;
  [[nodiscard]] bool is_delayed(activation const& a) const noexcept;
  [[nodiscard]] bool may_start(subscription const& sub) const noexcept { return !sub.agent->paused && !is_delayed(*sub.agent); }
  /// Counts one that begins, ready, as open work of its runs.
  void enter(activation& a);
  /// Counts it as blocked or delayed, as it stands; uncount() before anything changes that this goes by.
  void assess(activation& a);
  void uncount(activation& a);
  /// After `paused` has changed.
  void recheck(agent_entity& agent);
  void recheck(run_state& run);
  void queue_all(agent_entity& agent);
  void shift(agent_entity& agent);
  void settle_shifted();

  // What an agent asks for (blackboard_rules.cpp).
  void set_rules(agent_entity& agent, agent_rules const& rules);
  void pace(agent_entity& agent);
  void starts(activation const& a, agent_entity& agent);
  void ends_well(activation const& a);
  void ends_badly(activation const& a);
  void open_breaker(activation const& a, agent_entity& agent);
  void set_deadline(activation& a);
  void clear_deadline(activation& a);
  void deadline_is_due(activation_no no);
  void agent_is_due(agent_entity& agent);
  void restore_schedule(board_state& from);

  // Activations per run (blackboard_limit.cpp).
  /// Counts the activation against the limit of its agent in this run; false: it must not be opened, the run has failed by it.
  [[nodiscard]] bool admits(subscription& sub, run_state& run, artifact_data const& newest);
  void fail_by_limit(subscription const& sub, run_state& run, artifact_data const& newest);

  // Exclusive subscriptions (blackboard_exclusive.cpp).
  /// One activation for those of them that share a word: whoever has room first gets it.
  void compete(std::vector<subscription*> const& matched, artifact_ptr const& artifact, subscription_no asked_to);
  std::pair<subscription*, host*> best_rival(activation const& a);
  /// The subscription does not take it; it stays for its other rivals.
  void withdraw(activation& a, subscription const& sub);
  /// Finds those that may take it beside who is recorded: without local code, which would have to be asked.
  void contest(activation& a);
  void rejoin(subscription const& sub);

  // Timers (blackboard_timer.cpp) and embargoes (blackboard_embargo.cpp).
  void start_timer(subscription& sub);
  void set_timer(subscription& sub);
  void stop_timer(subscription& sub);
  void tick_is_due(subscription_no no);
  void publish_tick(subscription& sub, timestamp due);
  /// Why no timer can go by it, if so.
  [[nodiscard]] static std::optional<error> objection(timer_schedule const& schedule);
  void restore_timers(std::vector<timer_row>& rows);
  void embargo(artifact_ptr const& artifact, verdicts const& said, subscription_no asked_to);
  void embargo_is_due(std::uint64_t seq);
  void restore_embargoes(std::vector<embargo_row>& rows, std::unordered_map<std::uint64_t, artifact_ptr> const& by_seq);
  /// Those of a cancelled run wait no more, and are routed to nobody.
  void lift_embargoes_of(run_id const& run);
  void lift(embargoed& one);
  [[nodiscard]] bool has_embargoes(run_id const& run) const;
  void describe_embargoes(board_report& into, std::optional<run_id> const& only) const;

  // Control (blackboard_control.cpp) and run_until (blackboard_until.cpp).
  void cancel(activation& a, std::string_view why);
  [[nodiscard]] bool has_groups(run_id const& run) const;
  [[nodiscard]] std::uint64_t cancel_run(run_state& run);
  [[nodiscard]] std::uint64_t cancel_agent(std::string const& agent);
  void count_for_conditions(artifact_data const& artifact);
  void count_failure_for_conditions(std::string const& agent);
  void answer_conditions();
  [[nodiscard]] bool end_condition(ticket waiting);
  /// Whether a condition asks for idle.
  [[nodiscard]] bool waits_for_idle() const;
  /// Of this session, from the artifacts that tell of them: after a failed commit.
  void remember_failures();
  void tell(std::string kind, std::string agent, std::string what, run_id const& run);
  /// Those that no report has told of, in the run or outside every named run.
  [[nodiscard]] std::vector<notice_summary> take_notices(run_id const& scope);
  /// Those that a run has left when it ends.
  void inherit_notices(notice_tally& from);
  /// Why the run takes nothing more, if so.
  [[nodiscard]] std::optional<error> refusal_of(run_id const& run) const;
  /// Who started something by hand gets its end, or hears that it was not started.
  void answer_start(ticket to, activation* opened, std::string const& agent);

  // Activations (blackboard_activation.cpp).
  void transition(activation& a, activation_state next);
  void make_ready(activation& a, bool first);
  void complete(activation& a, input::done& in);
  void fail(activation& a, done& how);
  void give_back(activation& a);
  void pass_on(activation& a);
  void lose(activation& a, std::string_view why);
  void tell_lost(activation const& a, std::string_view why);
  void die(activation& a);
  void cast_off(activation& a);
  void count_failure(activation& a);
  void count_failure(run_state& run, failure_summary const& summary, bool told);
  void close(activation& a, activation_state as, std::vector<artifact_ptr> children);
  void announce_failure(activation const& a);
  void record(activation const& a);
  void add_summary(activation const& a, bool ok);
  void tell_untraced(activation const& a, std::string const& host, done const& how);
  void trace_child(activation const& a, artifact_data& made);

  /// What may open a run again after its end.
  void refer_to(run_id const& run) { ++ended_runs[run].references; }
  void forget_reference(run_id const& run);

  // Dead activations (blackboard_dead.cpp).
  void bury(activation_row row, std::vector<artifact_ptr> inputs, std::uint32_t overdue = 0);
  void exhume(std::map<activation_no, dead_activation>::iterator at);
  [[nodiscard]] std::map<activation_no, dead_activation>::iterator find_dead(activation_id const& which);

  // Agents that nobody will start again (blackboard_forget.cpp).
  [[nodiscard]] std::optional<error> objection(input::forget_agent const& in) const;
  void leave_to_others(activation& a, std::string const& agent);

  // Hosts (blackboard_host.cpp) and leases (blackboard_dispatch.cpp).
  void serve(host& h, std::vector<agent_descriptor> const& agents);
  [[nodiscard]] std::optional<refused> objection(input::hello const& in) const;
  enum class absence { for_good, expected_back };
  void unserve(host& h, absence how);
  void stop_serving(subscription& sub, host_key key, absence how);
  void expect(subscription& sub, timestamp until);
  void activate(subscription& sub);
  void retire(subscription& sub);
  void set_served(subscription& sub);
  subscription& know(agent_descriptor const& agent, subscription_descriptor const& descriptor, bool local);
  void attach(subscription& sub);
  bool adopt(host& h, attempt_ref const& held);
  void drop_host(host_key key, std::string_view why, absence how = absence::expected_back);
  void forget_host(host& h);
  void dispatch();
  host* best_host(subscription const& sub);
  /// How many more activations of this subscription the host may hold.
  [[nodiscard]] std::size_t room_for(subscription const& sub, host const& h) const noexcept;
  subscription* next_in_turn();
  [[nodiscard]] bool is_quiet(host const& h) const noexcept;
  void hear(host& h);
  void lease(activation& a, host& h, subscription& taker);
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
  board_report report(waiter const& asked, bool with_open);
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

  std::map<std::int32_t, std::deque<subscription*>, std::greater<>> ready_subscriptions;   // by priority
  std::uint64_t contests = 0;
  std::vector<activation_no> restored;                                   // that began before the last restart, as far as they may be open
  std::vector<agent_entity*> shifted;
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

  std::unordered_map<group_no, open_group> groups;
  std::set<group_no> open_batches;                                       // those of `groups`
  by_name<std::vector<subscription*>> undescribed;                       // by agent: restored with groups, not described since
  group_no last_group = 0;
  by_name<std::unique_ptr<agent_entity>> agents_by_name;
  std::vector<agent_entity*> agents_in_order;                            // due_timer names them by index
  due_timers dues;
  std::map<std::uint64_t, embargoed> embargoes;                          // by seq
  std::vector<condition_waiter> conditions;
  notice_tally recent_notices;                                           // outside any named run, not yet reported
  std::set<std::string> failed_agents;                                   // in this session
  std::uint64_t recent_flushed = 0;

  std::vector<run_state*> touched;
  std::vector<waiter> waiters;
  std::deque<activation_summary> recent_closed;                          // outside any named run, not yet reported
  std::deque<failure_summary> recent_failures;
  std::uint64_t recent_mismatches = 0, recent_omitted = 0;
  effects at_start;                                                      // what a restore causes, given out by the first step
  board_counters counters;
};

}  // namespace skein::bus
