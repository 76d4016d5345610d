// Small pieces that the makers of ids share: big-endian words and the version and variant bits of RFC 9562.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace skein {

/// Writes the low `size` bytes of `word`, at most 8, most significant first.
inline void put_big_endian(std::uint8_t* to, std::uint64_t word, std::size_t size) noexcept {
  word <<= 8 * (sizeof word - size);
  if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
  std::memcpy(to, &word, size);
}

/// A UUID: 48 bits of `leading`, 12 bits of `first` behind the version (RFC 9562 §4.2), 62 of `second` behind the variant 10 (§4.1). Written in whole words:
/// who reads a word that was written in pieces waits for all of them.
inline std::array<std::uint8_t, 16> make_uuid(std::uint64_t leading, unsigned version, std::uint64_t first, std::uint64_t second) noexcept {
  std::array<std::uint8_t, 16> bytes;
  put_big_endian(bytes.data(), leading << 16 | std::uint64_t{version} << 12 | (first & 0x0fff), 8);
  put_big_endian(bytes.data() + 8, (second & ~std::uint64_t{0} >> 2) | std::uint64_t{1} << 63, 8);
  return bytes;
}

}  // namespace skein
