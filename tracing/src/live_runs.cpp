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

std::ptrdiff_t tails_of(live_run const& run) noexcept {
  std::ptrdiff_t all = 0;
  for (auto const& [key, group] : run.siblings) all += static_cast<std::ptrdiff_t>(group.tail.size());
  return all;
}

}  // namespace

sibling_group& live_runs::siblings(live_run& run, sibling_key const& key) {
  if (run.newest_group == nullptr || !(run.newest_key == key)) {
    auto const [place, made] = run.siblings.try_emplace(key);
    if (made) ++groups_;
    run.newest_key = key;
    run.newest_group = &place->second;
  }
  return *run.newest_group;
}

void live_runs::forget_siblings(live_run& run) noexcept {
  groups_ -= run.siblings.size();
  in_tails_ -= tails_of(run);
  run.siblings.clear();
  run.displaced.clear();
  run.newest_group = nullptr;
  run.labels_known = false;
}

void live_runs::forget_tails(live_run& run) noexcept {
  in_tails_ -= tails_of(run);
  for (auto& [key, group] : run.siblings) {
    group.tail.clear();
    group.placed = group.count;
    group.displaced_from = sibling_group::none;
  }
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
  groups_ -= at->second.siblings.size();
  in_tails_ -= tails_of(at->second);
  return runs_.erase(at);
}

}  // namespace skein
