// The operations on the entities of the blackboard; blackboard_*.cpp each hold one concern, blackboard_inline.hpp what each hop does of them.
#pragma once

#include "blackboard_entities.hpp"

#include <skein/registry/recent_names.hpp>

#include <deque>
#include <map>
#include <queue>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace skein::bus {

/// What a ledger has given back.
using artifacts_by_seq = std::unordered_map<std::uint64_t, artifact_ptr>;

struct blackboard::state {
  explicit state(blackboard_limits given) : limits(given) {}

  // Inputs.
  void on(input::publish&& in);
  void on(input::hello&& in);
  void on(input::beat&& in);
  void on(input::done&& in) { take_result(in.from, in.message, in.said, in.traced); }
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
  void take_result(host_key from, done& result, std::span<verdicts const> said, bool traced);
  void begin_step(timestamp at, effects& to);
  void finish_step();
  void take_dues();

  // Artifacts and routing (blackboard_publish.cpp).
  result<reply::published> take(input::publish& in);
  result<void> take(input::publish_all& in);
  /// `idempotency_key`: may be null; taken.
  artifact_ptr place(std::shared_ptr<artifact_data> artifact, std::string* idempotency_key = nullptr);
  void keep(artifact_ptr const& artifact);
  void evict_oldest();
  /// One to fill in, as if it were new.
  [[nodiscard]] std::shared_ptr<artifact_data> fresh_artifact();
  /// Memory for another one, as good as new; null when there is none to spare.
  [[nodiscard]] std::shared_ptr<artifact_data> spare_artifact();
  /// nullptr: nobody takes the type, and nothing of it is kept.
  [[nodiscard]] type_slot* find_type(std::string_view name);
  [[nodiscard]] type_slot& type_named(std::string const& name);
  void forget_if_unused(type_slot& type);
  [[nodiscard]] artifact_ptr const& kept_at(std::uint64_t place) const { return kept[place - kept_before].artifact; }
  /// `asked_to`: local code of subscriptions above this number has not been asked.
  void route(artifact_ptr const& artifact, run_state& run, verdicts const& said, subscription_no asked_to);
  bool matches(subscription const& sub, artifact_data const& artifact) const;
  [[nodiscard]] static bool meets_conditions(subscription_descriptor const& want, artifact_data const& artifact);
  /// One artifact for one subscription to groups.
  void give(subscription& sub, artifact_ptr const& artifact, type_slot const& type, verdicts const& said, bool unasked);
  /// nullptr when a limit of the run forbids it. `inputs` in declared order; taken from there.
  activation* open(subscription& sub, std::span<artifact_ptr> inputs, bool unasked);
  activation* open(subscription& sub, artifact_ptr input, bool unasked) { return open(sub, {&input, 1}, unasked); }
  /// Those of its inputs beside its own run.
  void find_other_runs(activation& a);
  void remember_key(std::string const& key, artifact_id const& id);

  /// An artifact of the board's own making: skein.failure, skein.expired, skein.tick.
  artifact_ptr make_own(artifact_type const& type, payload value, artifact_id id, artifact_data const& parent, std::string produced_by, activation_id cause = {});
  void announce(artifact_ptr const& made, span_id parent);

