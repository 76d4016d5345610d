// Small pieces that the makers of ids share: big-endian words and the version and variant bits of RFC 9562.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace skein {

/// Writes the low `size` bytes of `word`, most significant first.
constexpr void put_big_endian(std::uint8_t* to, std::uint64_t word, std::size_t size) noexcept {
  for (std::size_t i = 0; i < size; ++i) to[i] = static_cast<std::uint8_t>(word >> (8 * (size - 1 - i)));
}

/// Sets the version (RFC 9562 §4.2) and the variant 10 (§4.1).
constexpr void mark_uuid(std::array<std::uint8_t, 16>& bytes, unsigned version) noexcept {
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0fu) | (version << 4));
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3fu) | 0x80u);
}

}  // namespace skein
