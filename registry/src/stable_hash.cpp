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

}  // namespace skein
