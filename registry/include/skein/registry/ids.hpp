// Identifiers: fixed-size byte strings with distinct types, so that a span id can't be passed for a run id.
// Random ids come from an id_generator (userspace; one system call at its birth), derived ones from what they name.
#pragma once

#include <skein/registry/error.hpp>

#include <array>
#include <bit>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <type_traits>

namespace skein {

/// How an id is written: plain lower-case hex, or the 36 characters of RFC 9562.
enum class id_text { hex, uuid };

/// An identifier of N bytes. A value: trivially copyable, ordered by its bytes; all zero means "none".
template <class Tag, std::size_t N, id_text Text>
class basic_id {
 public:
  /// N.
  static constexpr std::size_t size_bytes = N;

  constexpr basic_id() = default;
  /// The id with these bytes.
  constexpr explicit basic_id(std::array<std::uint8_t, N> bytes) : bytes_(bytes) {}

  /// Reads the written form: 2N lower-case hex digits, or for UUIDs the 36-character form.
  /// Anything else, all zeros included, is errc::invalid_argument.
  [[nodiscard]] static result<basic_id> parse(std::string_view text);

  /// The written form that parse() reads; all zeros for "none".
  [[nodiscard]] std::string to_string() const;
  /// Whether it is "none".
  [[nodiscard]] constexpr bool empty() const noexcept { return *this == basic_id{}; }
  /// Whether it is an id.
  constexpr explicit operator bool() const noexcept { return !empty(); }
  /// In the order in which they are written.
  [[nodiscard]] constexpr std::array<std::uint8_t, N> const& bytes() const noexcept { return bytes_; }
  /// Whether the bytes are the same.
  friend constexpr bool operator==(basic_id const& a, basic_id const& b) noexcept {
    if (std::is_constant_evaluated()) return a.bytes_ == b.bytes_;
    std::uint64_t differ = 0;
    for (std::size_t at = 0; at < N; at += 8) differ |= a.word(at) ^ b.word(at);
    return differ == 0;
  }
  /// The order of the bytes.
  friend constexpr std::strong_ordering operator<=>(basic_id const& a, basic_id const& b) noexcept {
    if (std::is_constant_evaluated()) return a.bytes_ <=> b.bytes_;
    for (std::size_t at = 0; at + 8 < N; at += 8) {
      if (auto const order = a.ordered_word(at) <=> b.ordered_word(at); order != 0) return order;
    }
    return a.ordered_word(N - 8) <=> b.ordered_word(N - 8);
  }
  /// Writes to_string().
  friend std::ostream& operator<<(std::ostream& out, basic_id const& id) { return id.print(out); }

 private:
  static_assert(N > 0 && N % 8 == 0, "compared in words of 8 bytes");

  [[nodiscard]] std::uint64_t word(std::size_t at) const noexcept {
    std::uint64_t read;
    std::memcpy(&read, bytes_.data() + at, 8);
    return read;
  }
  /// Orders as its bytes do.
  [[nodiscard]] std::uint64_t ordered_word(std::size_t at) const noexcept {
    return std::endian::native == std::endian::little ? __builtin_bswap64(word(at)) : word(at);
  }
  std::ostream& print(std::ostream& out) const;
  std::array<std::uint8_t, N> bytes_{};
};

/// W3C Trace Context trace-id: 16 bytes; the leading 6 are milliseconds since the epoch, the last 7 random.
using trace_id = basic_id<struct trace_id_tag, 16, id_text::hex>;
/// W3C Trace Context parent-id / OpenTelemetry span id: 8 bytes.
using span_id = basic_id<struct span_id_tag, 8, id_text::hex>;
/// A run: UUIDv7 (RFC 9562 §5.7). Its 32 hex digits are the run's trace id unless a remote parent gave one.
using run_id = basic_id<struct run_id_tag, 16, id_text::uuid>;
/// An artifact: UUIDv7 when published from outside, derived from (activation, ordinal) when an agent made it.
using artifact_id = basic_id<struct artifact_id_tag, 16, id_text::uuid>;
/// An activation: derived from its subscription and the artifacts of its group.
using activation_id = basic_id<struct activation_id_tag, 16, id_text::uuid>;

extern template class basic_id<struct trace_id_tag, 16, id_text::hex>;
extern template class basic_id<struct span_id_tag, 8, id_text::hex>;
extern template class basic_id<struct run_id_tag, 16, id_text::uuid>;
extern template class basic_id<struct artifact_id_tag, 16, id_text::uuid>;
extern template class basic_id<struct activation_id_tag, 16, id_text::uuid>;

/// Makes random ids: a seeded xoshiro256** stream. Not thread-safe: every thread or lock has its own.
class id_generator {
 public:
  /// Seeded from the operating system.
  id_generator();
  /// A fixed stream, for simulation and golden tests.
  explicit id_generator(std::uint64_t seed);

