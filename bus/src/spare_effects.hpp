// The buffer that steps without a commit write to: one is kept, so that a step allocates nothing.
#pragma once

#include <skein/bus/blackboard_io.hpp>

#include <atomic>
#include <cstddef>

namespace skein::bus {

/// Messages whose memory a buffer keeps: what a burst has made larger goes.
inline constexpr std::size_t messages_kept_max = 1'024;

/// Owns the buffer while nobody uses it.
class spare_effects {
 public:
  spare_effects() = default;
  spare_effects(spare_effects const&) = delete;
  spare_effects& operator=(spare_effects const&) = delete;
  ~spare_effects() { delete one_.load(); }

  /// An empty one, the caller's until it gives it back. Only one thread at a time takes: only then does a buffer leave its place, so what is seen there stays.
  [[nodiscard]] effects& take() {
    effects* const one = one_.load(std::memory_order_acquire);
    if (!one) return *new effects;
    one_.store(nullptr, std::memory_order_relaxed);
    return *one;
  }
  /// From any thread at any time. Of several buffers one is kept, unless a burst has made it large.
  void give_back(effects& one) noexcept {
    one.clear();
    effects* none = nullptr;
    if (one.messages.capacity() <= messages_kept_max && one_.compare_exchange_strong(none, &one, std::memory_order_release, std::memory_order_relaxed)) return;
    delete &one;
  }

 private:
  std::atomic<effects*> one_ = nullptr;
};

}  // namespace skein::bus
