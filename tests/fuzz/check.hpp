// What a fuzz target promises, checked also where assert() is not.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace skein::fuzz {

inline void promise(bool kept, char const* what) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

}  // namespace skein::fuzz
