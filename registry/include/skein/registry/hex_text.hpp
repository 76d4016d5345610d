// Bytes as lower-case hex digits, written to where there is room for them, and what a digit stands for.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace skein {

/// The digits of each byte.
inline constexpr auto hex_pairs = [] {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> made{};
  for (std::size_t byte = 0; byte < made.size(); ++byte) made[byte] = {digits[byte >> 4], digits[byte & 0x0f]};
  return made;
}();

/// What a lower-case digit stands for, or -1.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// The digits of one byte.
[[nodiscard]] inline std::string_view hex_of(unsigned char byte) noexcept { return {hex_pairs[byte].data(), 2}; }

/// Writes two digits for each byte and returns where they end.
inline char* write_hex(char* to, std::string_view data) noexcept {
  for (char const byte : data) {
    std::memcpy(to, hex_pairs[static_cast<unsigned char>(byte)].data(), 2);
    to += 2;
  }
  return to;
}

/// Writes the 36 characters of the UUID of 16 bytes and returns where they end.
inline char* write_uuid(char* to, std::string_view data) noexcept {
  char const* const from = data.data();
  to = write_hex(to, {from, 4});
  for (std::size_t const at : {4u, 6u, 8u}) {
    *to++ = '-';
    to = write_hex(to, {from + at, 2});
  }
  *to++ = '-';
  return write_hex(to, {from + 10, 6});
}

}  // namespace skein
