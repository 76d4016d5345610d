// Reads one msgpack payload that nobody has checked yet. The field codecs call it; it knows nothing of C++ types.
// The bytes are parsed once into a flat list of nodes that refer into the input; reading walks that list from front to back.
#pragma once

#include <skein/registry/artifact_type.hpp>
#include <skein/registry/codec_fault.hpp>
#include <skein/registry/shape.hpp>

#include <cstdint>
#include <string_view>

namespace skein::codec {

struct msgpack_node;
class msgpack_tree;

/// A cursor over a parsed payload. Functions return false after recording an error in `fault`. Not thread-safe.
class payload_reader {
 public:
  /// Stands before the tree's one value. `tree` and its input must outlive the reader.
  explicit payload_reader(msgpack_tree const& tree) noexcept;
  payload_reader(payload_reader const&) = delete;
  payload_reader& operator=(payload_reader const&) = delete;

  codec_fault fault;   ///< The first error.

  /// Whether nil comes; takes it if so.
  [[nodiscard]] bool take_nil() noexcept;
  /// A boolean; nothing is converted to it.
  [[nodiscard]] bool read_boolean(bool& to);
  /// An integer within the bounds, inclusive.
  [[nodiscard]] bool read_int(std::int64_t& to, std::int64_t min, std::int64_t max);
  /// An integer from 0 to `max`, inclusive.
  [[nodiscard]] bool read_uint(std::uint64_t& to, std::uint64_t max);
  /// A float, or an integer converted to the nearest float.
  [[nodiscard]] bool read_double(double& to);
  /// The same; finite values beyond the range of float are errors.
  [[nodiscard]] bool read_float(float& to);
  /// A timestamp as nanoseconds since the epoch; what they cannot hold (before 1677, after 2262) is an error.
  [[nodiscard]] bool read_time(std::int64_t& since_epoch_ns);
  /// UTF-8. The view refers into the payload's bytes.
  [[nodiscard]] bool read_text(std::string_view& to);
  /// Binary. The view refers into the payload's bytes.
  [[nodiscard]] bool read_binary(bytes_view& to);

  /// After either of these: exactly `count` values (or key-value pairs) follow. No more than the input really holds.
  [[nodiscard]] bool begin_array(std::size_t& count);
  /// The same of a map.
  [[nodiscard]] bool begin_map(std::size_t& count);

  /// A record: fields may come in any order or be missing; unknown ones are checked and skipped; doubled ones are errors.
  [[nodiscard]] bool read_fields(void* object, field_span fields);

 private:
  [[nodiscard]] bool expected(char const* what);
  [[nodiscard]] bool read_field(void* object, field_span fields, std::size_t& next, std::uint64_t& seen, bool& skipped);
  [[nodiscard]] std::string_view text_of(msgpack_node const& node) const noexcept;

  msgpack_tree const& tree_;
  msgpack_node const* at_;
};

/// Decodes one map of `fields`, and nothing after it, into `*object`. errc::bad_payload names `type` and the path of the field.
/// Memory beyond the object's own stays within a small multiple of the input's size.
[[nodiscard]] result<void> decode_record(std::string_view type, bytes_view encoded, void* object, field_span fields);

}  // namespace skein::codec
