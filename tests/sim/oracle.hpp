// Checks a board after every step against books of its own: what went in, what the changes say, what handlers did.
#pragma once

#include "scenario.hpp"

#include <skein/bus/blackboard.hpp>

#include "bus/support/board_model.hpp"

#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace skein::sim {

/// A promise was broken.
class violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class oracle {
 public:
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
    std::uint64_t holds = 0, dead = 0, failed_bodies = 0;
    std::uint64_t closed = 0, mismatches = 0;   // since the board was made
    bool body_lost = false;
  };
  struct attempts {
    std::set<std::uint32_t> ok, failed, mismatch;
    bool permanent = false;
  };

  // What an input does to hosts, holds and waits.
  void take(timestamp now, bus::board_input const& in, bus::effects const& out);
  void take_hello(timestamp now, bus::input::hello const& in, bus::effects const& out);
  void take_change(bus::change const& what);
  void take_update(bus::activation_row& row, bus::activation_update const& to);
  void take_raised(bus::activation_row row, bus::activation_update const& to);

  void check_counters(bus::blackboard const& board) const;
  void check_open_work(bus::blackboard const& board) const;
  void check_routing(bus::board_input const& in, bus::effects const& out) const;
  void check_artifact_routing(bus::artifact_data const& artifact, bus::subscription_no only, std::multiset<bus::subscription_no> const& opened) const;
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

  void forget_host(timestamp now, bus::host_key key, bool expected_back);
  void bury(bus::activation_row const& row);

  [[nodiscard]] bool served(bus::subscription_no no) const;
  [[nodiscard]] bool blocked(bus::activation_row const& row) const;
  [[nodiscard]] std::string name_of(bus::activation_row const& row) const;
  [[nodiscard]] static std::string name_of(bus::artifact_data const& artifact);

  std::map<bus::subscription_no, subscription_key> subscriptions_;
  std::map<std::uint64_t, bus::artifact_ptr> artifacts_;                 // by seq
  std::map<std::string, artifact_id> keys_;
  std::map<bus::activation_no, bus::activation_row> open_;
  std::set<bus::activation_no> closed_;
  std::vector<bus::activation_row> just_closed_;
  std::map<run_id, run_entry> runs_;                                     // running
  std::set<run_id> ended_, ended_durably_;
  std::map<bus::host_key, host_entry> hosts_;
  std::map<subscription_key, timestamp> expected_;                       // whose last host vanished: until when its work is awaited
  std::set<subscription_key> remote_;                                    // offered by hosts in other processes, also of before a restart
  std::map<bus::activation_no, bus::activation_row> dead_;               // that can be requeued
  std::multiset<bus::activation_no> lost_;                               // in this step
  std::map<bus::ticket, bus::input::wait_idle> waiters_;
  std::map<activation_id, attempts> handled_;                            // survives everything: it is what happened outside
  std::map<bus::subscription_no, subscription_key> active_;              // before the step
  std::set<run_id> partly_told_;                                         // runs whose history the board has lost parts of
};

}  // namespace skein::sim
