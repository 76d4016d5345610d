// What people ask of a board: to pause, to cancel, to say when a condition holds.
#include "oracle.hpp"

#include "cast.hpp"

#include <algorithm>

namespace skein::sim {

using namespace bus;

namespace {

template <class Reply>
Reply const* find_reply(effects const& out, ticket to) {
  for (auto const& one : out.replies) {
    auto const* reply = std::get_if<Reply>(&one);
    if (reply && reply->to == to) return reply;
  }
  return nullptr;
}

}  // namespace

/// Nothing of what was cancelled is open afterwards, and the answer counts it.
void oracle::check_cancel(board_input const& in, effects const& out) const {
  auto const* cancel = std::get_if<input::cancel_work>(&in);
  auto const closed = static_cast<std::uint64_t>(std::count_if(just_closed_.begin(), just_closed_.end(), [](auto const& row) { return row.state == activation_state::cancelled; }));
  if (!cancel) {
    if (closed > 0) throw violation{std::to_string(closed) + " activations were cancelled without being asked"};
    return;
  }
  auto const* settled = find_reply<reply::settled>(out, cancel->reply_to);
  if (!settled) {
    if (!find_reply<reply::refused>(out, cancel->reply_to)) throw violation{"a cancel was not answered"};
    if (!out.changes.empty()) throw violation{"a cancel that was refused has changed something"};
    return;
  }
  if (settled->dropped != closed) throw violation{"a cancel says " + std::to_string(settled->dropped) + " and has closed " + std::to_string(closed)};
  for (auto const& [no, row] : open_) {
    bool const meant = cancel->agent.empty() ? row.run == cancel->run : subscriptions_.at(row.subscription).first == cancel->agent;
    if (meant) throw violation{name_of(row) + " is open after it was cancelled"};
  }
}

void oracle::check_pause(board_input const& in, effects const& out) const {
  auto const* pause = std::get_if<input::pause>(&in);
  if (!pause) return;
  if (find_reply<reply::settled>(out, pause->reply_to)) {
    bool const is = pause->agent.empty() ? runs_.contains(pause->run) && runs_.at(pause->run).paused : paused_agents_.contains(pause->agent);
    if (is != pause->paused) throw violation{"a pause, or its end, was settled and is not in the changes"};
  } else if (!find_reply<reply::refused>(out, pause->reply_to)) {
    throw violation{"a pause was not answered"};
  }
}

bool oracle::holds_now(board_condition const& one, blackboard const& board) const {
  auto const each = [&](auto const& operand) { return holds_now(operand, board); };
  switch (one.what) {
    case board_condition::kind::count: {
      std::uint64_t found = 0;
      for (auto const& artifact : board.artifacts(one.type)) {
        // The conditions of the simulation ask for a depth of at least 1, or for nothing.
        found += artifact->routed && !embargoes_.contains(artifact->seq) && (!one.where || work_of(*artifact).depth >= 1) ? 1 : 0;
      }
      return found >= one.count;
    }
    case board_condition::kind::failure:
      return one.agent.empty() ? !failed_agents_.empty() : failed_agents_.contains(one.agent);
    case board_condition::kind::idle: return awaited() == 0;
    case board_condition::kind::all_of: return std::all_of(one.operands.begin(), one.operands.end(), each);
    case board_condition::kind::any_of: return std::any_of(one.operands.begin(), one.operands.end(), each);
    case board_condition::kind::none_of: return std::none_of(one.operands.begin(), one.operands.end(), each);
  }
  return false;
}

/// A condition is met in the step in which it comes to hold, and not before.
void oracle::check_conditions(board_input const& in, effects const& out, blackboard const& board) {
  auto const* cancel = std::get_if<input::cancel_wait>(&in);
  for (auto const& one : out.replies) {
    auto const* met = std::get_if<reply::met>(&one);
    if (!met) continue;
    auto const found = conditions_.find(met->to);
    if (found == conditions_.end()) throw violation{"a condition was met that nobody waits for"};
    bool const ended = cancel && cancel->waiting == met->to;
    if (met->holds != holds_now(found->second, board)) throw violation{std::string{"a condition is said "} + (met->holds ? "to hold and does not" : "not to hold and does")};
    if (!met->holds && !ended) throw violation{"a wait for a condition ended by itself"};
    conditions_.erase(found);
  }
  if (cancel && conditions_.contains(cancel->waiting)) throw violation{"a cancelled wait for a condition was not answered"};
  for (auto const& [who, condition] : conditions_) {
    if (holds_now(condition, board)) throw violation{"condition " + std::to_string(who) + " holds and nobody was told"};
  }
}

}  // namespace skein::sim
