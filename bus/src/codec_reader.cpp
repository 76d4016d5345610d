#include "codec_reader.hpp"

#include <skein/registry/utf8.hpp>

#include <algorithm>
#include <bit>
#include <cstring>

namespace skein::bus::wire {
namespace {

std::string_view name_of(reader::wire_type type) {
  switch (type) {
    case reader::wire_type::nil: return "nil";
    case reader::wire_type::boolean: return "a bool";
    case reader::wire_type::integer: return "an integer";
    case reader::wire_type::real: return "a float";
    case reader::wire_type::text: return "a string";
    case reader::wire_type::bin: return "bin";
    case reader::wire_type::array: return "an array";
    case reader::wire_type::map: return "a map";
    case reader::wire_type::ext: return "an ext";
    case reader::wire_type::never: return "the unused byte c1";
    case reader::wire_type::end: break;
  }
  return "the end of the frame";
}

/// How many bytes after the first one of a value hold its length or number.
constexpr std::size_t width_of(std::uint8_t tag) noexcept {
  switch (tag) {
    case 0xc4: case 0xc7: case 0xcc: case 0xd0: case 0xd9: return 1;
    case 0xc5: case 0xc8: case 0xcd: case 0xd1: case 0xda: case 0xdc: case 0xde: return 2;
    case 0xc6: case 0xc9: case 0xca: case 0xce: case 0xd2: case 0xdb: case 0xdd: case 0xdf: return 4;
    case 0xcb: case 0xcf: case 0xd3: return 8;
    default: return 0;
  }
}

}  // namespace

reader::wire_type reader::next_type() const noexcept {
  if (!ok() || remaining() == 0) return wire_type::end;
  auto const tag = peek();
  if (tag < 0x80 || tag >= 0xe0) return wire_type::integer;
  if (tag < 0x90) return wire_type::map;
  if (tag < 0xa0) return wire_type::array;
  if (tag < 0xc0) return wire_type::text;
  if (tag == 0xc0) return wire_type::nil;
  if (tag == 0xc1) return wire_type::never;
  if (tag <= 0xc3) return wire_type::boolean;
  if (tag <= 0xc6) return wire_type::bin;
  if (tag <= 0xc9) return wire_type::ext;
  if (tag <= 0xcb) return wire_type::real;
  if (tag <= 0xd3) return wire_type::integer;
  if (tag <= 0xd8) return wire_type::ext;
  if (tag <= 0xdb) return wire_type::text;
  return tag <= 0xdd ? wire_type::array : wire_type::map;
}

void reader::fail_at(std::size_t last_index, std::string_view why, errc code) {
  if (failure_) return;
  std::string what{root_};
  what += part_;
  for (std::size_t i = 0; i < depth_; ++i) {
    what += '[';
    what += std::to_string(i + 1 == depth_ ? last_index : outer_[i + 1].next() - 1);
    what += ']';
  }
  what += ": ";
  what += why;
  failure_ = error{code, std::move(what)};
  top_.left = 0;
}

void reader::fail_here(std::string_view why, errc code) { fail_at(top_.next(), why, code); }

void reader::fail_before(std::string_view why, errc code) { fail_at(top_.next() > 0 ? top_.next() - 1 : 0, why, code); }

bool reader::expect(wire_type type, std::string_view wanted) {
  if (!ok()) return false;
  auto const found = top_.left == 0 ? wire_type::end : next_type();
  if (found == type) return true;
  std::string why = "expected ";
  why += wanted;
  why += ", found ";
  why += name_of(found);
  fail_here(why);
  return false;
}

bool reader::take(std::size_t size, std::uint64_t& value) {
  if (remaining() < 1 + size) return fail_here("the frame ends inside it"), false;
  value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | std::to_integer<std::uint64_t>(at_[1 + i]);
  at_ += 1 + size;
  return true;
}

bool reader::take_length(std::size_t& length) {
  auto const tag = peek();
  std::uint64_t value = 0;
  if (!take(width_of(tag), value)) return false;
  if (width_of(tag) == 0) value = tag < 0xa0 ? tag & 0x0f : tag & 0x1f;  // fixmap and fixarray; fixstr
  length = static_cast<std::size_t>(value);
  return true;
}

bool reader::open_any(std::size_t& count) {
  if (!expect(wire_type::array, "an array")) return false;
  if (depth_ >= std::min(limits_.depth_max, levels_max)) return fail_here("nested deeper than depth_max"), false;
  if (!take_length(count)) return false;
  step(0);
  enter(count);
  return true;
}

bool reader::too_few(std::size_t required) {
  auto const count = top_.count;
  leave();
  fail_before("expected at least " + std::to_string(required) + " elements, found " + std::to_string(count));
  return false;
}

bool reader::too_many() {
  auto const count = top_.count;
  leave();
  if (count > limits_.list_items_max) {
    fail_before(std::to_string(count) + " elements are more than list_items_max", errc::too_large);
  } else {
    fail_before(std::to_string(count) + " elements do not fit into the rest of the frame");
  }
  return false;
}

void reader::skip_rest() {
  while (more()) {
    skip();
    if (ok()) step(0);
  }
}

void reader::skip() {
  // Values yet to be skipped on each level of nesting inside the skipped one.
  std::array<std::uint64_t, levels_max> open_values{};
  std::size_t depth = 0;
  for (;;) {
    auto const type = next_type();
    if (type == wire_type::end || type == wire_type::never) {
      std::string why = "expected a value, found ";
      return fail_here(why += name_of(type));
    }
    auto const tag = peek();
    std::uint64_t children = 0;
    if (type == wire_type::text || type == wire_type::bin || type == wire_type::ext) {
      std::size_t length = 0;
      if (!take_length(length)) return;
      if (tag >= 0xd4 && tag <= 0xd8) length = std::size_t{1} << (tag - 0xd4);  // fixext 1, 2, 4, 8, 16
      if (type == wire_type::ext) ++length;                                     // the byte that holds the ext's type
      if (length > remaining()) return fail_here("the frame ends inside it");
      at_ += length;
    } else if (type == wire_type::array || type == wire_type::map) {
      std::size_t count = 0;
      if (!take_length(count)) return;
      children = type == wire_type::map ? std::uint64_t{count} * 2 : count;
    } else {
      std::uint64_t ignored = 0;
      if (!take(width_of(tag), ignored)) return;
    }
    if (children > 0) {
      if (depth_ + depth >= std::min(limits_.depth_max, levels_max)) return fail_here("nested deeper than depth_max");
      open_values[depth++] = children;
      continue;
    }
    while (depth > 0 && --open_values[depth - 1] == 0) --depth;
    if (depth == 0) return;
  }
}

bool reader::boolean() {
  if (!expect(wire_type::boolean, "a bool")) return false;
  auto const value = peek() == 0xc3;
  step(1);
  return value;
}

std::uint64_t reader::any_uint(std::uint64_t highest, std::uint64_t lowest) {
  if (!expect(wire_type::integer, "an unsigned integer")) return lowest;
  auto const tag = peek();
  std::uint64_t value = 0;
  if (!take(width_of(tag), value)) return lowest;
  if (tag < 0x80) value = tag;
  auto const sign_bit = width_of(tag) > 0 ? std::uint64_t{1} << (8 * width_of(tag) - 1) : 0;
  auto const negative = tag >= 0xe0 || (tag >= 0xd0 && tag <= 0xd3 && (value & sign_bit) != 0);
  if (negative || value < lowest || value > highest) {
    fail_here("must lie between " + std::to_string(lowest) + " and " + std::to_string(highest));
    return lowest;
  }
  step(0);
  return value;
}

std::int64_t reader::any_sint(std::int64_t lowest, std::int64_t highest) {
  if (!expect(wire_type::integer, "an integer")) return 0;
  auto const tag = peek();
  std::uint64_t raw = 0;
  if (!take(width_of(tag), raw)) return 0;
  std::int64_t value = 0;
  bool fits = true;
  switch (tag) {
    case 0xd0: value = static_cast<std::int8_t>(raw); break;
    case 0xd1: value = static_cast<std::int16_t>(raw); break;
    case 0xd2: value = static_cast<std::int32_t>(raw); break;
    case 0xd3: value = static_cast<std::int64_t>(raw); break;
    case 0xcc: case 0xcd: case 0xce: case 0xcf:
      fits = raw <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
      value = static_cast<std::int64_t>(raw);
      break;
    default: value = static_cast<std::int8_t>(tag); break;
  }
  if (!fits || value < lowest || value > highest) {
    fail_here("must lie between " + std::to_string(lowest) + " and " + std::to_string(highest));
    return 0;
  }
  step(0);
  return value;
}

double reader::real() {
  if (next_type() == wire_type::integer) {
    auto const tag = peek();
    return tag == 0xcf ? static_cast<double>(uint()) : static_cast<double>(sint());
  }
  if (!expect(wire_type::real, "a float")) return 0;
  auto const wide = peek() == 0xcb;
  std::uint64_t raw = 0;
  if (!take(wide ? 8 : 4, raw)) return 0;
  step(0);
  return wide ? std::bit_cast<double>(raw) : static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(raw)));
}

