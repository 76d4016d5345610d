// Batches: whole groups that start one activation together, at a size or at an age, or when everything else is idle.
#include "blackboard_group.hpp"

#include <algorithm>
#include <utility>

namespace skein::bus {

void blackboard::state::gather(subscription& sub, std::vector<artifact_ptr> group, std::string const& correlation) {
  auto const& want = sub.descriptor;
  if (want.batch_max <= 1) {
    open(sub, group, false);
    return;
  }
  auto known = sub.batches.find(correlation);
  if (known != sub.batches.end()) {
    auto const due = due_of(groups.at(known->second));
    if (due && *due < now) {
      start_batch(known->second);
      known = sub.batches.find(correlation);
    }
  }
  open_group& batch = known != sub.batches.end() ? groups.at(known->second) : open_a_group(sub, correlation, nullptr);
  std::size_t const before = batch.members.size();
  for (auto const& member : group) add_member(batch, static_cast<std::uint32_t>(batch.members.size()), member);
  if (batch.members.size() >= std::size_t{want.batch_max} * group_size(want)) return start_batch(batch.row.no);
  for (std::size_t i = 0; i < group.size(); ++i) change_to(group_member{batch.row.no, static_cast<std::uint32_t>(before + i), group[i]->seq});
  bound_groups(sub);
}

void blackboard::state::start_batch(group_no no) {
  auto const gone = close_group(no);
  auto inputs = gone->members;
  open(*gone->sub, inputs, false);
  forget_members(gone->members);
}

bool blackboard::state::flush_batches(std::optional<run_id> const& run) {
  if (open_batches.empty()) return false;
  // A batch of one run is fed by that run alone; any other by whatever is open, or held open.
  bool others_feed = false;
  if (run) {
    for (auto const& [id, other] : runs) others_feed |= id != *run && (other.holds > 0 || other.open > other.blocked);
  }
  auto const own = run ? run->to_string() : std::string{};
  std::vector<group_no> ripe;
  for (auto const no : open_batches) {
    open_group const& batch = groups.at(no);
    if (run) {
      bool const is_own = !batch.sub->descriptor.across_runs && batch.row.correlation == own;
      if (!is_own && others_feed) continue;
      if (std::none_of(batch.members.begin(), batch.members.end(), [&](auto const& member) { return member->run == *run; })) continue;
    }
    ripe.push_back(no);
  }
  for (auto const no : ripe) {
    if (!groups.contains(no)) continue;
    ++counters.batches_flushed;
    ++recent_flushed;
    start_batch(no);
  }
  return !ripe.empty();
}

void blackboard::state::flush_for_waiters() {
  for (std::size_t i = 0; i < waiters.size(); ++i) {
    // What a flush opens may end at once and leave another batch.
    while (awaited(waiters[i].run) == 0 && flush_batches(waiters[i].run)) dispatch();
  }
  while (awaited(std::nullopt) == 0 && waits_for_idle() && flush_batches(std::nullopt)) dispatch();
}

}  // namespace skein::bus
