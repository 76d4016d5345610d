// Appends msgpack (https://github.com/msgpack/msgpack/blob/master/spec.md) in its shortest forms.
#pragma once

#include "codec_kind.hpp"

#include <skein/registry/artifact_type.hpp>
#include <skein/registry/ascii.hpp>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skein::bus::wire {

/// Writes into `out`, which it does not own, and which has its size only when the writer is gone or finish() was called. The first failure is kept; what is
/// written after it does not matter.
class writer {
 public:
  /// Appends.
  explicit writer(bytes& out, std::size_t list_items_max, std::uint16_t protocol = protocol_min) : writer(out, out.size(), list_items_max, protocol) {}
  /// Writes over what stands from `from` on: memory that is there already is not cleared first.
  writer(bytes& out, std::size_t from, std::size_t list_items_max, std::uint16_t protocol)
      : out_(out), at_(out.data() + from), end_(out.data() + out.size()), list_items_max_(list_items_max), protocol_(protocol) {}
  ~writer() { finish(); }
  writer(writer const&) = delete;
  writer& operator=(writer const&) = delete;

  /// What the reader speaks.
  [[nodiscard]] std::uint16_t protocol() const noexcept { return protocol_; }
  /// How long `out` is by now.
  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(at_ - out_.data()); }
  /// Gives `out` its size.
  void finish() noexcept {
    out_.resize(size());   // never more than it has
    end_ = at_;
  }

  void nil() { byte(0xc0); }
  void boolean(bool value) { byte(value ? 0xc3 : 0xc2); }
  void uint(std::uint64_t value) {
    auto* const to = room(9);
    if (value < 0x80) {
      *to = static_cast<std::byte>(value);
      ++at_;
      return;
    }
    unsigned const power = value <= 0xff ? 0 : value <= 0xffff ? 1 : value <= 0xffffffff ? 2 : 3;
    *to = static_cast<std::byte>(0xcc | power);
    store_big_endian(to + 1, value << (64 - (8u << power)));
    at_ += 1 + (1u << power);
  }
  void sint(std::int64_t value) { value >= 0 ? uint(static_cast<std::uint64_t>(value)) : negative(value); }
  void real(double value);
  /// UTF-8; bytes that are not are sent as U+FFFD, so that the text of an exception can't make a frame unreadable.
  void text(std::string_view value) {
    if (value.size() >= 32 || !is_ascii(value)) return any_text(value);
    auto* const to = room(1 + value.size());
    *to = static_cast<std::byte>(0xa0 | value.size());
    std::memcpy(to + 1, value.data(), value.size());
    at_ += 1 + value.size();
  }
  /// Binary of any length up to 2^32 - 1.
  void octets(std::string_view value) {
    if (octets_header(value.size())) raw(value.data(), value.size());
  }
  /// The same: `fill(std::byte*)` writes so many bytes.
  template <class Fill>
  void octets(std::size_t size, Fill fill) {
    if (!octets_header(size)) return;
    fill(room(size));
    at_ += size;
  }
  /// The bytes as they are.
  void raw(void const* data, std::size_t size) {
    if (size == 0) return;   // there may be no data
    std::memcpy(room(size), data, size);
    at_ += size;
  }
  /// An array of `count` fields.
  void fields(std::size_t count) { count < 16 ? byte(0x90 | static_cast<unsigned>(count)) : many_fields(count); }
  /// An array whose length the data decides; too long is a failure.
  void items(std::size_t count, char const* what) {
    if (count > list_items_max_) too_many(count, what);
    fields(count);
  }
  void texts(std::vector<std::string> const& all, char const* what);

  template <class Id>
  void id(Id const& value) {
    auto* const to = room(2 + Id::size_bytes);
    to[0] = std::byte{0xc4};
    to[1] = std::byte{Id::size_bytes};
    std::memcpy(to + 2, value.bytes().data(), Id::size_bytes);
    at_ += 2 + Id::size_bytes;
  }
  template <class Id>
  void optional_id(Id const& value) { value.empty() ? nil() : id(value); }
  /// Binary: trace id, span id, flags; nil when there is no trace.
  void context(span_context const& value);
  template <class Enum>
  void enumerator(Enum value) { uint(static_cast<std::uint64_t>(value)); }

  void fail(error why) {
    if (!failure_) failure_ = std::move(why);
  }
  [[nodiscard]] std::optional<error> const& failure() const noexcept { return failure_; }

 private:
  /// Where the next `size` bytes go.
  [[nodiscard]] std::byte* room(std::size_t size) {
    if (static_cast<std::size_t>(end_ - at_) < size) grow(size);
    return at_;
  }
  void grow(std::size_t by);
  void byte(unsigned value) {
    *room(1) = static_cast<std::byte>(value);
    ++at_;
  }
  /// All eight bytes.
  static void store_big_endian(std::byte* to, std::uint64_t value) noexcept {
    for (unsigned i = 0; i < 8; ++i) to[i] = static_cast<std::byte>(value >> (56 - 8 * i));
  }
  void any_text(std::string_view value);
  void negative(std::int64_t value);
  void many_fields(std::size_t count);
  void too_many(std::size_t count, char const* what);
  [[nodiscard]] bool octets_header(std::size_t size);
  /// `size` of them: 1, 2, 4 or 8.
  void big_endian(unsigned tag, std::uint64_t value, std::size_t size);

  bytes& out_;
  std::byte* at_;
  std::byte* end_;   // of what `out_` has
  std::size_t list_items_max_;
  std::uint16_t protocol_;
  std::optional<error> failure_;
};

}  // namespace skein::bus::wire
