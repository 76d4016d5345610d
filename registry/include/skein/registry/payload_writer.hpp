// Writes one payload as msgpack. The field codecs call it; it knows nothing of C++ types.
#pragma once

#include <skein/registry/artifact_type.hpp>
#include <skein/registry/codec_fault.hpp>
#include <skein/registry/shape.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace skein::codec {

/// Arrays and maps inside each other, the payload's own map included. The reader refuses more, so the writer does too.
inline constexpr std::size_t payload_depth_max = 64;

/// Appends msgpack to a byte string. Functions that return bool return false after recording an error in `fault`. Not thread-safe.
class payload_writer {
 public:
  /// What happens to a string that is not UTF-8: an error, or U+FFFD for each bad byte (for showing values).
  enum class bad_text { refuse, replace };

  /// `out` must outlive the writer. Nothing is complete before `flush()`.
  explicit payload_writer(bytes& out, bad_text on_bad_text = bad_text::refuse) : out_(&out), on_bad_text_(on_bad_text) {}
  /// Keeps nothing and checks no text, only counts: see `size()`.
  payload_writer() = default;
  payload_writer(payload_writer const&) = delete;
  payload_writer& operator=(payload_writer const&) = delete;

  codec_fault fault;   ///< The first error.

  /// Nil: an empty optional.
  void write_nil();
  /// A boolean.
  void write_boolean(bool value);
  /// In the shortest form that holds the value.
  void write_int(std::int64_t value);
  /// In the shortest form that holds the value.
  void write_uint(std::uint64_t value);
  /// Always a msgpack float, also for whole numbers: the sign of zero and the kind survive.
  void write_float(float value);
  /// Always a msgpack float, also for whole numbers.
  void write_double(double value);
  /// Nanoseconds since the epoch, as the shortest msgpack timestamp that holds them.
  void write_time(std::int64_t since_epoch_ns);
  /// UTF-8; what else happens is said by bad_text.
  [[nodiscard]] bool write_text(std::string_view text);
  /// Bytes of any kind.
  [[nodiscard]] bool write_binary(bytes_view data);

  /// After either of these: exactly `count` values (or key-value pairs), then `end()`.
  [[nodiscard]] bool begin_array(std::size_t count);
  /// The same for a map.
  [[nodiscard]] bool begin_map(std::size_t count);
  /// Closes the innermost array or map.
  void end() noexcept { --depth_; }

  /// The map of a record's fields.
  [[nodiscard]] bool write_fields(void const* object, field_span fields);

  /// Moves what is still buffered to `out`.
  void flush();
  /// How many bytes were written.
  [[nodiscard]] std::size_t size() const noexcept { return gone_ + used_; }
  /// All that was written, where `out` was empty: without memory of its own as long as it is short. Valid until the next write, and as long as writer and `out` live.
  [[nodiscard]] bytes_view written();

  /// msgpack-cxx's stream requirement; raw bytes.
  void write(char const* data, std::size_t size) {
    if (size > buffer_.size() - used_) return write_large(data, size);
    std::memcpy(buffer_.data() + used_, data, size);
    used_ += size;
  }

 private:
  void write_byte(unsigned char byte) {
    if (used_ == buffer_.size()) flush();
    buffer_[used_++] = static_cast<char>(byte);
  }
  void write_string(std::string_view text);
  void write_large(char const* data, std::size_t size);
  [[nodiscard]] bool open(std::size_t count, char const* what);

  bytes* const out_ = nullptr;   // null: only counted
  bad_text const on_bad_text_ = bad_text::refuse;
  std::size_t depth_ = 0;
  std::size_t gone_ = 0;         // what has left the buffer
  std::size_t used_ = 0;
  std::array<char, 512> buffer_;  // small payloads reach `out` in one append of the right size
};

/// Appends the map of `*object` to `out`; on errors (errc::bad_payload naming `type` and field) `out` is as it was.
[[nodiscard]] result<void> encode_record(std::string_view type, void const* object, field_span fields, bytes& out);
/// How many bytes encode_record would append, if every text is UTF-8; 0 where it fails otherwise. Allocates only for the error.
[[nodiscard]] std::size_t record_size(void const* object, field_span fields);
/// `*object` as one line of JSON. What has no encoding shows as U+FFFD, or as the error's text.
[[nodiscard]] std::string record_to_json(std::string_view type, void const* object, field_span fields);

}  // namespace skein::codec
