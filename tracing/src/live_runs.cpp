#include "live_runs.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace skein {
namespace {

constexpr std::size_t runs_max = 16'384;
constexpr std::size_t groups_max = 131'072;        // Some 20 MB.
// While runs that have ended are remembered, those that begin take memory that was never used. So they are few, and it goes round; the last ones stay,
// for a late span makes the labels of a run that was forgotten read again from all of its rows.
constexpr std::size_t groups_kept_max = 4'096, ended_kept_min = 4, ended_kept_max = 512;
constexpr std::ptrdiff_t in_tails_max = 262'144;   // 8 MB.

// Memory for that many groups goes round.
constexpr std::size_t spare_max = 8, spare_groups_max = 4'096;

std::ptrdiff_t tails_of(sibling_groups& groups) noexcept {
  std::ptrdiff_t all = 0;
  groups.for_each([&all](sibling_group const& group) { all += static_cast<std::ptrdiff_t>(group.tail.size()); });
  return all;
}

}  // namespace

sibling_group& live_runs::siblings(live_run& run, sibling_key const& key) {
  if (run.newest_group == nullptr || !(run.newest_key == key)) {
    auto& groups = run.siblings;
    if (groups.capacity() == 0 && !spare_.empty()) {
      groups = std::move(spare_.back());
      spare_.pop_back();
    }
    auto const before = groups.size();
    run.newest_group = &groups.at(key);
    run.newest_key = key;
    groups_ += groups.size() - before;
  }
  return *run.newest_group;
}

void live_runs::forget_siblings(live_run& run) {
  give_back(run.siblings);
  run.displaced.clear();
  run.newest_group = nullptr;
  run.labels_known = false;
}

void live_runs::forget_tails(live_run& run) noexcept {
  in_tails_ -= tails_of(run.siblings);
  run.siblings.for_each([](sibling_group& group) {
    group.tail.clear();
    group.placed = group.count;
    group.displaced_from = sibling_group::none;
  });
  if (!run.displaced.empty()) run.labels_in_order = false;
  run.displaced.clear();
}

void live_runs::ended(run_key const& key, live_run& run) {
  if (!std::exchange(run.in_ended, true)) ended_.push_back(key);
}

void live_runs::trim() {
  auto const over = [this] { return runs_.size() > runs_max || groups_ > groups_max || in_tails_ > in_tails_max; };
  auto const enough = [this] { return ended_.size() > ended_kept_max || (ended_.size() > ended_kept_min && groups_ > groups_kept_max); };
  while (!ended_.empty() && (enough() || over())) erase_oldest_ended();
  if (!over()) return;
  if (in_tails_ > in_tails_max) {
    for (auto& [key, run] : runs_) forget_tails(run);
  }
  // What is forgotten of a running run is read again from its rows, and its labels are put right when it ends.
  if (!over()) return;
  for (auto at = runs_.begin(); at != runs_.end();) at = erase(at);
}

void live_runs::forget(std::vector<std::int64_t> const& numbers) {
  for (auto at = runs_.begin(); at != runs_.end();) {
    bool const gone = std::ranges::find(numbers, at->second.no) != numbers.end();
    at = gone ? erase(at) : std::next(at);
  }
}

void live_runs::erase_oldest_ended() {
  auto const at = runs_.find(ended_.front());
  ended_.pop_front();
  if (at == runs_.end()) return;
  at->second.in_ended = false;
  if (at->second.ended()) erase(at);
}

live_runs::entries::iterator live_runs::erase(entries::iterator at) {
  give_back(at->second.siblings);
  return runs_.erase(at);
}

void live_runs::give_back(sibling_groups& groups) {
  groups_ -= groups.size();
  in_tails_ -= tails_of(groups);
  groups.clear();
  if (groups.capacity() != 0 && groups.capacity() <= spare_groups_max && spare_.size() < spare_max) spare_.push_back(std::move(groups));
  groups = {};
}

}  // namespace skein
