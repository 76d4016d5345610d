// Steps through msgpack bytes that nobody has checked, one value at a time, without decoding what is not asked for. It never reads past
// the end, never recurses and never allocates; what it steps over is not checked any further than its sizes.
#pragma once

#include "msgpack_format.hpp"

#include <skein/registry/artifact_type.hpp>

#include <cstdint>
#include <string_view>

namespace skein::codec {

/// Holds every integer and every timestamp of msgpack.
__extension__ typedef __int128 wide_int;

enum class walked_kind : std::uint8_t { absent, nil, boolean, integer, real, text, binary, array, map, other };

/// One value; of an array or map its head, whose children come next.
struct walked_value {
  walked_kind kind = walked_kind::absent;
  bool boolean = false;
  std::uint32_t count = 0;   // elements of an array, pairs of a map
  wide_int integer = 0;      // a timestamp too, as nanoseconds since the epoch
  double real = 0;           // float32 too
  std::string_view text;     // the bytes of a text or bin, in the input

  /// How many values inside it come next.
  [[nodiscard]] std::uint64_t children() const noexcept {
    return kind == walked_kind::map ? std::uint64_t{count} * 2 : kind == walked_kind::array ? count : 0;
  }
};

class msgpack_walk {
 public:
  /// Characters may look at any bytes.
  explicit msgpack_walk(bytes_view input) noexcept : at_(reinterpret_cast<char const*>(input.data())), end_(at_ + input.size()) {}

  /// Takes one value, of an array or map its head. False when the bytes end before it does or are no msgpack.
  [[nodiscard]] bool take(walked_value& to) noexcept;
  /// Steps over so many values with all that is in them.
  [[nodiscard]] bool skip(std::uint64_t count) noexcept;

 private:
  [[nodiscard]] bool take_bytes(std::uint64_t size, std::string_view& to) noexcept;

  char const* at_;
  char const* end_;
};

}  // namespace skein::codec
