// The door of a live span: one thread at a time goes in, until one closes it for good by ending the span.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace skein {

/// Held for a few instructions, so who finds it taken gives up the processor and tries again. Whoever closes it owns what is behind it from
/// then on: ending a span costs one exchange, and nothing is to be unlocked.
class span_gate {
 public:
  /// False when it is closed. Otherwise leave() must follow.
  [[nodiscard]] bool enter() noexcept { return take(busy); }
  void leave() noexcept { state_.store(open, std::memory_order_release); }
  /// True for the one who closes it.
  [[nodiscard]] bool close() noexcept { return take(shut); }
  [[nodiscard]] bool closed() const noexcept { return state_.load(std::memory_order_acquire) == shut; }

 private:
  enum state : std::uint8_t { open, busy, shut };

  bool take(state to) noexcept {
    for (;;) {
      state seen = open;
      if (state_.compare_exchange_strong(seen, to, std::memory_order_acquire)) return true;
      if (seen == shut) return false;
      std::this_thread::yield();
    }
  }

  std::atomic<state> state_{open};
};

}  // namespace skein
