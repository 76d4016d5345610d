// A filter for keys that stand already: 64 bits, one a key.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace skein {

/// One bit. Two keys that differ have the same one seldom; the factors were sought so that the usual keys have one each.
[[nodiscard]] inline std::uint64_t key_bit(std::string_view key) noexcept {
  std::uint32_t last = 0;
  if (key.size() >= sizeof last) std::memcpy(&last, key.data() + key.size() - sizeof last, sizeof last);
  auto const mixed = (last ^ static_cast<std::uint32_t>(key.size()) * 0xC9E9C617u) * 0x35BF992Du;
  return std::uint64_t{1} << (mixed >> 26);
}

}  // namespace skein
