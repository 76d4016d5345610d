// What groups wait for, in words.
#include "blackboard_group.hpp"

#include <algorithm>
#include <chrono>
#include <tuple>

namespace skein::bus {

std::vector<std::string> missing_types(open_group const& group) {
  auto const& types = group.sub->descriptor.types;
  if (group.row.batch) return types;
  std::vector<std::string> missing;
  for (std::size_t slot = 0; slot < types.size(); ++slot) {
    if (slot >= group.members.size() || !group.members[slot]) missing.push_back(types[slot]);
  }
  return missing;
}

std::string joined(std::vector<std::string> const& names) {
  std::vector<std::pair<std::string, std::size_t>> counted;
  for (auto const& name : names) {
    auto const known = std::find_if(counted.begin(), counted.end(), [&](auto const& one) { return one.first == name; });
    known == counted.end() ? counted.emplace_back(name, 1) : (++known->second, *known);
  }
  std::string text;
  for (std::size_t i = 0; i < counted.size(); ++i) {
    if (i > 0) text += i + 1 == counted.size() ? " and " : ", ";
    text += counted[i].second > 1 ? std::to_string(counted[i].second) + " of " + counted[i].first : counted[i].first;
  }
  return text.empty() ? "what its agent says when it is added again" : text;
}

namespace {

std::string in_words(std::chrono::nanoseconds left) {
  using namespace std::chrono;
  if (left < seconds{1}) return std::to_string(ceil<milliseconds>(std::max(left, nanoseconds{})).count()) + " ms";
  return std::to_string(ceil<seconds>(left).count()) + " s";
}

std::string missing_of(open_group const& group, timestamp now) {
  auto const& want = group.sub->descriptor;
  auto const what = joined(missing_types(group));
  if (want.types.empty()) return what;
  if (!group.row.batch) {
    if (want.grouping != grouping::join) return what;
    // A key that is a field's value has the letter of its kind before it.
    return what + " with the key " + (want.keys.empty() || group.key().empty() ? group.key() : group.key().substr(1));
  }
  std::size_t const size = group_size(want);
  auto const more = want.batch_max - std::min<std::size_t>(want.batch_max, group.members.size() / size);
  auto const due = due_of(group);
  return std::to_string(more) + " more " + (size > 1 ? more == 1 ? "group of " : "groups of " : "of ") + what + (due ? " or " + in_words(*due - now) : "");
}

}  // namespace

void blackboard::state::describe_groups(board_report& into, std::optional<run_id> const& only) const {
  std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t> waiting;
  for (auto const& [no, group] : groups) {
    if (only && std::none_of(group.members.begin(), group.members.end(), [&](auto const& member) { return member && member->run == *only; })) continue;
    ++waiting[{group.sub->row.agent, missing_of(group, now), group.correlation()}];
  }
  for (auto const& [what, count] : waiting) {
    if (into.stranded.size() >= limits.report_entries_max) {
      into.omitted += count;
      continue;
    }
    into.stranded.push_back({std::get<0>(what), std::get<1>(what), std::get<2>(what), count});
  }
}

}  // namespace skein::bus
