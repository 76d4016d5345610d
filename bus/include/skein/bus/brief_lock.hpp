// Taking a lock that is never held for long: going to sleep for it, and being woken, would cost more than the wait.
#pragma once

#include <mutex>

namespace skein {

/// Locks; where another thread holds the mutex it looks again a few times (about a microsecond) before it sleeps.
template <class Mutex>
[[nodiscard]] std::unique_lock<Mutex> lock_briefly(Mutex& mutex) {
  constexpr int looks = 30;
  for (int i = 0; i < looks; ++i) {
    if (mutex.try_lock()) return std::unique_lock{mutex, std::adopt_lock};
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
  }
  return std::unique_lock{mutex};
}

}  // namespace skein
