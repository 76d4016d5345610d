#include "group_books.hpp"

#include "scenario.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace skein::sim {

std::string key_of(artifact_data const& artifact) {
  auto const key = work_of(artifact).key();
  return key ? std::to_string(*key) : std::string{};
}

void group_books::restore(board_state const& durable, std::map<std::uint64_t, artifact_ptr> const& artifacts) {
  open_.clear(), taken_.clear(), opened.clear(), expired.clear();
  std::map<group_no, group> by_no;
  for (auto const& row : durable.groups) {
    auto& one = by_no[row.no] = {row.no, row.subscription, row.batch, row.correlation, row.key, {}, row.opened_at, row.taken};
    if (auto const by = descriptors.find(row.subscription); !row.batch && by != descriptors.end()) one.members.resize(by->second->types.size());
    taken_[row.subscription] = std::max({taken_[row.subscription], row.taken, row.seen});
  }
  for (auto const& row : durable.members) {
    auto& members = by_no.at(row.group).members;
    if (members.size() <= row.position) members.resize(row.position + 1);
    members[row.position] = row.seq;
  }
  for (auto& [no, one] : by_no) {
    auto const by = descriptors.find(one.subscription);
    auto const first = std::find_if(one.members.begin(), one.members.end(), [](auto seq) { return seq != 0; });
    if (first == one.members.end()) throw violation{"group " + std::to_string(no) + " of a ledger has no members"};
    one.key = !one.batch && by != descriptors.end() && by->second->grouping == grouping::join ? key_of(*artifacts.at(*first)) : std::string{};
    open_.push_back(std::move(one));
  }
}

void group_books::take(timestamp now, subscription_no no, subscription_descriptor const& by, artifact_data const& artifact, std::string const& key) {
  changed = true;
  auto const correlation = by.across_runs ? std::string{} : artifact.correlation;
  if (by.grouping == grouping::single) return gather(now, no, by, correlation, {artifact.seq});
  auto const taken = ++taken_[no];
  auto const slot_in = [&](group const& one) -> std::optional<std::size_t> {
    for (std::size_t i = 0; i < by.types.size(); ++i) {
      if (by.types[i] == artifact.type && one.members[i] == 0) return i;
    }
    return std::nullopt;
  };
  auto const lacks_it = [&](group const& one) { return one.subscription == no && !one.batch && one.correlation == correlation && one.key == key && slot_in(one); };
  auto at = std::find_if(open_.begin(), open_.end(), lacks_it);
  // The timer may be late; a group is not.
  for (; at != open_.end() && due(*at) && *due(*at) < now; at = std::find_if(open_.begin(), open_.end(), lacks_it)) expire(static_cast<std::size_t>(at - open_.begin()), "within");
  if (at == open_.end()) at = open_.insert(at, {0, no, false, correlation, key, std::vector<std::uint64_t>(by.types.size()), now, taken});
  at->members[*slot_in(*at)] = artifact.seq;
  if (std::count(at->members.begin(), at->members.end(), 0u) == 0) {
    auto const whole = at->members;
    open_.erase(at);
    by.batch_max > 0 ? gather(now, no, by, correlation, whole) : opened.push_back({no, whole});
  }
  for (std::size_t i = 0; by.within_count > 0 && i < open_.size();) {
    open_[i].subscription == no && !open_[i].batch && taken - open_[i].taken >= by.within_count ? expire(i, "within_count") : void(++i);
  }
  bound(now, no);
}

void group_books::gather(timestamp now, subscription_no no, subscription_descriptor const& by, std::string const& correlation, std::vector<std::uint64_t> const& members) {
  auto const mine = [&](group const& one) { return one.subscription == no && one.batch && one.correlation == correlation; };
  auto at = std::find_if(open_.begin(), open_.end(), mine);
  if (at != open_.end() && due(*at) && *due(*at) < now) {
    start(static_cast<std::size_t>(at - open_.begin()));
    at = open_.end();
  }
  if (at == open_.end()) at = open_.insert(at, {0, no, true, correlation, {}, {}, now, 0});
  at->members.insert(at->members.end(), members.begin(), members.end());
  at->members.size() < by.batch_max * by.types.size() ? bound(now, no) : start(static_cast<std::size_t>(at - open_.begin()));
}

void group_books::start(std::size_t at) {
  changed = true;
  opened.push_back({open_[at].subscription, open_[at].members});
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(at));
}

