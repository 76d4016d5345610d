#include <skein/registry/payload_writer.hpp>

#include <skein/registry/utf8.hpp>

#include <msgpack.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <initializer_list>
#include <limits>

namespace skein::codec {
namespace {

constexpr std::size_t size_max = std::numeric_limits<std::uint32_t>::max();  // of anything in msgpack

using packer = msgpack::packer<payload_writer>;

template <class Word>
void write_big_endian(payload_writer& to, Word word) {
  std::array<char, sizeof(Word)> encoded;
  for (std::size_t i = 0; i < sizeof(Word); ++i) encoded[i] = static_cast<char>(word >> (8 * (sizeof(Word) - 1 - i)));
  to.write(encoded.data(), encoded.size());
}

void write_formats(payload_writer& to, std::initializer_list<unsigned char> formats) {
  for (unsigned char format : formats) write_big_endian(to, format);
}

}  // namespace

void payload_writer::write_large(char const* data, std::size_t size) {
  flush();
  if (size <= buffer_.size()) return write(data, size);
  gone_ += size;
  if (!out_) return;
  auto const* raw = reinterpret_cast<std::byte const*>(data);
  out_->insert(out_->end(), raw, raw + size);
}

void payload_writer::write_string(std::string_view text) {
  std::size_t const size = text.size();
  if (size < 32 && size < buffer_.size() - used_) {  // names and most values: fixstr, in one piece
    buffer_[used_++] = static_cast<char>(0xa0 | size);
    std::memcpy(buffer_.data() + used_, text.data(), size);
    used_ += size;
  } else {
    packer{*this}.pack_str(static_cast<std::uint32_t>(size)).pack_str_body(text.data(), static_cast<std::uint32_t>(size));
  }
}

void payload_writer::flush() {
  auto const* raw = reinterpret_cast<std::byte const*>(buffer_.data());
  if (out_) out_->insert(out_->end(), raw, raw + used_);
  gone_ += used_;
  used_ = 0;
}

bytes_view payload_writer::written() {
  if (gone_ == 0) return {reinterpret_cast<std::byte const*>(buffer_.data()), used_};
  flush();
  return out_ ? bytes_view{*out_} : bytes_view{};
}

// What is most of it goes the short way: small numbers, short texts, lists and maps of few.

void payload_writer::write_nil() { write_byte(0xc0); }

void payload_writer::write_boolean(bool value) { write_byte(value ? 0xc3 : 0xc2); }

void payload_writer::write_int(std::int64_t value) {
  if (value >= -32 && value < 128) return write_byte(static_cast<unsigned char>(value));
  packer{*this}.pack_int64(value);
}

void payload_writer::write_uint(std::uint64_t value) {
  if (value < 128) return write_byte(static_cast<unsigned char>(value));
  packer{*this}.pack_uint64(value);
}

// Not packer::pack_float and pack_double: those turn whole numbers into integers and lose the sign of zero.
void payload_writer::write_float(float value) {
  write_formats(*this, {0xca});
  write_big_endian(*this, std::bit_cast<std::uint32_t>(value));
}

void payload_writer::write_double(double value) {
  write_formats(*this, {0xcb});
  write_big_endian(*this, std::bit_cast<std::uint64_t>(value));
}

// The msgpack specification's timestamp 32, 64 and 96: fixext 4, fixext 8 and ext 8 of type -1.
void payload_writer::write_time(std::int64_t since_epoch_ns) {
  std::int64_t seconds = since_epoch_ns / 1'000'000'000;
  std::int64_t rest = since_epoch_ns % 1'000'000'000;
  if (rest < 0) {
    rest += 1'000'000'000;
    --seconds;
  }
  auto const whole = static_cast<std::uint64_t>(seconds);
  auto const nanoseconds = static_cast<std::uint32_t>(rest);
  if (whole >> 34 != 0) {
    write_formats(*this, {0xc7, 12, 0xff});
    write_big_endian(*this, nanoseconds);
    write_big_endian(*this, whole);
  } else if (nanoseconds != 0 || whole >> 32 != 0) {
    write_formats(*this, {0xd7, 0xff});
    write_big_endian(*this, std::uint64_t{nanoseconds} << 34 | whole);
  } else {
    write_formats(*this, {0xd6, 0xff});
    write_big_endian(*this, static_cast<std::uint32_t>(whole));
  }
}

bool payload_writer::write_text(std::string_view text) {
  if (text.size() > size_max) return fault.fail("the string is longer than 4 GiB");
  if (out_ && !utf8::is_valid(text)) {
    if (on_bad_text_ == bad_text::refuse) {
      return fault.fail("the string is not UTF-8; put other bytes in a std::vector<std::byte>");
    }
    write_string(utf8::repaired(text));
    return true;
  }
  write_string(text);
  return true;
}

bool payload_writer::write_binary(bytes_view data) {
  if (data.size() > size_max) return fault.fail("the bytes are more than 4 GiB");
  packer{*this}.pack_bin(static_cast<std::uint32_t>(data.size()));
  if (!data.empty()) write(reinterpret_cast<char const*>(data.data()), data.size());
  return true;
}

bool payload_writer::open(std::size_t count, char const* what) {
  if (count > size_max) return fault.fail(std::string{"the "} + what + " has more than 2^32 - 1 elements");
  if (depth_ == payload_depth_max) {
    return fault.fail("arrays and maps are nested more than " + std::to_string(payload_depth_max) + " deep");
  }
  ++depth_;
  return true;
}

bool payload_writer::begin_array(std::size_t count) {
  if (!open(count, "array")) return false;
  if (count < 16) {
    write_byte(static_cast<unsigned char>(0x90 | count));
  } else {
    packer{*this}.pack_array(static_cast<std::uint32_t>(count));
  }
  return true;
}

bool payload_writer::begin_map(std::size_t count) {
  if (!open(count, "map")) return false;
  if (count < 16) {
    write_byte(static_cast<unsigned char>(0x80 | count));
  } else {
    packer{*this}.pack_map(static_cast<std::uint32_t>(count));
  }
  return true;
}

bool payload_writer::write_fields(void const* object, field_span fields) {
  if (!begin_map(fields.size())) return false;
  for (field const& each : fields) {
    write_string(each.name);
    if (!each.write(*this, object)) return fault.at_field(each.name);
  }
  end();
  return true;
}

result<void> encode_record(std::string_view type, void const* object, field_span fields, bytes& out) {
  std::size_t const before = out.size();
  payload_writer to{out};
  if (!to.write_fields(object, fields)) {
    out.resize(before);
    return to.fault.to_error(type);
  }
  to.flush();
  return {};
}

namespace {

std::size_t size_of(std::uint64_t number) noexcept {
  return number < 0x80 ? 1 : number <= 0xff ? 2 : number <= 0xffff ? 3 : number <= 0xffff'ffff ? 5 : 9;
}

/// What the writer makes of it.
struct encoded_size {
  std::size_t operator()(std::monostate) const noexcept { return 1; }
  std::size_t operator()(bool) const noexcept { return 1; }
  std::size_t operator()(std::uint64_t value) const noexcept { return size_of(value); }
  std::size_t operator()(std::int64_t value) const noexcept {
    if (value >= 0) return size_of(static_cast<std::uint64_t>(value));
    return value >= -32 ? 1 : value >= -0x80 ? 2 : value >= -0x8000 ? 3 : value >= -0x8000'0000ll ? 5 : 9;
  }
  std::size_t operator()(float) const noexcept { return 5; }
  std::size_t operator()(double) const noexcept { return 9; }
  std::size_t operator()(std::string_view text) const noexcept {
    return text.size() + (text.size() < 32 ? 1 : text.size() <= 0xff ? 2 : text.size() <= 0xffff ? 3 : 5);
  }
};

}  // namespace

std::size_t record_size(void const* object, field_span fields) {
  bool const is_flat = fields.size() < 16 && std::all_of(fields.begin(), fields.end(), [](field const& each) { return each.look != nullptr; });
  if (!is_flat) {
    payload_writer counting;
    return counting.write_fields(object, fields) ? counting.size() : 0;
  }
  std::size_t size = 1;
  for (field const& each : fields) size += encoded_size{}(each.name) + std::visit(encoded_size{}, each.look(object));
  return size;
}

}  // namespace skein::codec
