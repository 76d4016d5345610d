// Appends msgpack (https://github.com/msgpack/msgpack/blob/master/spec.md) in its shortest forms.
#pragma once

#include "codec_kind.hpp"

#include <skein/registry/artifact_type.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skein::bus::wire {

/// Writes into `out`, which it does not own. The first failure is kept; what is written after it does not matter.
class writer {
 public:
  explicit writer(bytes& out, std::size_t list_items_max, std::uint16_t protocol = protocol_min)
      : out_(out), list_items_max_(list_items_max), protocol_(protocol) {}
  /// What the reader speaks.
  [[nodiscard]] std::uint16_t protocol() const noexcept { return protocol_; }

  void nil() { byte(0xc0); }
  void boolean(bool value) { byte(value ? 0xc3 : 0xc2); }
  void uint(std::uint64_t value);
  void sint(std::int64_t value);
  void real(double value);
  /// UTF-8; bytes that are not are sent as U+FFFD, so that the text of an exception can't make a frame unreadable.
  void text(std::string_view value);
  /// Binary of any length up to 2^32 - 1.
  void octets(std::string_view value);
  /// The same: `append(bytes&)` adds so many bytes.
  template <class Append>
  void octets(std::size_t size, Append append) {
    if (octets_header(size)) append(out_);
  }
  /// An array of `count` fields.
  void fields(std::size_t count);
  /// An array whose length the data decides; too long is a failure.
  void items(std::size_t count, char const* what);
  void texts(std::vector<std::string> const& all, char const* what);

  template <class Id>
  void id(Id const& value) {
    std::array<std::uint8_t, 2 + Id::size_bytes> whole{0xc4, Id::size_bytes};
    std::memcpy(whole.data() + 2, value.bytes().data(), Id::size_bytes);
    raw(whole.data(), whole.size());
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
  void byte(unsigned value) { out_.push_back(static_cast<std::byte>(value)); }
  [[nodiscard]] bool octets_header(std::size_t size);
  void big_endian(unsigned tag, std::uint64_t value, std::size_t size);
  void raw(void const* data, std::size_t size);

  bytes& out_;
  std::size_t list_items_max_;
  std::uint16_t protocol_;
  std::optional<error> failure_;
};

}  // namespace skein::bus::wire
