// How open groups continue from a ledger.
#include "blackboard_group.hpp"

#include <algorithm>

namespace skein::bus {

void blackboard::state::restore_groups(board_state& from, artifacts_by_seq const& by_seq) {
  last_group = from.last_group;
  std::sort(from.groups.begin(), from.groups.end(), [](auto const& a, auto const& b) { return a.no < b.no; });
  std::vector<subscription*> concerned;
  for (auto& row : from.groups) {
    last_group = std::max(last_group, row.no);
    if (row.subscription == 0 || row.subscription > subscriptions.size()) continue;
    subscription& sub = *subscriptions[row.subscription - 1];
    if (sub.waiting.empty() && sub.gathering.empty()) concerned.push_back(&sub);
    open_group& group = groups.add(row.no);
    group.sub = &sub;
    group.row = std::move(row);
    group_no const no = group.row.no;
    (group.row.batch ? sub.gathering : sub.waiting).push_back(group);
    if (group.row.batch) open_batches.insert(no);
    if (auto const known = std::max(group.row.taken, group.row.seen); known > sub.taken || sub.proven_by == 0) {
      sub.taken = sub.proven = known;
      sub.proven_by = no;
    }
    ++counters.groups_open;
  }
  for (auto const& member : from.members) {
    open_group* const group = groups.find(member.group);
    auto const artifact = by_seq.find(member.seq);
    if (group && artifact != by_seq.end()) add_member(*group, member.position, artifact->second);
  }
  for (auto* sub : concerned) {
    if (sub->active) {
      resume_groups(*sub);
    } else {
      undescribed[sub->row.agent].push_back(sub);
    }
  }
}

void blackboard::state::resume_groups(subscription& sub) {
  std::size_t const slots = sub.descriptor.types.size();
  for (auto& group : sub.waiting) {
    group.members.resize(slots);
    group.forming = &forming_of(sub, sub.group_key_of(group.correlation(), sub.key_of(group.row.key)));
    group.row.correlation.clear();
    group.row.key.clear();
    for (std::size_t slot = 0; slot < slots; ++slot) {
      auto& of_alike = group.forming->lacking[sub.alike[slot]];
      if (!group.members[slot] && !of_alike.contains(group.row.no)) of_alike.push_back(group.row.no);
    }
  }
  for (auto const& group : sub.gathering) sub.batches.insert_or_assign(group.row.correlation, group.row.no);
  set_group_timer(sub);
}

void blackboard::state::expire_undescribed(std::string const& agent) {
  auto const found = undescribed.find(agent);
  if (found == undescribed.end()) return;
  auto const of_agent = std::move(found->second);
  undescribed.erase(found);
  for (auto* sub : of_agent) {
    if (!sub->active) expire_groups_of(*sub, "changed");
  }
}

}  // namespace skein::bus
