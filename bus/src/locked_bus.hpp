// The one implementation of hub_bus: a lock around the core, and group commit.
#pragma once

#include <skein/bus/hub_bus.hpp>
#include <skein/bus/recent_map.hpp>

#include "board_mutex.hpp"
#include "report_queue.hpp"
#include "spare_effects.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <variant>

namespace skein::bus {

/// A call that waits; guarded by the bus's lock, but for `answered`.
class hub_bus::pending {
 public:
  ticket id = 0;
  bool waits_for_close = false;
  bool for_condition = false;
  std::optional<result<board_reply>> answer;
  std::atomic<bool> answered = false;   // the answer is there, and stays as it is
  std::function<void(result<board_reply> const&)> then;
};

class locked_bus final : public hub_bus {
 public:
  locked_bus(std::unique_ptr<bus::ledger> ledger, clock& time, hub_port& port, hub_bus_options options, board_state from);

  result<void> offer(hello agents, std::function<predicate_table(blackboard const&)> predicates) override;
  result<reply::published> publish(input::publish in, timestamp deadline) override;
  result<void> publish_all(std::vector<std::shared_ptr<artifact_data>> artifacts, timestamp deadline) override;
  void publish_async(input::publish in, std::function<void(result<reply::published>)> then) override;
  bool done(bus::done&& result) override;
  void receive(host_key from, std::span<message> all, std::string_view principal) override;
  void disconnected(host_key from, bool certain) override;
  void attend() override;
  std::optional<timestamp> next_timer() override;
  bool waits_only_for_time() override;
  result<void> open_run(input::open_run run) override;
  void release_run(run_id const& run, bool failed) override;
  std::shared_ptr<pending> begin_wait(std::optional<run_id> run, run_id scope) override;
  result<std::shared_ptr<pending>> begin_invoke(input::publish in, timestamp deadline) override;
  bool ready(pending const& wait) override;
  bool wait(pending const& wait, std::uint64_t pokes_seen, std::optional<std::chrono::steady_clock::time_point> until) override;
  void poke() override;
  std::uint64_t pokes() override { return pokes_; }
  result<board_reply> take(pending& wait) override;
  void cancel(pending& wait) override;
  std::vector<artifact_ptr> artifacts(std::string_view type) override;
  result<std::vector<artifact_ptr>> stored_artifacts(std::string_view type) override;
  board_counters counters() override;
  std::vector<host_summary> hosts() override;
  std::vector<agent_summary> agents() override;
  std::vector<dead_summary> dead() override;
  result<void> requeue(activation_id const& which) override;
  result<void> drop_dead(activation_id const& which) override;
  result<void> drain(std::string_view host) override;
  result<std::uint64_t> forget_agent(std::string_view agent) override;
  subscription_no find_subscription(std::string_view agent, std::string_view type) override;
  subscription_no find_subscription(std::string_view agent, std::span<std::string const> types) override;
  result<std::shared_ptr<pending>> begin_invoke(input::invoke in, timestamp deadline) override;
  std::shared_ptr<pending> begin_wait(board_condition condition) override;
  result<void> pause(input::pause what) override;
  result<std::uint64_t> cancel_work(input::cancel_work what) override;
  bool stands_still() override;
  std::optional<work_in_hand> find_work(attempt_ref const& which) override;
  bool knows_agent(std::string_view agent) override;
  agent_rules rules_of(std::string_view agent) override;
  bool durable() const noexcept override { return durable_; }

 private:
  using lock = std::unique_lock<board_mutex>;

  // All of these are called with the lock held; those that take it may give it up in between.
  void step(lock& held, board_input&& in);
  effects& begin_step();
  void finish_step(lock& held, effects& out, std::size_t steps);
  void finish_and_leave(lock& held, effects& out, std::size_t steps);
  [[nodiscard]] bool is_plain(effects const& out) const noexcept;
  void emit(lock& held, effects& out);
  [[nodiscard]] bool arm();
  void nudge_driver();
  void poke_locked();
  template <class Done>
  bool await_answer(lock& held, std::optional<std::chrono::steady_clock::time_point> until, Done const& done);
  void answer(std::vector<board_reply>& replies);
  void answer(board_reply&& one);
  void answer_held_back();
  void settle(pending& slot, result<board_reply> how);
  void room_changed();
  void lead(lock& held, std::function<bool()> const& stop);
  void tidy_ledger(lock& held);
  bool hand_over(lock& held);
  void answer_after_emit(lock& held, effects& batch);
  void await_commit(lock& held, std::uint64_t no);
  void discard(lock& held, error const& why);
  result<void> recover(lock& held);
  result<void> usable(lock& held);
  bool recover_now_and_then(lock& held);
  result<void> enter(lock& held, timestamp deadline, std::size_t room);
  std::shared_ptr<pending> make_slot();
  void install(predicate_table table);
  bool step_done(lock& held, bus::done& result);
  bool finish_done(lock& held, effects& out, std::size_t steps);
  bool step_reports(std::size_t stepped);
  template <class Ask, class Admit>
  result<void> enter_asked(lock& held, Ask const& ask, Admit const& admit);
  template <class Ask>
  void enter_asked(lock& held, Ask const& ask);
  template <class Input, class Answer>
  result<Answer> publish_asked(Input& in, timestamp deadline);
  template <class Answer>
  result<Answer> await_published(lock& held, result<Answer> how, effects& out, std::size_t steps);
  template <class Input>
  result<reply::settled> settle_by(Input in);
  template <class Input>
  result<std::shared_ptr<pending>> invoke_with(Input in, timestamp deadline);

