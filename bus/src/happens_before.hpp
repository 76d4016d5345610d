// Tells ThreadSanitizer, which cannot see into libzmq, what happens-before what when memory passes through a socket.
#pragma once

#include <string>

#if defined(__SANITIZE_THREAD__)
extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#endif

namespace skein::bus {

/// Before the memory is given away.
inline void gives_away([[maybe_unused]] void* memory) noexcept {
#if defined(__SANITIZE_THREAD__)
  __tsan_release(memory);
#endif
}

/// Before memory that was given away is touched.
inline void takes_over([[maybe_unused]] void* memory) noexcept {
#if defined(__SANITIZE_THREAD__)
  __tsan_acquire(memory);
#endif
}

/// A copy of text that libzmq's thread has written and that ends with a zero.
#if defined(__SANITIZE_THREAD__)
__attribute__((no_sanitize("thread")))
#endif
inline std::string
copy_of_theirs(char const* text) {
  std::string out;
#if defined(__SANITIZE_THREAD__)
  for (; *text != '\0'; ++text) out.push_back(*text);  // no strlen, which the sanitizer watches everywhere
#else
  out = text;
#endif
  return out;
}

}  // namespace skein::bus
