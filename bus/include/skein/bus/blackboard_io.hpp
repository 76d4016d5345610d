// What goes into the blackboard and what comes out. All values; a step turns (time, input) into effects.
#pragma once

#include <skein/bus/board_report.hpp>
#include <skein/bus/change.hpp>
#include <skein/bus/message.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace skein::bus {

/// Names who waits for a reply; 0 = nobody.
using ticket = std::uint64_t;
/// Names a connection to a host; the shell chooses it. A host that reconnects may come under another key.
using host_key = std::uint64_t;

/// What run_until waits for, as data: evaluated by the board after each step, over what it has in memory.
struct board_condition {
  /// What is asked.
  enum class kind : std::uint8_t {
    count = 0,     ///< At least `count` artifacts of `type` for which `where` holds have been published in this session.
    failure,       ///< A failure of `agent` (empty: any) has been recorded in this session.
    idle,          ///< No awaited work is open.
    all_of,        ///< Every one of `operands`.
    any_of,        ///< One of `operands`.
    none_of,       ///< Not one of `operands`.
  };
  kind what = kind::idle;                    ///< Which of the members below mean something.
  std::string type;                          ///< Wire name.
  std::uint64_t count = 1;                   ///< Artifacts.
  std::optional<field_expression> where;     ///< nullopt = all.
  std::string agent;                         ///< Of failures.
  std::vector<board_condition> operands;     ///< Of all_of, any_of and none_of.
};

