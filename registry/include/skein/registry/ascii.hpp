// Nearly all text is ASCII: what is need not be looked at character by character.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace skein {

/// Whether all of it is.
[[nodiscard]] inline bool is_ascii(std::string_view text) noexcept {
  std::uint64_t all = 0;
  auto const see = [&](auto word, std::size_t at) {
    std::memcpy(&word, text.data() + at, sizeof word);
    all |= word;
  };
  auto const size = text.size();
  if (size >= 8) {
    for (std::size_t at = 0; at + 8 <= size; at += 8) see(std::uint64_t{}, at);
    see(std::uint64_t{}, size - 8);  // the rest, and some of it twice
  } else if (size >= 4) {
    see(std::uint32_t{}, 0);
    see(std::uint32_t{}, size - 4);
  } else {
    for (std::size_t at = 0; at < size; ++at) see(std::uint8_t{}, at);
  }
  return (all & 0x8080808080808080u) == 0;
}

}  // namespace skein
