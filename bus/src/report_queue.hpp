// Results on their way to the board: one thread at a time has the place there; others leave theirs and go on with other work.
#pragma once

#include <skein/bus/brief_lock.hpp>
#include <skein/bus/hub_bus.hpp>

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

namespace skein::bus {

/// One result of the local host, and what the predicates of `asked` say about its children.
struct report {
  done what;
  std::vector<verdicts> said;
  predicate_table const* asked = nullptr;
};

/// Thread-safe. `open_` counts the reports that are not stepped yet, that of the thread with the place among them: the place is free exactly while it is 0.
/// It grows under the lock (but from 0, by enter()), together with `left_`; so whoever lowers it and finds more open finds all of them in `left_`.
class report_queue {
 public:
  /// Whether the caller has got the place; it steps its report, then asks next().
  [[nodiscard]] bool enter() noexcept {
    std::size_t none = 0;
    return open_.compare_exchange_strong(none, 1, std::memory_order_acq_rel, std::memory_order_relaxed);
  }
  /// Leaves a report for the thread with the place. True: that thread has gone meanwhile, and the caller has got it; it asks next(0).
  [[nodiscard]] bool leave(report&& one) {
    auto const held = lock_briefly(mutex_);
    left_.push_back(std::move(one));
    return open_.fetch_add(1, std::memory_order_acq_rel) == 0;
  }
  /// For the thread with the place, which has stepped so many since it got it or asked last: what was left meanwhile. False: nothing was, and the place is
  /// given up; what belongs to it, `to` too, is another thread's from then on.
  [[nodiscard]] bool next(std::size_t stepped, std::vector<report>& to) {
    to.clear();
    if (open_.fetch_sub(stepped, std::memory_order_acq_rel) == stepped) return false;
    auto const held = lock_briefly(mutex_);
    to.swap(left_);
    return true;
  }

 private:
  std::atomic<std::size_t> open_ = 0;
  std::mutex mutex_;
  std::vector<report> left_;
};

}  // namespace skein::bus
