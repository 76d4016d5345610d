#include "codec_writer.hpp"

#include <skein/registry/utf8.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace skein::bus::wire {

namespace {

/// The least that is added at once: what follows is likely to fit.
constexpr std::size_t room_min = 64;

}  // namespace

void writer::grow(std::size_t by) {
  auto const used = size();
  out_.resize(std::max(used + std::max(by, room_min), std::min(out_.capacity(), 2 * used)));
  at_ = out_.data() + used;
  end_ = out_.data() + out_.size();
}

void writer::big_endian(unsigned tag, std::uint64_t value, std::size_t size) {
  auto* const to = room(9);
  *to = static_cast<std::byte>(tag);
  store_big_endian(to + 1, value << (64 - 8 * size));
  at_ += 1 + size;
}

void writer::negative(std::int64_t value) {
  auto const raw_bits = static_cast<std::uint64_t>(value);
  if (value >= -32) return byte(static_cast<unsigned>(raw_bits & 0xff));
  if (value >= std::numeric_limits<std::int8_t>::min()) return big_endian(0xd0, raw_bits, 1);
  if (value >= std::numeric_limits<std::int16_t>::min()) return big_endian(0xd1, raw_bits, 2);
  if (value >= std::numeric_limits<std::int32_t>::min()) return big_endian(0xd2, raw_bits, 4);
  big_endian(0xd3, raw_bits, 8);
}

void writer::real(double value) { big_endian(0xcb, std::bit_cast<std::uint64_t>(value), 8); }

void writer::any_text(std::string_view value) {
  std::string repaired;
  if (!utf8::is_valid(value)) value = repaired = utf8::repaired(value);
  auto const size = value.size();
  if (size < 32) {
    byte(0xa0 | static_cast<unsigned>(size));
  } else if (size <= 0xff) {
    big_endian(0xd9, size, 1);
  } else if (size <= 0xffff) {
    big_endian(0xda, size, 2);
  } else if (size <= 0xffffffff) {
    big_endian(0xdb, size, 4);
  } else {
    return fail(error{errc::too_large, "a string is longer than msgpack's 2^32 - 1 bytes; shorten it"});
  }
  raw(value.data(), size);
}

bool writer::octets_header(std::size_t size) {
  if (size > std::numeric_limits<std::uint32_t>::max()) return fail(error{errc::too_large, "a value is longer than msgpack's 2^32 - 1 bytes; shorten it"}), false;
  size <= 0xff ? big_endian(0xc4, size, 1) : size <= 0xffff ? big_endian(0xc5, size, 2) : big_endian(0xc6, size, 4);
  return true;
}

void writer::many_fields(std::size_t count) { count <= 0xffff ? big_endian(0xdc, count, 2) : big_endian(0xdd, count, 4); }

void writer::too_many(std::size_t count, char const* what) {
  fail(error{errc::too_large, "a message can carry " + std::to_string(list_items_max_) + ' ' + what + " (list_items_max), not " + std::to_string(count)});
}

void writer::texts(std::vector<std::string> const& all, char const* what) {
  items(all.size(), what);
  for (auto const& one : all) text(one);
}

void writer::context(span_context const& value) {
  if (!value.valid()) return nil();
  auto* const to = room(2 + context_bytes);
  to[0] = std::byte{0xc4};
  to[1] = std::byte{context_bytes};
  std::memcpy(to + 2, value.trace.bytes().data(), trace_id::size_bytes);
  std::memcpy(to + 2 + trace_id::size_bytes, value.span.bytes().data(), span_id::size_bytes);
  to[1 + context_bytes] = std::byte{value.flags};
  at_ += 2 + context_bytes;
}

}  // namespace skein::bus::wire
