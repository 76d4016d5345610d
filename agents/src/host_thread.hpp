// A thread while it runs handlers of a local host: what it has taken, what it is at, and what comes meanwhile.
#pragma once

#include "recent_scope.hpp"
#include "waiting_lines.hpp"

#include <skein/agents/local_host.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace skein::agents {

struct activation_frame;

/// A thread that runs handlers, its own or a caller's, and the attempt that it is at.
struct thread_slot {
  // Changed by the thread under `mutex` or under the host's lock; others hold both, in the order host, slot.
  std::mutex mutex;
  attempt_list batch;                      // taken and not begun
  bus::attempt_ref ref;                    // begun last
  std::atomic<bool> cancelled = false;     // that attempt
  std::atomic<bool> over = true;           // likewise: its result is there

  // Of the thread alone.
  hosted_agent* owner = nullptr;           // of what it has taken
  std::uint64_t interrupts_seen = 0;
  attempt_list spent;
  recent_scope recent;
  bus::done result;                        // of the attempt that has ended last
};

/// That the thread runs handlers of a host, from here on to the end of the scope.
struct execution {
  explicit execution(local_host const* of) noexcept : host(of), outer(std::exchange(innermost(), this)) {}
  ~execution() { innermost() = outer; }
  execution(execution const&) = delete;
  execution& operator=(execution const&) = delete;

  /// This thread's innermost one in `of`; null when it is in none.
  static execution* in(local_host const* of) noexcept {
    auto* here = innermost();
    while (here && here->host != of) here = here->outer;
    return here;
  }

  local_host const* const host;
  execution* const outer;
  activation_frame* frame = nullptr;
  bool gathers = false;                    // deliveries wait in `arrived` for this thread's next turn at the lock
  std::vector<bus::delivery> arrived;
  std::vector<bus::delivery> done_with;    // memory for the next ones

 private:
  static execution*& innermost() noexcept {
    thread_local execution* here = nullptr;
    return here;
  }
};

}  // namespace skein::agents
