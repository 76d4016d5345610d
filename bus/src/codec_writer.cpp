#include "codec_writer.hpp"

#include <skein/registry/utf8.hpp>

#include <array>
#include <bit>
#include <cstring>
#include <limits>

namespace skein::bus::wire {

void writer::raw(void const* data, std::size_t size) {
  auto const* first = static_cast<std::byte const*>(data);
  out_.insert(out_.end(), first, first + size);
}

void writer::big_endian(unsigned tag, std::uint64_t value, std::size_t size) {
  std::uint8_t text[9] = {static_cast<std::uint8_t>(tag)};
  for (std::size_t i = 0; i < size; ++i) text[1 + i] = static_cast<std::uint8_t>(value >> (8 * (size - 1 - i)));
  raw(text, 1 + size);
}

void writer::uint(std::uint64_t value) {
  if (value < 0x80) return byte(static_cast<unsigned>(value));
  if (value <= 0xff) return big_endian(0xcc, value, 1);
  if (value <= 0xffff) return big_endian(0xcd, value, 2);
  if (value <= 0xffffffff) return big_endian(0xce, value, 4);
  big_endian(0xcf, value, 8);
}

void writer::sint(std::int64_t value) {
  auto const raw_bits = static_cast<std::uint64_t>(value);
  if (value >= 0) return uint(raw_bits);
  if (value >= -32) return byte(static_cast<unsigned>(raw_bits & 0xff));
  if (value >= std::numeric_limits<std::int8_t>::min()) return big_endian(0xd0, raw_bits, 1);
  if (value >= std::numeric_limits<std::int16_t>::min()) return big_endian(0xd1, raw_bits, 2);
  if (value >= std::numeric_limits<std::int32_t>::min()) return big_endian(0xd2, raw_bits, 4);
  big_endian(0xd3, raw_bits, 8);
}

void writer::real(double value) { big_endian(0xcb, std::bit_cast<std::uint64_t>(value), 8); }

void writer::text(std::string_view value) {
  if (value.size() < 32 && is_ascii(value)) {
    std::array<std::byte, 32> short_text{};
    short_text[0] = static_cast<std::byte>(0xa0 | value.size());
    std::memcpy(&short_text[1], value.data(), value.size());
    out_.insert(out_.end(), short_text.begin(), short_text.begin() + static_cast<std::ptrdiff_t>(1 + value.size()));
    return;
  }
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

void writer::octets(std::string_view value) {
  if (octets_header(value.size())) raw(value.data(), value.size());
}

void writer::fields(std::size_t count) {
  if (count < 16) return byte(0x90 | static_cast<unsigned>(count));
  if (count <= 0xffff) return big_endian(0xdc, count, 2);
  big_endian(0xdd, count, 4);
}

void writer::items(std::size_t count, char const* what) {
  if (count > list_items_max_) {
    fail(error{errc::too_large, "a message can carry " + std::to_string(list_items_max_) + ' ' + what + " (list_items_max), not " +
                                    std::to_string(count)});
  }
  fields(count);
}

void writer::texts(std::vector<std::string> const& all, char const* what) {
  items(all.size(), what);
  for (auto const& one : all) text(one);
}

void writer::context(span_context const& value) {
  if (!value.valid()) return nil();
  std::array<std::uint8_t, 2 + context_bytes> whole{0xc4, context_bytes};
  std::memcpy(whole.data() + 2, value.trace.bytes().data(), trace_id::size_bytes);
  std::memcpy(whole.data() + 2 + trace_id::size_bytes, value.span.bytes().data(), span_id::size_bytes);
  whole.back() = value.flags;
  raw(whole.data(), whole.size());
}

}  // namespace skein::bus::wire