namespace input {

/// An artifact from outside every activation. The board sets seq and created_at. An unknown `artifact->run` is opened
/// implicitly: a run of one root operation, complete when what it caused is closed.
struct publish {
  ticket reply_to = 0;                          ///< Who gets reply::published or refused.
  std::shared_ptr<artifact_data> artifact;      ///< What to publish. The board is its owner from here on.
  std::string idempotency_key;                  ///< Empty = none. Seen before: the first artifact's id is the reply, nothing happens.
  verdicts said;                                ///< What local code says about it.
  subscription_no only = 0;                     ///< Not 0: starts just this subscription, whatever its filters (invoke).
  bool reply_when_closed = false;               ///< With `only`: a second reply, input_closed, follows when the activation closes.
};

/// Artifacts that are published together, in order: each as by `publish` without a key. Not a board_input; see blackboard::publish.
struct publish_all {
  std::vector<std::shared_ptr<artifact_data>> artifacts;   ///< What to publish. The board is their owner from here on.
  std::vector<verdicts> said;                              ///< What local code says about each; may be shorter than the artifacts.
};

/// A host's message, as it came from connection `from`. `local` marks the host inside this process: its leases do not expire.
struct hello {
  host_key from = 0;    ///< The connection that it came by.
  bus::hello message;   ///< What the host says.
  bool local = false;   ///< The host inside this process.
  std::string principal = {};             ///< Who the link says it is. A name that another principal's host has is refused (errc::locked).
};
/// What a host holds; see bus::beat.
struct beat {
  host_key from = 0;   ///< The connection that it came by.
  bus::beat message;   ///< What the host says.
};
/// An attempt has ended; see bus::done.
struct done {
  host_key from = 0;                                    ///< The connection that it came by.
  bus::done message;                                    ///< What the host says.
  std::vector<verdicts> said;                           ///< What local code says about each child; may be shorter than the children.
  bool traced = true;                                   ///< The host has recorded the attempt's span. False: effects::untraced asks for it.
};
/// A host takes no more work and holds none.
struct goodbye {
  host_key from = 0;            ///< The connection that it came by.
  std::uint64_t instance = 0;   ///< 0 = whichever is connected; otherwise another instance's goodbye is ignored.
};
/// Opens a dead activation again. Replies reply::settled or refused (errc::not_found).
struct requeue {
  ticket reply_to = 0;   ///< Who gets the reply.
  activation_id which;   ///< One of blackboard::dead(). It keeps its id; its failures and losses are forgotten.
};
/// Forgets a dead activation. Replies like requeue.
struct drop_dead {
  ticket reply_to = 0;   ///< Who gets the reply.
  activation_id which;   ///< One of blackboard::dead().
};
/// Sends `drain` to the host of this name, or to all that are not local. It is said again with each beat until the host leaves.
/// Replies reply::settled or refused (errc::not_found).
struct drain {
  ticket reply_to = 0;   ///< Who gets the reply.
  std::string host;      ///< Its name; empty = all.
};
/// Forgets an agent that nobody will start again: nothing is routed to it any more, after a restart of the hub neither; its open work is
/// dropped, each a failure of its run. Replies reply::settled with the count of these, or refused (errc::not_found; misuse while a host serves it or holds
/// work of it). A host that offers the agent later makes it known again.
struct forget_agent {
  ticket reply_to = 0;   ///< Who gets the reply.
  std::string agent;     ///< Its name.
};
/// The connection is gone for ever. (A link that only suspects it says nothing: leases expire.) Where that means that the process is gone too
/// (`certain`: it ran on this machine), its leases are lost at once. Otherwise it gets no new work, and keeps its leases for the grace in which it may come
/// back on another connection.
struct disconnected {
  host_key from = 0;     ///< The connection that is gone.
  bool certain = true;   ///< Its process has ended, or gets nothing any more.
};

/// A run with a body: it stays open until `release`, and until what it caused is closed.
struct open_run {
  run_id run;          ///< Its id; also that of everything that is published in it.
  std::string name;    ///< Its name, for people.
  span_context root;   ///< Its root span.
};
/// One more reason to keep the run open.
struct hold {
  run_id run;   ///< The run; unknown ones are ignored.
};
/// Ends one hold.
struct release {
  run_id run;             ///< The run; unknown ones are ignored.
  bool failed = false;    ///< The body threw.
};

/// Replies `idle` when no awaited work is open: in `run`, or on the whole board. `scope` is the run whose report is wanted
/// (empty: what closed outside any named run since the last such report).
struct wait_idle {
  ticket reply_to = 0;         ///< Who gets reply::idle.
  std::optional<run_id> run;   ///< Empty = the whole board.
  run_id scope;                ///< The run to report on.
};
/// Ends a wait: replies at once with reason timeout. A wait that was answered already is not answered again.
struct cancel_wait {
  ticket waiting = 0;   ///< The ticket of the wait.
};

/// Starts one subscription with these artifacts, one for each of its types in declared order (for a batch: any number of whole groups), whatever its filters.
/// They must be of one run and are published like input::publish. Replies published (of the newest) and, when the activation closes, input_closed; or refused
/// (errc::not_found, invalid_argument).
struct invoke {
  ticket reply_to = 0;                                     ///< Who gets the replies.
  std::vector<std::shared_ptr<artifact_data>> artifacts;   ///< The group, in declared order. The board is their owner from here on.
  subscription_no only = 0;                                ///< The subscription to start.
};

/// Nothing of an agent, or of a run, starts any more; what is leased goes on. Its ready work is blocked, not awaited. Survives restarts. Replies settled or
/// refused (errc::not_found).
struct pause {
  ticket reply_to = 0;     ///< Who gets the reply.
  std::string agent;       ///< Not empty: of this agent.
  run_id run;              ///< Otherwise of this run.
  bool paused = true;      ///< False: it goes on.
};
/// Ends the open work of a run, or of an agent, as cancelled: hosts are told, what they report later is refused, groups and embargoed artifacts of the run expire.
/// A cancelled run takes nothing more (errc::cancelled) and ends `cancelled`. Replies settled with the count of what was closed; refused (errc::not_found) for an
/// unknown or ended run or agent.
struct cancel_work {
  ticket reply_to = 0;     ///< Who gets the reply.
  std::string agent;       ///< Not empty: of this agent.
  run_id run;              ///< Otherwise of this run.
};

/// Replies `met` once the condition holds; at once when it does already. cancel_wait ends it with met{false}.
struct wait_until {
  ticket reply_to = 0;          ///< Who gets the reply.
  board_condition condition;    ///< For what.
};

/// Time has passed: retries, deadlines, batches, timers and embargoes that are due, leases and hosts that expire.
struct tick {};

}  // namespace input

/// Everything that a board can be told.
using board_input = std::variant<input::publish, input::hello, input::beat, input::done, input::goodbye, input::disconnected,
                                 input::open_run, input::hold, input::release, input::wait_idle, input::cancel_wait, input::tick, input::requeue, input::drop_dead, input::drain,
                                 input::forget_agent, input::invoke, input::pause, input::cancel_work, input::wait_until>;

/// A message for a host.
struct outgoing {
  host_key to = 0;        ///< The connection that it leaves by.
  bus::message message;   ///< What the host is told.
};

namespace reply {

/// The artifact is on the board.
struct published {
  ticket to = 0;                ///< The ticket of the input.
  artifact_id id;               ///< The artifact's.
  bool duplicate = false;       ///< The idempotency key was seen before; `id` is the first artifact's.
};
/// The activation that `publish::only` started is closed.
struct input_closed {
  ticket to = 0;                                     ///< The ticket of the input.
  activation_state state = activation_state::done;   ///< done, dead, mismatch or cancelled.
  std::string error_type, what;                      ///< Of its last failure; empty when there was none.
  std::vector<artifact_ptr> children;                ///< What it published, in order.
};
/// No awaited work is left, or the wait was ended.
struct idle {
  ticket to = 0;            ///< The ticket of the wait.
  bool timed_out = false;   ///< Ended by cancel_wait.
  board_report report;      ///< What happened, and with timed_out what is left.
};
/// The board did not do it.
struct refused {
  ticket to = 0;   ///< The ticket of the input.
  error why;       ///< The reason, for the caller.
};
/// What was asked for has happened.
struct settled {
  ticket to = 0;                ///< The ticket of the input.
  std::uint64_t dropped = 0;    ///< Activations, by forget_agent and cancel_work.
};
/// The end of wait_until.
struct met {
  ticket to = 0;                ///< The ticket of the wait.
  bool holds = true;            ///< Whether the condition holds; false: cancel_wait came first.
};

}  // namespace reply