  // Groups: AND, joins and batches (blackboard_group.cpp, blackboard_batch.cpp).
  void take_into_group(subscription& sub, artifact_ptr const& artifact, type_slot const& type, verdicts const& said);
  void gather(subscription& sub, std::vector<artifact_ptr> group, std::string const& correlation);
  /// It takes no part: counted as a mismatch, with a notice.
  void leave_out(subscription const& sub, artifact_data const& artifact, std::string_view why);
  /// Where the artifact belongs: a group that lacks it, or, with `group` 0, a fresh one with this key.
  struct group_place {
    group_no group = 0;
    std::size_t slot = 0;               // the first of those that take it
    field_key_value key;
    std::size_t hash = 0;               // of correlation and key
    forming_groups* among = nullptr;    // null: none of that name wait
  };
  /// False when it has no key; then it belongs nowhere.
  [[nodiscard]] bool find_group_place(subscription& sub, artifact_data const& artifact, type_slot const& type, std::string const& correlation, verdicts const& said,
                                      group_place& best);
  [[nodiscard]] static bool put_group_key(subscription const& sub, std::size_t slot, artifact_data const& artifact, verdicts const& said, field_key_value& to);
  /// `among`: those of its name that wait; null for a batch.
  open_group& open_a_group(subscription& sub, std::string const& correlation, forming_groups* among);
  void add_member(open_group& group, std::uint32_t position, artifact_ptr const& artifact);
  /// Takes it off the board; its members still hold references to their runs.
  [[nodiscard]] group_map::taken close_group(group_no no);
  [[nodiscard]] forming_groups& forming_of(subscription& sub, group_key_view const& of);
  /// `but`: that one is not meant.
  void forget_members(std::span<artifact_ptr const> members, artifact_data const* but = nullptr);
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
  void restore_groups(board_state& from, artifacts_by_seq const& by_seq);

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
  void count_ready(activation& a);
  void uncount_ready(activation& a);
  /// After `paused` has changed.
  void recheck(agent_entity& agent);
  void recheck(run_state& run);
  void queue_all(agent_entity& agent);
  void shift(agent_entity& agent);
  void settle_shifted();
  void settle_all_shifted();

  // What an agent asks for (blackboard_rules.cpp).
  void set_rules(agent_entity& agent, agent_rules const& rules);
  void pace(agent_entity& agent);
  void starts(activation const& a, agent_entity& agent);
  void ends_well(activation const& a);
  void close_breaker(activation const& a);
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
  [[nodiscard]] bool admits_within(std::uint64_t limit, subscription& sub, run_state& run, artifact_data const& newest);
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
  void restore_embargoes(std::vector<embargo_row>& rows, artifacts_by_seq const& by_seq);
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
  [[nodiscard]] std::optional<error> refusal_of(artifact_data const& artifact, std::size_t& hidden) const;
  /// Who started something by hand gets its end, or hears that it was not started.
  void answer_start(ticket to, activation* opened, std::string const& agent);

  // Activations (blackboard_activation.cpp).
  void transition(activation& a, activation_state next);
  void make_ready(activation& a, bool first);
  void complete(activation& a, done& how, std::span<verdicts const> said);
  void publish_child(activation const& a, std::size_t index, child& from, verdicts const* said, std::vector<artifact_ptr>& children);
  void fail(activation& a, done& how);
  void give_back(activation& a);
  void pass_on(activation& a);
  void lose(activation& a, std::string_view why);
  void tell_lost(activation const& a, std::string_view why);
  void die(activation& a);
  void cast_off(activation& a);
  void count_failure(activation& a);
  void count_failure(run_state& run, failure_summary const& summary, bool told);
  void close(activation& a, activation_state as, std::vector<artifact_ptr>&& children);
  void announce_failure(activation const& a);
  void record(activation const& a);
  void record_change(activation const& a);
  void add_summary(activation const& a, bool ok);
  void tell_untraced(activation const& a, std::string const& host, done const& how);
  void trace_child(activation const& a, artifact_data& made);

  /// What may open a run again after its end.
  void refer_to(run_id const& run);
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
  void stop_serving(subscription& sub, host const& h, absence how);
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
  void dispatch_queued();
  [[nodiscard]] host* find_host(host_key key);
  host* best_host(subscription const& sub);
  /// How many more activations of this subscription the host may hold.
  [[nodiscard]] std::size_t room_for(subscription const& sub, host const& h) const noexcept;
  /// One of those that are queued.
  [[nodiscard]] subscription& next_in_turn();
  [[nodiscard]] bool is_quiet(host const& h) const noexcept;
  void hear(host& h);
  /// It is quiet no more.
  void wake(host const& h);
  void lease(activation& a, host& h, subscription& taker);
  void take_lease(activation& a, host& h);
  activation* first_ready(subscription& sub);
  void queue(subscription& sub);
  void drop_stale(subscription& sub);
  void end_lease(activation& a);
  /// Who holds it, or, of one that nobody holds, row.host.
  [[nodiscard]] std::string const& holder_of(activation const& a) const;
  void flush_outboxes();
  void flush_all_outboxes();
  [[nodiscard]] deliver* put_deliver_last(host const& h);
  [[nodiscard]] delivery& next_delivery(host& h, attempt_ref const& attempt);
  void send(host_key to, bus::message what) { out->messages.push_back({to, std::move(what)}); }