  /// 64 random bits.
  [[nodiscard]] std::uint64_t next() noexcept;
  /// UUIDv7 bytes for the time `now_ns` (ns since the epoch); ids of one generator grow strictly within a millisecond too
  /// (RFC 9562 §6.2 method 2 on rand_a).
  [[nodiscard]] std::array<std::uint8_t, 16> uuid_v7(std::int64_t now_ns) noexcept;
  /// Eight random bytes, never all zero.
  [[nodiscard]] skein::span_id span() noexcept;

 private:
  std::array<std::uint64_t, 4> state_{};
  std::uint64_t last_ms_ = 0;
  std::uint32_t in_ms_ = 0;
};

/// The trace id that a run has by itself: the same 16 bytes.
[[nodiscard]] inline trace_id trace_of(run_id const& run) noexcept { return trace_id{run.bytes()}; }

/// The id of an activation of subscription `subscription` (its identity hash) for the group whose newest member is `newest`.
/// Keeps the leading 6 (time) bytes of `newest`, so that indexes grow at their end; the rest is a hash.
[[nodiscard]] activation_id derive_activation_id(artifact_id const& newest, std::uint64_t subscription, std::uint64_t group_hash) noexcept;
/// The id of the `ordinal`-th artifact that `cause` publishes: the same for every attempt, so a repeated DONE is harmless.
[[nodiscard]] artifact_id derive_artifact_id(activation_id const& cause, std::uint64_t ordinal) noexcept;
/// The id of a run that `source` (a hash of what it is) starts at `at_ns` (ns since the epoch, not before it) by itself: in the layout of UUIDv7, with that time.
[[nodiscard]] run_id derive_run_id(std::uint64_t source, std::int64_t at_ns) noexcept;
/// The id of the `publish` span of an artifact.
[[nodiscard]] span_id derive_publish_span_id(artifact_id const& artifact) noexcept;
/// The id of the `invoke_agent` span of one attempt.
[[nodiscard]] span_id derive_invoke_span_id(activation_id const& activation, std::uint32_t attempt) noexcept;

/// A 64-bit hash of bytes that is the same on every machine and in every version (it is stored). Not for hostile keys.
[[nodiscard]] std::uint64_t stable_hash(std::string_view bytes, std::uint64_t seed = 0) noexcept;
/// The same of an id's bytes.
[[nodiscard]] std::uint64_t stable_hash(std::array<std::uint8_t, 16> const& bytes, std::uint64_t seed = 0) noexcept;

}  // namespace skein

template <class Tag, std::size_t N, skein::id_text Text>
struct std::hash<skein::basic_id<Tag, N, Text>> {
  std::size_t operator()(skein::basic_id<Tag, N, Text> const& id) const noexcept {
    // The trailing 8 bytes of every kind of id are random or a hash.
    std::uint64_t word;
    std::memcpy(&word, id.bytes().data() + (N - 8), 8);
    return static_cast<std::size_t>(word);
  }
};
