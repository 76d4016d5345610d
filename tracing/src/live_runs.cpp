#include "live_runs.hpp"

#include <algorithm>

namespace skein {
namespace {

constexpr std::size_t runs_max = 16'384;
constexpr std::size_t groups_max = 131'072;        // Some 20 MB.
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

void live_runs::trim() {
  auto const over = [this] { return runs_.size() > runs_max || groups_ > groups_max; };
  if (!over() && in_tails_ <= in_tails_max) return;
  erase_if([](live_run const& run) { return run.ended(); });
  if (in_tails_ > in_tails_max) {
    for (auto& [key, run] : runs_) forget_tails(run);
  }
  // What is forgotten of a running run is read again from its rows, and its labels are put right when it ends.
  if (over()) erase_if([](live_run const&) { return true; });
}

void live_runs::forget(std::vector<std::int64_t> const& numbers) {
  erase_if([&numbers](live_run const& run) { return std::ranges::find(numbers, run.no) != numbers.end(); });
}

template <class Predicate>
void live_runs::erase_if(Predicate const& gone) {
  std::erase_if(runs_, [&](auto const& entry) {
    if (!gone(entry.second)) return false;
    groups_ -= entry.second.siblings.size();
    in_tails_ -= tails_of(entry.second);
    return true;
  });
}

}  // namespace skein