void group_books::bound(timestamp now, subscription_no no) {
  auto const mine = [&](group const& one) { return one.subscription == no; };
  while (static_cast<std::size_t>(std::count_if(open_.begin(), open_.end(), mine)) > groups_max_) {
    // What is overdue goes first, for what it is.
    auto const overdue = [&](bool batch) {
      return std::find_if(open_.begin(), open_.end(), [&](group const& one) { return mine(one) && one.batch == batch && due(one) && *due(one) < now; });
    };
    auto gone = overdue(false);
    if (gone == open_.end()) gone = overdue(true);
    bool const is_overdue = gone != open_.end();
    if (!is_overdue) gone = std::find_if(open_.begin(), open_.end(), mine);
    auto const at = static_cast<std::size_t>(gone - open_.begin());
    gone->batch ? start(at) : expire(at, is_overdue ? "within" : "groups_max");
  }
}

std::optional<timestamp> group_books::due(group const& one) const {
  auto const by = descriptors.find(one.subscription);
  if (by == descriptors.end()) return std::nullopt;
  auto const after = one.batch ? by->second->batch_age : by->second->within;
  return after.count() > 0 ? std::optional{one.opened_at + after} : std::nullopt;
}

std::optional<timestamp> group_books::next_due() const {
  std::optional<timestamp> next;
  for (auto const& one : open_) {
    if (auto const at = due(one); at && (!next || *at < *next)) next = at;
  }
  return next;
}

void group_books::pass_next() {
  changed = true;
  auto const next = next_due();
  for (std::size_t i = 0; i < open_.size(); ++i) {
    if (due(open_[i]) != next) continue;
    return open_[i].batch ? start(i) : expire(i, "within");
  }
}

void group_books::cancel(timestamp now, run_id const& run, std::map<std::uint64_t, artifact_ptr> const& artifacts) {
  auto const of_run = [&](std::uint64_t seq) { return seq != 0 && artifacts.at(seq)->run == run; };
  auto const meant = [&](group const& one) { return std::any_of(one.members.begin(), one.members.end(), of_run); };
  for (auto at = std::find_if(open_.begin(), open_.end(), meant); at != open_.end(); at = std::find_if(open_.begin(), open_.end(), meant)) {
    changed = true;
    group const gone = *at;
    open_.erase(at);
    auto const& by = *descriptors.at(gone.subscription);
    expiry made{gone.subscription, "cancelled", {}, gone.batch ? by.types : std::vector<std::string>{}};
    for (std::size_t i = 0; i < gone.members.size(); ++i) {
      if (gone.members[i] == 0 && !gone.batch) made.missing.push_back(by.types[i]);
      if (of_run(gone.members[i])) made.had.push_back(gone.members[i]);
    }
    expired.push_back(std::move(made));
    std::size_t const size = by.types.size();
    for (std::size_t first = 0; first < gone.members.size(); first += size) {
      std::vector<std::uint64_t> const part(gone.members.begin() + static_cast<std::ptrdiff_t>(first), gone.members.begin() + static_cast<std::ptrdiff_t>(first + size));
      if (gone.batch && std::none_of(part.begin(), part.end(), of_run)) {
        gather(now, gone.subscription, by, gone.correlation, part);
        continue;
      }
      for (auto const seq : part) {
        if (seq != 0 && !of_run(seq)) take(now, gone.subscription, by, *artifacts.at(seq), by.grouping == grouping::join ? key_of(*artifacts.at(seq)) : std::string{});
      }
    }
  }
}

void group_books::expire(std::size_t at, std::string const& why) {
  changed = true;
  auto const one = open_[at];
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(at));
  expiry made{one.subscription, why, {}, {}};
  auto const& types = descriptors.at(one.subscription)->types;
  for (std::size_t i = 0; i < one.members.size(); ++i) one.members[i] != 0 ? made.had.push_back(one.members[i]) : made.missing.push_back(types[i]);
  expired.push_back(std::move(made));
}

bool group_books::flush(opening const& what) {
  auto const at = std::find_if(open_.begin(), open_.end(), [&](group const& one) { return one.batch && one.subscription == what.subscription && one.members == what.inputs; });
  if (at == open_.end()) return false;
  changed = true;
  open_.erase(at);
  return true;
}

}  // namespace skein::sim