  // Runs, waits, reports (blackboard_run.cpp).
  [[nodiscard]] run_state& run_of(run_id const& id, span_context const& root);
  [[nodiscard]] run_state& open_run_of(run_id const& id, span_context const& root);
  /// nullptr when it is not open.
  [[nodiscard]] run_state* find_run(run_id const& id) const;
  [[nodiscard]] run_state* look_up_run(run_id const& id) const;
  void touch(run_state& run);
  void end_touched();
  void end_run(run_state& run);
  void answer_waiters();
  void answer_idle_waiters();
  [[nodiscard]] std::uint64_t awaited(std::optional<run_id> const& run) const;
  board_report report(waiter const& asked, bool with_open);
  void describe_open(board_report& into, std::optional<run_id> const& only, bool with_open) const;

  // From a ledger (blackboard_restore.cpp).
  void restore(board_state&& from, restart const& how);
  void restore_subscription(subscription_row&& row);
  void restore_runs(board_state& from, artifacts_by_seq const& by_seq, restart const& how);
  void restore_activation(activation_row&& row, artifacts_by_seq const& by_seq, restart const& how);
  void forget_unreferenced_runs();

  template <class Row>
  void change_to(Row&& row) {
    if (limits.record_changes) out->changes.emplace_back(std::forward<Row>(row));
  }

  blackboard_limits limits;
  timestamp now{};
  effects* out = nullptr;               // of the running step

  std::uint64_t last_seq = 0;
  activation_no last_activation = 0;
  subscription_no last_subscription = 0;

  recycled_map<activation_no, activation, numbered_index<activation*>> activations;
  recycled_map<run_id, run_state> runs;
  mutable run_state* last_run = nullptr;                                       // that was asked for
  std::vector<std::unique_ptr<subscription>> subscriptions;              // by no - 1
  std::unordered_map<std::uint64_t, subscription*> by_identity;
  by_name<type_entity> types;
  recent_names<type_slot> recent_types;
  by_name<std::vector<subscription*>> by_agent;                          // active ones, by ordinal
  std::map<host_key, host> hosts;
  host* last_host = nullptr;                                             // that was asked for
  std::vector<host*> leased_hosts;                                       // in other processes, with a filled outbox

  std::map<std::int32_t, ready_line, std::greater<>> ready_subscriptions;      // by priority
  std::size_t queued = 0;                                                // of them
  std::uint64_t contests = 0;
  std::vector<activation_no> restored;                                   // that began before the last restart, as far as they may be open
  std::vector<agent_entity*> shifted;
  std::priority_queue<retry_timer, std::vector<retry_timer>, std::greater<>> retries;
  std::priority_queue<expected_timer, std::vector<expected_timer>, std::greater<>> expected;
  std::optional<timestamp> grace_until;                                  // leases without a host are lost then

  std::deque<kept_artifact> kept;
  std::uint64_t kept_before = 0;                                         // place of the first of `kept`
  std::vector<std::shared_ptr<artifact_data>> spare_artifacts;
  by_name<artifact_id> keys;
  std::deque<std::string> keys_in_order;

  std::map<activation_no, dead_activation> dead;                         // the newest dead_kept_max
  std::unordered_map<activation_id, activation_no> dead_by_id;
  recycled_map<run_id, ended_run> ended_runs;                            // that may open again; none of `runs`

  group_map groups;
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
  std::vector<closed_activation> spare_closed;                           // empty; its memory is the next run's
  std::vector<waiter> waiters;
  std::deque<closed_activation> recent_closed;                           // outside any named run, not yet reported
  std::deque<failure_summary> recent_failures;
  std::uint64_t recent_mismatches = 0, recent_omitted = 0;
  bool has_begun = false;                                                // a step was taken
  effects at_start;                                                      // what a restore causes, given out by the first step
  board_counters counters;
};

}  // namespace skein::bus

#include "blackboard_inline.hpp"
