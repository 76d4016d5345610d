// Waiting for conditions over the board: what they count is counted as it happens, so that an answer comes with the step that brings it about.
#include "blackboard_state.hpp"

#include <skein/registry/artifact_traits.hpp>
#include <skein/registry/failure.hpp>

#include <algorithm>

namespace skein::bus {

namespace {

/// The leaves that count something, in the order in which condition_waiter::counts has them.
template <class Visit>
void each_counting_leaf(board_condition const& condition, Visit& visit) {
  if (condition.what == board_condition::kind::count || condition.what == board_condition::kind::failure) return visit(condition);
  for (auto const& one : condition.operands) each_counting_leaf(one, visit);
}

bool asks_for_idle(board_condition const& condition) {
  return condition.what == board_condition::kind::idle || std::any_of(condition.operands.begin(), condition.operands.end(), asks_for_idle);
}

bool is_counted(board_condition const& leaf, artifact_data const& artifact) {
  return leaf.what == board_condition::kind::count && leaf.type == artifact.type && (!leaf.where || holds(*leaf.where, artifact.payload));
}

/// Takes its counts from `next` on; every leaf is looked at, so that `next` ends behind the last one.
bool is_met(board_condition const& condition, std::uint64_t const*& next, bool idle) {
  std::size_t met = 0;
  for (auto const& one : condition.operands) met += is_met(one, next, idle) ? 1 : 0;
  switch (condition.what) {
    case board_condition::kind::count: return *next++ >= condition.count;
    case board_condition::kind::failure: return *next++ > 0;
    case board_condition::kind::idle: return idle;
    case board_condition::kind::all_of: return met == condition.operands.size();
    case board_condition::kind::any_of: return met > 0;
    case board_condition::kind::none_of: return met == 0;
  }
  return false;
}

}  // namespace

void blackboard::state::on(input::wait_until&& in) {
  condition_waiter made{in.reply_to, std::move(in.condition), {}};
  auto const count = [&](board_condition const& leaf) {
    std::uint64_t found = 0;
    if (leaf.what == board_condition::kind::failure) {
      found = leaf.agent.empty() ? failed_agents.size() : failed_agents.count(leaf.agent);
    } else if (auto const* const of_type = find_type(leaf.type)) {
      for (auto const place : of_type->second.kept) {
        artifact_ptr const& artifact = kept_at(place);
        bool const is_out = artifact->routed && !embargoes.contains(artifact->seq);
        if (is_out && is_counted(leaf, *artifact)) ++found;
      }
    }
    made.counts.push_back(found);
  };
  each_counting_leaf(made.condition, count);
  conditions.push_back(std::move(made));
}

void blackboard::state::count_for_conditions(artifact_data const& artifact) {
  for (auto& waiting : conditions) {
    auto next = waiting.counts.begin();
    auto const count = [&](board_condition const& leaf) { *next++ += is_counted(leaf, artifact) ? 1 : 0; };
    each_counting_leaf(waiting.condition, count);
  }
}

void blackboard::state::count_failure_for_conditions(std::string const& agent) {
  failed_agents.insert(agent);
  for (auto& waiting : conditions) {
    auto next = waiting.counts.begin();
    auto const count = [&](board_condition const& leaf) { *next++ += leaf.what == board_condition::kind::failure && (leaf.agent.empty() || leaf.agent == agent) ? 1 : 0; };
    each_counting_leaf(waiting.condition, count);
  }
}

void blackboard::state::answer_conditions() {
  bool const is_idle = awaited(std::nullopt) == 0;
  std::erase_if(conditions, [&](condition_waiter const& waiting) {
    std::uint64_t const* next = waiting.counts.data();
    if (!is_met(waiting.condition, next, is_idle)) return false;
    out->replies.emplace_back(reply::met{waiting.to, true});
    return true;
  });
}

bool blackboard::state::waits_for_idle() const {
  return std::any_of(conditions.begin(), conditions.end(), [](auto const& waiting) { return asks_for_idle(waiting.condition); });
}

bool blackboard::state::end_condition(ticket waiting) {
  auto const found = std::find_if(conditions.begin(), conditions.end(), [&](auto const& one) { return one.to == waiting; });
  if (found == conditions.end()) return false;
  conditions.erase(found);
  out->replies.emplace_back(reply::met{waiting, false});
  return true;
}

void blackboard::state::remember_failures() {
  auto const* const known = find_type(type_of<failure>().name);
  if (!known) return;
  for (auto const place : known->second.kept) {
    if (auto const told = kept_at(place)->payload.as(type_of<failure>())) failed_agents.insert(static_cast<failure const*>(told->get())->agent);
  }
}

}  // namespace skein::bus
