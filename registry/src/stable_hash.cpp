// The hash that ids, fingerprints and schemas are made of. Stored, so its results never change; a test pins them.
#include <skein/registry/ids.hpp>

#include <bit>

namespace skein {
namespace {

// Odd 64-bit constants: the golden ratio and the two multipliers of Stafford's variant 13 of the MurmurHash3 finaliser.
constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;
constexpr std::uint64_t multiplier_1 = 0xbf58476d1ce4e5b9;
constexpr std::uint64_t multiplier_2 = 0x94d049bb133111eb;

constexpr std::uint64_t finish(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * multiplier_1;
  x = (x ^ (x >> 27)) * multiplier_2;
  return x ^ (x >> 31);
}

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

constexpr std::uint64_t absorb(std::uint64_t state, std::uint64_t word) noexcept {
  word = std::rotl(word * multiplier_1, 29) * multiplier_2;
  return std::rotl(state ^ word, 27) * golden + multiplier_2;
}

}  // namespace

std::uint64_t stable_hash(std::string_view bytes, std::uint64_t seed) noexcept {
  // The length enters first, so a tail padded with zeros differs from real zeros.
  std::uint64_t state = finish(seed + golden) ^ (bytes.size() * multiplier_2);
  char const* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) state = absorb(state, load(at, 8));
  if (left != 0) state = absorb(state, load(at, left));
  return finish(state);
}

}  // namespace skein
