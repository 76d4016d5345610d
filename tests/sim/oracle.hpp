// Checks a board after every step against books of its own: what went in, what the changes say, what handlers did.
#pragma once

#include "group_books.hpp"
#include "schedule_books.hpp"
#include "scenario.hpp"

#include <skein/bus/blackboard.hpp>

#include "bus/support/board_model.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace skein::sim {

class oracle {
 public:
  explicit oracle(rule_set const& rules);

  /// The books start anew from what is durable; `board` has just been made from it.
  void restarted(timestamp now, bus::testing::board_model const& durable, bus::restart const& how, bool hub_died);
  /// Before a step: which subscriptions are routed to.
  void about_to_step(bus::blackboard const& board);
  /// After it. Throws violation.
  void stepped(timestamp now, bus::board_input const& in, bus::effects const& out, bus::blackboard const& board);
  /// The effects of some steps are durable and leave the hub.
  void committed(bus::effects const& out);
  /// A handler ended an attempt.
  void handled(bus::attempt_ref const& ref, bus::outcome how);
  /// The end of a seed: everything that ever became durable is finished.
  void check_end(bus::testing::board_model const& durable) const;

  [[nodiscard]] std::uint64_t awaited(std::optional<run_id> const& run = std::nullopt) const;
  [[nodiscard]] bool waits(bus::ticket who) const { return waiters_.contains(who); }
  /// Agents and runs that somebody has paused.
  [[nodiscard]] std::set<std::string> const& paused_agents() const noexcept { return paused_agents_; }
  [[nodiscard]] std::vector<run_id> paused_runs() const;
  [[nodiscard]] std::vector<run_id> running() const;
  [[nodiscard]] bool has_embargoes() const noexcept { return !embargoes_.empty(); }
  /// For the message of a seed that does not come to rest.
  [[nodiscard]] std::string describe_open() const;

 private:
  using subscription_key = std::pair<std::string, std::uint32_t>;   // agent, ordinal
  struct host_entry {
    std::string name, principal;
    std::uint64_t instance = 0;
    bool local = false;
    std::set<subscription_key> serves;
    timestamp heard{};
  };
  struct run_entry {
    std::uint64_t holds = 0, dead = 0, failed_bodies = 0, over_limits = 0;
    std::uint64_t closed = 0, mismatches = 0;   // since the board was made
    bool body_lost = false, paused = false, cancelled = false;
    std::map<std::string, std::uint64_t> started;   // of agents with a limit
  };
  struct attempts {
    std::set<std::uint32_t> ok, failed, mismatch;
    bool permanent = false;
  };
  struct active_entry {
    agent_descriptor const* agent = nullptr;
    subscription_descriptor const* subscription = nullptr;
  };
  struct embargo_entry {
    bus::artifact_ptr artifact;
    std::set<bus::subscription_no> asked, rejected;
  };
  struct timer_entry {
    timestamp next_due{};
    std::uint64_t number = 0;
  };
  /// One activation that must be opened: of one of these subscriptions.
  struct start {
    std::set<bus::subscription_no> any_of;
    std::vector<std::uint64_t> inputs;
  };

  // What an input does to hosts, holds and waits.
  void take(timestamp now, bus::board_input const& in, bus::effects const& out);
  void take_hello(timestamp now, bus::input::hello const& in, bus::effects const& out);
  void take_change(timestamp now, bus::change const& what);
  void take_opened(bus::activation_row const& row);
  void take_update(timestamp now, bus::activation_row& row, bus::activation_update const& to);
  void take_raised(timestamp now, bus::activation_row row, bus::activation_update const& to);
  void take_timer(timestamp now, bus::timer_row const& row);
  void restore_rules(bus::board_state const& durable);

  void check_counters(timestamp now, bool ticked, bus::blackboard const& board) const;
  [[nodiscard]] std::uint64_t delayed(timestamp now) const;
  void check_open_work(bus::blackboard const& board) const;
  void check_closed(bus::activation_row const& row, bus::effects const& out) const;
  void check_done(bus::activation_row const& row, std::vector<bus::artifact_ptr> const& children) const;
  void check_dead(bus::activation_row const& row, std::vector<bus::artifact_ptr> const& children) const;
  void check_replies(bus::board_input const& in, bus::effects const& out);
  void check_idle(bus::reply::idle const& reply, bool cancelled);
  void check_published(bus::input::publish const& in, bus::effects const& out);
  void check_runs(bus::effects const& out, bus::blackboard const& board);
  void check_timers(timestamp now, bus::board_input const& in, bus::blackboard const& board) const;
  void check_lost(timestamp now, bus::effects const& out) const;
  void check_dead_kept(bus::board_input const& in, bus::effects const& out, bus::blackboard const& board) const;
  void check_own_backoff(timestamp now, bus::input::done const& in, bus::effects const& out) const;

