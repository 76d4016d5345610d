#include "msgpack_walk.hpp"

#include <bit>

namespace skein::codec {
namespace {

std::uint64_t word_of(std::string_view from) noexcept {
  std::uint64_t word = 0;
  for (char c : from) word = word << 8 | static_cast<unsigned char>(c);
  return word;
}

/// An extension of type -1 as the nanoseconds of a timestamp.
bool timestamp_of(std::string_view data, wide_int& to) noexcept {
  std::int64_t seconds = 0;
  std::uint64_t nanoseconds = 0;
  if (data.size() == 4) {
    seconds = static_cast<std::int64_t>(word_of(data));
  } else if (data.size() == 8) {
    seconds = static_cast<std::int64_t>(word_of(data) & 0x3ffffffff);
    nanoseconds = word_of(data) >> 34;
  } else if (data.size() == 12) {
    seconds = static_cast<std::int64_t>(word_of(data.substr(4)));
    nanoseconds = word_of(data.substr(0, 4));
  } else {
    return false;
  }
  to = wide_int{seconds} * 1'000'000'000 + nanoseconds;
  return nanoseconds < 1'000'000'000;
}

}  // namespace

bool msgpack_walk::take_word(std::size_t size, std::uint64_t& to) noexcept {
  if (rest_.size() < size) return false;
  to = 0;
  for (std::byte b : rest_.first(size)) to = to << 8 | std::to_integer<std::uint64_t>(b);
  rest_ = rest_.subspan(size);
  return true;
}

bool msgpack_walk::take_signed(std::size_t size, walked_value& to) noexcept {
  std::uint64_t word = 0;
  if (!take_word(size, word)) return false;
  unsigned const unused = 64 - 8 * static_cast<unsigned>(size);
  to.kind = walked_kind::integer;
  to.integer = static_cast<std::int64_t>(word << unused) >> unused;
  return true;
}

bool msgpack_walk::take_real(std::size_t size, walked_value& to) noexcept {
  std::uint64_t word = 0;
  if (!take_word(size, word)) return false;
  to.kind = walked_kind::real;
  to.real = size == 4 ? static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(word))) : std::bit_cast<double>(word);
  return true;
}

bool msgpack_walk::take_text(walked_kind kind, std::uint64_t size, walked_value& to) noexcept {
  if (rest_.size() < size) return false;
  to.kind = kind;
  to.text = {reinterpret_cast<char const*>(rest_.data()), static_cast<std::size_t>(size)};
  rest_ = rest_.subspan(static_cast<std::size_t>(size));
  return true;
}

bool msgpack_walk::take_sized_text(walked_kind kind, std::size_t size_of_size, walked_value& to) noexcept {
  std::uint64_t size = 0;
  return take_word(size_of_size, size) && take_text(kind, size, to);
}

bool msgpack_walk::take_container(walked_kind kind, std::size_t size_of_count, walked_value& to) noexcept {
  std::uint64_t count = 0;
  if (!take_word(size_of_count, count)) return false;
  to.kind = kind;
  to.count = static_cast<std::uint32_t>(count);
  return true;
}

bool msgpack_walk::take_extension(std::uint64_t size, walked_value& to) noexcept {
  std::uint64_t type = 0;
  walked_value data;
  if (!take_word(1, type) || !take_text(walked_kind::other, size, data)) return false;
  bool const is_time = type == 0xff && timestamp_of(data.text, to.integer);
  to.kind = is_time ? walked_kind::integer : walked_kind::other;
  return true;
}

bool msgpack_walk::take(walked_value& to) noexcept {
  std::uint64_t head = 0;
  if (!take_word(1, head)) return false;
  to = {};
  auto const integer = [&](wide_int value) { return to.kind = walked_kind::integer, to.integer = value, true; };
  if (head < 0x80) return integer(static_cast<std::int64_t>(head));
  if (head >= 0xe0) return integer(static_cast<std::int64_t>(head) - 0x100);
  if (head < 0xa0) {
    to.kind = head < 0x90 ? walked_kind::map : walked_kind::array;
    to.count = head & 0x0f;
    return true;
  }
  if (head < 0xc0) return take_text(walked_kind::text, head & 0x1f, to);

  std::size_t const power = head & 3;   // most families come as four formats, of 1, 2, 4 and 8 bytes
  std::uint64_t size = 0;
  switch (head) {
    case 0xc0: to.kind = walked_kind::nil; return true;
    case 0xc2:
    case 0xc3: to.kind = walked_kind::boolean; to.boolean = head == 0xc3; return true;
    case 0xc4:
    case 0xc5:
    case 0xc6: return take_sized_text(walked_kind::binary, std::size_t{1} << power, to);
    case 0xc7: return take_word(1, size) && take_extension(size, to);
    case 0xc8: return take_word(2, size) && take_extension(size, to);
    case 0xc9: return take_word(4, size) && take_extension(size, to);
    case 0xca: return take_real(4, to);
    case 0xcb: return take_real(8, to);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf: return take_word(std::size_t{1} << power, size) && integer(size);
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3: return take_signed(std::size_t{1} << power, to);
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8: return take_extension(std::uint64_t{1} << (head - 0xd4), to);
    case 0xd9: return take_sized_text(walked_kind::text, 1, to);
    case 0xda: return take_sized_text(walked_kind::text, 2, to);
    case 0xdb: return take_sized_text(walked_kind::text, 4, to);
    case 0xdc: return take_container(walked_kind::array, 2, to);
    case 0xdd: return take_container(walked_kind::array, 4, to);
    case 0xde: return take_container(walked_kind::map, 2, to);
    case 0xdf: return take_container(walked_kind::map, 4, to);
    default: return false;   // 0xc1 is never used
  }
}

bool msgpack_walk::skip(std::uint64_t count) noexcept {
  walked_value one;
  for (; count > 0; --count) {
    if (count > rest_.size() || !take(one)) return false;   // every value takes a byte
    count += one.children();
  }
  return true;
}

}  // namespace skein::codec