std::string_view reader::any_text() {
  if (!expect(wire_type::text, "a string")) return {};
  std::size_t length = 0;
  if (!take_length(length)) return {};
  if (length > remaining()) return fail_here("the frame ends inside it"), std::string_view{};
  // View the bytes as characters: char may alias anything.
  std::string_view const view{reinterpret_cast<char const*>(at_), length};
  if (!utf8::is_valid(view)) return fail_here("the string is not UTF-8"), std::string_view{};
  step(length);
  return view;
}

bytes_view reader::octets_view() {
  if (!expect(wire_type::bin, "bin")) return {};
  std::size_t length = 0;
  if (!take_length(length)) return {};
  if (length > remaining()) return fail_here("the frame ends inside it"), bytes_view{};
  bytes_view const view{at_, length};
  step(length);
  return view;
}

std::string reader::octets() {
  auto const view = octets_view();
  // View the bytes as characters: char may alias anything.
  return {reinterpret_cast<char const*>(view.data()), view.size()};
}

void reader::any_fixed_bin(std::uint8_t* out, std::size_t size) {
  if (!expect(wire_type::bin, "bin")) return;
  std::size_t length = 0;
  if (!take_length(length)) return;
  if (length != size) return fail_here("expected " + std::to_string(size) + " bytes, found " + std::to_string(length));
  if (length > remaining()) return fail_here("the frame ends inside it");
  std::memcpy(out, at_, size);
  step(size);
}

span_context reader::context() {
  if (nil()) return {};
  std::array<std::uint8_t, context_bytes> raw{};
  fixed_bin(raw.data(), raw.size());
  std::array<std::uint8_t, trace_id::size_bytes> trace{};
  std::array<std::uint8_t, span_id::size_bytes> span{};
  std::copy_n(raw.begin(), trace.size(), trace.begin());
  std::copy_n(raw.begin() + trace.size(), span.size(), span.begin());
  span_context value{trace_id{trace}, span_id{span}, raw.back()};
  if (ok() && !value.valid()) fail_before("an id may not be all zero");
  return value;
}

}  // namespace skein::bus::wire