/// Everything that the board answers to whoever gave a ticket.
using board_reply = std::variant<reply::published, reply::input_closed, reply::idle, reply::refused, reply::settled, reply::met>;

/// An artifact whose publish span nobody has recorded: the board made it itself (skein.failure), or a worker that does not trace did.
/// Whoever records spans writes it: its id is the artifact's context.
struct announcement {
  artifact_ptr artifact;   ///< What it made.
  span_id parent;          ///< The span that caused it: the parent of its publish span.
};

/// A lease ended with its host, or expired: the attempt's span will not come, or comes late.
struct lost_attempt {
  attempt_ref activation;                    ///< Which attempt.
  std::string agent, host, why;              ///< Whose handler, on which host, and how the lease ended, for people.
  std::vector<artifact_ptr> inputs;          ///< Of the activation, in declared order.
  timestamp leased_at{}, at{};               ///< When the lease began and ended, by the hub's clock.
};

/// An attempt of a host in another process that records no spans: whoever records spans writes the attempt's, from these.
struct untraced_attempt {
  attempt_ref activation;                    ///< Which attempt.
  std::string agent, host;                   ///< Whose handler, on which host.
  bus::outcome outcome = bus::outcome::ok;   ///< ok, failed or permanent: the others have no span.
  std::string error_type, what;              ///< Of a failure.
  std::vector<artifact_ptr> inputs;          ///< Of the activation, in declared order.
  std::int64_t duration_ns = 0;              ///< As the host says.
  timestamp leased_at{}, at{};               ///< When the lease began, and when its result came, by the hub's clock.
};

/// Something that was decided, dropped or found wrong without being a failure of a run: never silent. Counted in board_counters too.
struct notice {
  std::string kind;         ///< `group_expired`, `batch_cut_short`, `left_out` (of a group), `breaker_opened`, `breaker_closed`, `predicate_threw`, `artifact_blocked`, `tick_skipped`, `tick_missed`, `embargo_cancelled`, `deadline_exceeded`.
  std::string agent;        ///< Whose.
  std::string what;         ///< For people.
  run_id run;               ///< Which run; empty when none in particular.
};

/// A run has nothing open and no hold any more.
struct run_ended {
  run_row run;      ///< As the ledger gets it.
  timestamp at{};   ///< When its last work was closed or its last hold released.
};

/// Memory of deliveries that have left, and of the messages that they were in, for the next ones. It keeps so much of a burst and no artifact.
class spare_deliveries {
 public:
  /// Appends one of this attempt, as good as new for the rest.
  [[nodiscard]] delivery& add_to(std::vector<delivery>& to, attempt_ref const& attempt);
  /// Takes all of them.
  void take(std::vector<delivery>& gone) noexcept;

 private:
  std::vector<std::vector<artifact_ptr>> inputs_;
  std::vector<std::string> long_names_;   // the short ones need no memory
  std::vector<std::vector<delivery>> emptied_;
};

/// What one or several steps caused, in order. Nothing of it may leave the hub before `changes` are committed.
struct effects {
  std::vector<change> changes;               ///< Rows for the ledger.
  std::vector<outgoing> messages;            ///< For hosts.
  std::vector<board_reply> replies;          ///< For callers.
  std::vector<announcement> announcements;   ///< What the board published by itself.
  std::vector<run_ended> ended;              ///< Runs that are over.
  std::vector<lost_attempt> lost;            ///< Leases that ended without a result.
  std::vector<untraced_attempt> untraced;    ///< Results that came without a span.
  std::vector<notice> notices;               ///< For the log.
  spare_deliveries spare;                    ///< Nothing but memory, for the deliveries of the next step.

  /// Whether nothing was caused.
  [[nodiscard]] bool empty() const noexcept {
    return changes.empty() && messages.empty() && replies.empty() && announcements.empty() && ended.empty() && lost.empty() && untraced.empty() && notices.empty();
  }
  /// Forgets everything; keeps the memory for the next step, that of deliveries too where the messages still have them.
  void clear() noexcept;
};

}  // namespace skein::bus