  // What comes from hosts in other processes (hub_bus_receive.cpp); without the lock, but for the last two.
  /// A result, and what is found out about it before its step.
  struct ended_attempt {
    bus::done* what;
    bool traced;
    std::vector<verdicts> said = {};
  };
  void on_message(host_key from, message&& what, std::string_view principal);
  void on_results(host_key from, std::span<message> all);
  void step_results(lock& held, host_key from, std::span<ended_attempt> all);
  void on_beat(host_key from, bus::beat&& what);
  void on_query(host_key from, query&& what);
  void on_progress(host_key from, progress&& what);
  void on_hello(host_key from, bus::hello&& what, std::string_view principal);
  [[nodiscard]] bool admits(lock& held);
  void step_remote(lock& held, board_input&& in);
  std::uint64_t group_no_of_last_step() const noexcept { return group_steps_ > 0 ? group_no_ : group_no_ - 1; }

  std::unique_ptr<bus::ledger> const ledger_;
  clock& time_;
  hub_port& port_;
  hub_bus_options options_;
  bool const durable_;

  board_mutex mutex_;                           // who waits for an answer waits with it
  blackboard core_;
  std::optional<timestamp> armed_;              // the timer that somebody was last woken for
  spare_effects spare_;                         // for steps without a commit; taken under the lock
  report_queue reports_;                        // with share_steps
  std::vector<report> stepping_;                // of the thread that has the place
  std::optional<hello> offered_;
  std::function<predicate_table(blackboard const&)> predicates_;
  std::vector<input::open_run> held_runs_;
  std::vector<run_id> cancelled_runs_;          // of held_runs_: no row of an open run tells so

  effects group_;                               // of the steps since the last commit began
  effects leaving_;                             // of the group that is being written; otherwise empty, and its memory is the next group's
  std::size_t group_steps_ = 0;
  std::uint64_t group_no_ = 1;                  // of the group that is being gathered
  std::uint64_t committed_no_ = 0;
  bool committing_ = false;
  bool handed_over_ = false;                    // somebody else has been asked to write the group that is being gathered
  std::uint64_t awaited_no_ = 0;                // the last group that a thread blocks for: that thread can lead
  std::condition_variable commits_;
  std::optional<error> broken_;                 // why the ledger can't be used at this moment
  unsigned failures_ = 0;                       // commits that failed since one succeeded
  std::chrono::steady_clock::time_point recovery_tried_{};   // by attend()

  /// An attempt whose spans have been handed on.
  struct reported_attempt {
    activation_id id;
    std::uint32_t attempt = 0;
    bool operator==(reported_attempt const&) const = default;
    struct hash {
      std::size_t operator()(reported_attempt const& one) const noexcept { return std::hash<activation_id>{}(one.id) + one.attempt; }
    };
  };
  /// Of many times what can be under way; so that the spans of a repeated DONE are not handed on again.
  recent_map<reported_attempt, std::monostate, reported_attempt::hash> reported_{32'768};

  ticket last_ticket_ = 0;
  std::size_t condition_waits_ = 0;             // of the slots
  std::unordered_map<ticket, std::shared_ptr<pending>> slots_;
  std::vector<std::function<void()>> callbacks_;
  /// An answer that leaves once the emissions up to `after` are over.
  struct late_answer {
    std::uint64_t after = 0;
    board_reply reply;
  };
  std::uint64_t emission_no_ = 0;               // of the last one begun
  std::vector<std::uint64_t> telling_;          // under way, without the lock, that tell of artifacts or ended runs
  std::deque<late_answer> held_back_;
  std::atomic<std::uint64_t> pokes_ = 0;
  std::atomic<std::size_t> answer_waiters_ = 0; // changed under the lock
  std::size_t room_waiters_ = 0;
  std::condition_variable room_;

  std::vector<std::unique_ptr<predicate_table>> tables_;
  std::atomic<predicate_table const*> table_;
};

}  // namespace skein::bus
