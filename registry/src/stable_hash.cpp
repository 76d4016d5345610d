// The hash that ids, fingerprints and schemas are made of. Stored, so its results never change; a test pins them.
#include "stable_hash.hpp"

#include <skein/registry/ids.hpp>

#include <bit>

namespace skein {
namespace {

/// Up to 8 bytes, little-endian on every machine.
std::uint64_t load(char const* from, std::size_t size) noexcept {
  std::uint64_t word = 0;
  if constexpr (std::endian::native == std::endian::little) {
    if (size == 8) {
      std::memcpy(&word, from, 8);
      return word;
    }
    if (size >= 4) {   // two halves that may overlap
      std::uint32_t first, last;
      std::memcpy(&first, from, 4);
      std::memcpy(&last, from + size - 4, 4);
      return first | std::uint64_t{last} << (8 * (size - 4));
    }
  }
  for (std::size_t i = 0; i < size; ++i) word |= std::uint64_t{static_cast<unsigned char>(from[i])} << (8 * i);
  return word;
}

}  // namespace

std::uint64_t stable_hash(std::string_view bytes, std::uint64_t seed) noexcept {
  std::uint64_t state = hashing::begin(seed, bytes.size());
  char const* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) state = hashing::absorb(state, hashing::mix(load(at, 8)));
  if (left != 0) state = hashing::absorb(state, hashing::mix(load(at, left)));
  return hashing::finish(state);
}

std::uint64_t stable_hash(std::array<std::uint8_t, 16> const& bytes, std::uint64_t seed) noexcept {
  auto const* const at = reinterpret_cast<char const*>(bytes.data());
  std::uint64_t const first = hashing::absorb(hashing::begin(seed, bytes.size()), hashing::mix(load(at, 8)));
  return hashing::finish(hashing::absorb(first, hashing::mix(load(at + 8, 8))));
}

}  // namespace skein
