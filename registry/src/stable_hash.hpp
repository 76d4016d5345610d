// The steps of stable_hash, for whoever hashes words that it has at hand.
#pragma once

#include <bit>
#include <cstdint>

namespace skein::hashing {

// Odd 64-bit constants: the golden ratio and the two multipliers of Stafford's variant 13 of the MurmurHash3 finaliser.
inline constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;
inline constexpr std::uint64_t multiplier_1 = 0xbf58476d1ce4e5b9;
inline constexpr std::uint64_t multiplier_2 = 0x94d049bb133111eb;

constexpr std::uint64_t finish(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * multiplier_1;
  x = (x ^ (x >> 27)) * multiplier_2;
  return x ^ (x >> 31);
}

/// The state before the first word. The length enters first, so a tail padded with zeros differs from real zeros.
constexpr std::uint64_t begin(std::uint64_t seed, std::uint64_t bytes) noexcept { return finish(seed + golden) ^ (bytes * multiplier_2); }

/// What depends on the word alone: made once where one word is hashed under several seeds.
constexpr std::uint64_t mix(std::uint64_t word) noexcept { return std::rotl(word * multiplier_1, 29) * multiplier_2; }

/// Takes up a mixed word.
constexpr std::uint64_t absorb(std::uint64_t state, std::uint64_t mixed) noexcept { return std::rotl(state ^ mixed, 27) * golden + multiplier_2; }

}  // namespace skein::hashing
