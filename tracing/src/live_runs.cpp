#include "live_runs.hpp"

#include <algorithm>

namespace skein {
namespace {

constexpr std::size_t runs_max = 16'384;
constexpr std::size_t groups_max = 131'072;  // Some 10 MB.

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
  run.siblings.clear();
  run.newest_group = nullptr;
  run.labels_known = false;
}

void live_runs::trim() {
  auto const over = [this] { return runs_.size() > runs_max || groups_ > groups_max; };
  if (!over()) return;
  erase_if([](live_run const& run) { return run.ended(); });
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
    return true;
  });
}

}  // namespace skein