  // Subscriptions (oracle_routing.cpp): what each artifact must start, and what has happened instead.
  void check_routing(timestamp now, bus::board_input const& in, bus::effects const& out);
  void pass_time(timestamp now);
  void route(timestamp now, bus::artifact_data const& artifact, embargo_entry const* lifted);
  [[nodiscard]] bool admits(agent_descriptor const& agent, run_id const& run, std::uint64_t seq);
  void match_starts();
  void match_expiries(bus::effects const& out);
  void check_flushes(std::vector<group_books::opening> const& early);
  void check_groups(bus::blackboard const& board);
  void check_taken(bus::testing::board_model const& durable) const;

  // Control (oracle_control.cpp).
  void check_cancel(bus::board_input const& in, bus::effects const& out) const;
  void check_pause(bus::board_input const& in, bus::effects const& out) const;
  void check_conditions(bus::board_input const& in, bus::effects const& out, bus::blackboard const& board);
  [[nodiscard]] bool holds_now(bus::board_condition const& one, bus::blackboard const& board) const;

  void forget_host(timestamp now, bus::host_key key, bool expected_back);
  void bury(bus::activation_row const& row);
  void reopen(run_id const& run);

  void contest();
  void contest(bus::activation_row const& row);
  [[nodiscard]] bool served(bus::subscription_no no) const;
  [[nodiscard]] bool blocked(bus::activation_row const& row) const;
  [[nodiscard]] std::set<bus::subscription_no> rivals_of(bus::activation_row const& row) const;
  [[nodiscard]] std::set<run_id> runs_of(bus::activation_row const& row) const;
  [[nodiscard]] bool concerns(bus::activation_row const& row, run_id const& run) const;
  [[nodiscard]] agent_descriptor const& agent_of(bus::subscription_no no) const { return agent_named(subscriptions_.at(no).first); }
  [[nodiscard]] subscription_descriptor const& descriptor_of(bus::subscription_no no) const;
  [[nodiscard]] std::vector<bus::artifact_ptr> inputs_of(bus::activation_row const& row) const;
  [[nodiscard]] std::string name_of(bus::activation_row const& row) const;
  [[nodiscard]] static std::string name_of(bus::artifact_data const& artifact);
  [[nodiscard]] std::string name_of(bus::subscription_no no) const;

  rule_set const rules_;
  std::vector<agent_descriptor const*> const cast_;
  std::map<bus::subscription_no, subscription_key> subscriptions_;
  std::map<std::uint64_t, bus::artifact_ptr> artifacts_;                 // by seq
  std::map<std::string, artifact_id> keys_;
  std::map<bus::activation_no, bus::activation_row> open_;
  std::map<bus::activation_no, std::set<bus::subscription_no>> rivals_;  // of open exclusive ones
  std::set<bus::activation_no> orphans_;                                 // leased before a restart, by a host that has not come back
  std::set<bus::activation_no> restored_;                                // open since before a restart: who competes for them grows with who comes
  std::set<bus::activation_no> closed_;
  std::vector<bus::activation_row> just_closed_, just_opened_;
  std::vector<std::pair<bus::activation_row, bus::subscription_no>> moves_;   // of this step: who took over what
  std::map<run_id, run_entry> runs_;                                     // running
  std::set<run_id> ended_, ended_durably_;
  std::map<bus::host_key, host_entry> hosts_;
  std::map<subscription_key, timestamp> expected_;                       // whose last host vanished: until when its work is awaited
  std::set<subscription_key> remote_;                                    // offered by hosts in other processes, also of before a restart
  std::map<bus::activation_no, bus::activation_row> dead_;               // that can be requeued
  std::set<bus::activation_no> raised_;                                  // that were dead once
  std::multiset<bus::activation_no> lost_;                               // in this step
  std::map<bus::ticket, bus::input::wait_idle> waiters_;
  std::map<bus::ticket, bus::board_condition> conditions_;
  std::set<std::pair<bus::activation_no, std::uint32_t>> overdue_, overdue_durably_;   // attempts that ran past their deadline
  std::map<activation_id, attempts> handled_;                            // survives everything: it is what happened outside
  std::map<bus::subscription_no, active_entry> active_;                  // before the step
  std::set<run_id> partly_told_;                                         // runs whose history the board has lost parts of

  group_books groups_{groups_kept};
  schedule_books schedule_;
  std::map<bus::group_no, group_books::group> said_groups_;              // as the changes say
  std::vector<start> starts_;                                            // that this step must make
  std::map<std::uint64_t, embargo_entry> embargoes_;                     // by seq
  std::map<bus::subscription_no, timer_entry> timers_;
  std::set<std::string> paused_agents_;
  std::multiset<std::pair<run_id, std::string>> over_limit_;             // failures that this step must tell of
  std::uint64_t over_limits_ = 0, expired_ = 0, flushed_ = 0;                          // since the board was made
  std::multimap<std::uint64_t, std::tuple<run_id, std::string, std::uint64_t>> counted_;   // by what an artifact counts against a limit, by seq
  std::map<run_id, std::map<std::string, std::uint64_t>> started_durably_;
  std::map<run_id, std::map<std::string, std::uint64_t>> started_before_;   // of ended runs that something may open again
  std::map<std::string, std::uint64_t> failed_agents_;                   // failures in this session, for conditions
  std::multimap<std::uint64_t, subscription_key> taken_, taken_durably_; // which grouped subscription has taken which artifact, by seq
};

}  // namespace skein::sim
