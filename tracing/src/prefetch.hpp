// A hint that memory will be read soon. A large batch of spans is more than the nearest caches hold, and it is not read in its order.
#pragma once

#include <cstddef>
#include <string_view>

namespace skein {

inline void prefetch(std::string_view soon) noexcept {
  constexpr std::size_t line = 64;
  for (std::size_t at = 0; at < soon.size(); at += line) __builtin_prefetch(soon.data() + at);
}

}  // namespace skein
