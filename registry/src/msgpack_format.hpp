// The first bytes of a msgpack value: what it is, and its number or how much of it follows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace skein::codec {

enum class node_kind : std::uint8_t { nil, boolean, positive, negative, float32, float64, text, binary, extension, array, map };

/// `number`: of a boolean 0 or 1, of an integer its value (negative: as two's complement), of a float its bits; of a text, bin or extension how many bytes follow
/// (an extension's type before them), of an array or map how many elements or pairs.
struct msgpack_format {
  node_kind kind = node_kind::nil;
  std::uint64_t number = 0;
};

struct sized_format {
  node_kind kind;
  std::uint8_t width;   // of the number that follows
};

/// Of the bytes c0 to df. Integers that may be below 0 stand as negative.
inline constexpr std::array<sized_format, 32> sized_formats = {{
    {node_kind::nil, 0},       {node_kind::nil, 0},       {node_kind::boolean, 0},   {node_kind::boolean, 0},
    {node_kind::binary, 1},    {node_kind::binary, 2},    {node_kind::binary, 4},    {node_kind::extension, 1},
    {node_kind::extension, 2}, {node_kind::extension, 4}, {node_kind::float32, 4},   {node_kind::float64, 8},
    {node_kind::positive, 1},  {node_kind::positive, 2},  {node_kind::positive, 4},  {node_kind::positive, 8},
    {node_kind::negative, 1},  {node_kind::negative, 2},  {node_kind::negative, 4},  {node_kind::negative, 8},
    {node_kind::extension, 0}, {node_kind::extension, 0}, {node_kind::extension, 0}, {node_kind::extension, 0},
    {node_kind::extension, 0}, {node_kind::text, 1},      {node_kind::text, 2},      {node_kind::text, 4},
    {node_kind::array, 2},     {node_kind::array, 4},     {node_kind::map, 2},       {node_kind::map, 4},
}};

/// The one byte that begins no value.
inline constexpr unsigned char never_used = 0xc1;

/// A number of `size` bytes, the highest first: 0 (which is 0), 1, 2, 4 or 8 of them.
[[nodiscard]] inline std::uint64_t big_endian(char const* from, std::size_t size) noexcept {
  auto const byte = [&](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(from[i])}; };
  auto const word = [&](std::size_t i) { return byte(i) << 24 | byte(i + 1) << 16 | byte(i + 2) << 8 | byte(i + 3); };
  if (size <= 1) return size == 0 ? 0 : byte(0);
  if (size == 2) return byte(0) << 8 | byte(1);
  return size == 4 ? word(0) : word(0) << 32 | word(4);
}

/// Takes the first bytes of a value. False, with `at` as it was: the input ends within them, or they are never_used.
[[nodiscard]] inline bool take_format(char const*& at, char const* end, msgpack_format& out) noexcept {
  if (at == end) return false;
  auto const head = static_cast<unsigned char>(*at);
  auto const is = [&](node_kind kind, std::uint64_t number, std::size_t width = 0) {
    out = {kind, number};
    at += 1 + width;
    return true;
  };
  if (head < 0x80) return is(node_kind::positive, head);
  if (head < 0x90) return is(node_kind::map, head & 0x0f);
  if (head < 0xa0) return is(node_kind::array, head & 0x0f);
  if (head < 0xc0) return is(node_kind::text, head & 0x1f);
  if (head >= 0xe0) return is(node_kind::negative, static_cast<std::uint64_t>(static_cast<std::int64_t>(head) - 0x100));
  if (head == never_used) return false;
  auto const [kind, width] = sized_formats[head - 0xc0u];
  if (static_cast<std::size_t>(end - at) <= width) return false;
  auto const word = big_endian(at + 1, width);
  if (kind == node_kind::boolean) return is(kind, head & 1);
  if (kind == node_kind::extension && width == 0) return is(kind, std::uint64_t{1} << (head - 0xd4));
  if (kind != node_kind::negative) return is(kind, word, width);
  auto const unused = 64 - 8 * unsigned{width};
  auto const value = static_cast<std::int64_t>(word << unused) >> unused;
  return is(value < 0 ? kind : node_kind::positive, static_cast<std::uint64_t>(value), width);
}

/// A msgpack timestamp.
struct timestamp_parts {
  std::int64_t seconds = 0;       // since the epoch
  std::uint32_t nanoseconds = 0;  // below 10^9
};

/// Whether this is the content of a timestamp, an extension of timestamp_type; its value in `to`.
inline constexpr int timestamp_type = -1;
[[nodiscard]] inline bool read_timestamp(std::string_view content, timestamp_parts& to) noexcept {
  switch (content.size()) {
    case 4:
      to = {static_cast<std::int64_t>(big_endian(content.data(), 4)), 0};
      break;
    case 8: {
      std::uint64_t const word = big_endian(content.data(), 8);
      to = {static_cast<std::int64_t>(word & 0x3ffffffff), static_cast<std::uint32_t>(word >> 34)};
      break;
    }
    case 12:
      to = {static_cast<std::int64_t>(big_endian(content.data() + 4, 8)), static_cast<std::uint32_t>(big_endian(content.data(), 4))};
      break;
    default:
      return false;
  }
  return to.nanoseconds < 1'000'000'000;
}

}  // namespace skein::codec
