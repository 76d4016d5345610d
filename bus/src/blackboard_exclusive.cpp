// Exclusive subscriptions: those that share a word compete, and each artifact goes to one of them.
#include "blackboard_state.hpp"

#include <algorithm>

namespace skein::bus {

void blackboard::state::compete(std::vector<subscription*> const& matched, artifact_ptr const& artifact, subscription_no asked_to) {
  std::vector<subscription*> left = matched;
  while (!left.empty()) {
    std::string const& word = left.front()->descriptor.exclusive;
    auto const others = std::stable_partition(left.begin(), left.end(), [&](auto const* sub) { return sub->descriptor.exclusive == word; });
    std::vector<subscription*> rivals(left.begin(), others);
    left.erase(left.begin(), others);
    bool const unasked = std::any_of(rivals.begin(), rivals.end(), [&](auto const* sub) { return sub->row.no > asked_to; });
    activation* const a = open(*rivals.front(), artifact, unasked);
    if (!a || rivals.size() == 1) continue;
    uncount(*a);
    a->rivals = std::move(rivals);
    assess(*a);
    for (auto* sub : a->rivals) {
      if (sub == a->sub) continue;
      sub->ready.push_back(a->row.no);
      drop_stale(*sub);
      queue(*sub);
    }
  }
}

/// The one of highest priority; among equals the one that has waited longest for its turn.
std::pair<subscription*, host*> blackboard::state::best_rival(activation const& a) {
  std::pair<subscription*, host*> best{};
  for (auto* sub : a.rivals) {
    host* const h = may_start(*sub) ? best_host(*sub) : nullptr;
    if (!h) continue;
    auto const rank = [](subscription const& one) { return std::pair{-std::int64_t{one.descriptor.priority}, one.last_taken}; };
    if (!best.first || rank(*sub) < rank(*best.first)) best = {sub, h};
  }
  return best;
}

void blackboard::state::withdraw(activation& a, subscription const& sub) {
  uncount(a);
  a.rivals.erase(std::remove(a.rivals.begin(), a.rivals.end(), &sub), a.rivals.end());
  if (a.sub == &sub && !a.rivals.empty()) a.sub = a.rivals.front();
  a.row.subscription = a.sub->row.no;
  if (a.rivals.size() == 1) a.rivals.clear();
  assess(a);
}

void blackboard::state::contest(activation& a) {
  std::string const& word = a.sub->descriptor.exclusive;
  auto const* const type = find_type(a.newest().type);
  // An invoked agent was meant itself.
  if (a.inputs.size() != 1 || !a.newest().routed || !type) return;
  uncount(a);
  if (a.rivals.empty()) a.rivals.push_back(a.sub);
  for (auto* sub : type->second.interested) {
    bool const may_take = sub->descriptor.exclusive == word && !sub->descriptor.has_predicate && matches(*sub, a.newest());
    if (!may_take || std::find(a.rivals.begin(), a.rivals.end(), sub) != a.rivals.end()) continue;
    a.rivals.push_back(sub);
    if (a.row.state != activation_state::ready) continue;
    sub->ready.push_back(a.row.no);
    queue(*sub);
  }
  if (a.rivals.size() == 1) a.rivals.clear();
  assess(a);
}

/// After a restart who competes is known only once the hosts have said what they offer.
void blackboard::state::rejoin(subscription const& sub) {
  std::erase_if(restored, [this](activation_no no) { return !activations.contains(no); });
  for (auto no : restored) {
    activation& a = activations.at(no);
    if (a.sub->descriptor.exclusive == sub.descriptor.exclusive) contest(a);
  }
}

}  // namespace skein::bus
