// Texts that stand in JSON as they are: ASCII without control characters, quotes and backslashes.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace skein::json {

/// The highest bit of each byte of a word.
inline constexpr std::uint64_t not_plain = 0x8080808080808080;

/// Has a bit of `not_plain` set if one of eight bytes is below 0x20, a quote, a backslash, or not ASCII; other bits mean nothing.
[[nodiscard]] constexpr std::uint64_t faults(std::uint64_t bytes) noexcept {
  constexpr std::uint64_t each = 0x0101010101010101;
  auto const quote = bytes ^ ('"' * each), backslash = bytes ^ ('\\' * each);
  return bytes | (bytes - 0x20 * each) | (quote - each) | (backslash - each);
}

/// Whether the character stands for itself.
[[nodiscard]] constexpr bool is_plain(char c) noexcept {
  auto const code = static_cast<unsigned char>(c);
  return code >= 0x20 && code < 0x80 && c != '"' && c != '\\';
}

/// Copies a text to where there is room for it and tells whether it is plain. The last bytes go in a word that overlaps the one before.
[[nodiscard]] inline bool copy_plain(char* to, std::string_view text) noexcept {
  auto const move = [](auto word, char* into, char const* from) {
    std::memcpy(&word, from, sizeof word);
    std::memcpy(into, &word, sizeof word);
    return word;
  };
  auto const size = text.size();
  char const* const from = text.data();
  std::uint64_t found = 0;
  if (size >= 8) {
    for (std::size_t at = 0; at + 8 < size; at += 8) found |= faults(move(std::uint64_t{}, to + at, from + at));
    found |= faults(move(std::uint64_t{}, to + size - 8, from + size - 8));
  } else if (size >= 4) {
    auto const first = move(std::uint32_t{}, to, from), last = move(std::uint32_t{}, to + size - 4, from + size - 4);
    found = faults(first | std::uint64_t{last} << 32);
  } else {
    for (std::size_t at = 0; at < size; ++at) {
      to[at] = from[at];
      if (!is_plain(from[at])) found = not_plain;
    }
  }
  return (found & not_plain) == 0;
}

}  // namespace skein::json
