// The numbers of the wire format: preamble, message kinds, limits of enums. docs/wire-format.md explains them.
#pragma once

#include <skein/bus/message.hpp>
#include <skein/registry/artifact_type.hpp>
#include <skein/registry/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace skein::bus::wire {

/// Preamble: magic (4), version (2, big-endian), kind (1), flags (1).
inline constexpr std::size_t preamble_bytes = 8;
inline constexpr std::array<std::uint8_t, 4> magic = {'S', 'K', 'N', 0x1a};

/// The layout of frames. It is not the protocol version that HELLO and WELCOME agree on: a peer of any version can read a HELLO.
inline constexpr unsigned frame_version = 1;

enum class kind : std::uint8_t {
  hello = 1,
  welcome,
  deliver,
  done,
  done_ok,
  stale,
  beat,
  goodbye,
  hello_again,
  refused,
  batch,
  nack = 16,
  drain,
  cancel,
  // Reserved, but for progress: named in the specification, answered as unsupported.
  publish,
  publish_ok,
  progress,
  checkpoint_get,
  checkpoint_put,
  // Questions of a handler.
  query = 24,
  query_result,
};

/// `DELIVER`, …; empty for a number that is no kind.
[[nodiscard]] std::string_view name_of(kind value) noexcept;
[[nodiscard]] constexpr bool is_reserved(kind value) noexcept { return value >= kind::publish && value <= kind::checkpoint_put && value != kind::progress; }

/// Into the first bytes of a frame.
void write_preamble(bytes& frame, kind what);
/// The kind of a frame that this side reads; errc::bad_message, unsupported_version.
[[nodiscard]] result<kind> read_preamble(bytes_view frame);
/// What is said of a frame that is too large.
[[nodiscard]] error over_limit(std::size_t frame_bytes, std::size_t bytes_max);

// Of each enum, the highest value that version 1 knows.
inline constexpr auto last_grouping = grouping::timer;
inline constexpr auto last_field_op = field_op::none_of;
inline constexpr auto last_outcome = outcome::released;
inline constexpr auto last_errc = errc::blocked;
inline constexpr auto last_span_kind = span_kind::consumer;
inline constexpr auto last_span_type = span_type::wait;
inline constexpr auto last_status = status_code::interrupted;
inline constexpr auto last_run_status = run_status::interrupted;

/// A span context on the wire: trace id, span id, flags.
inline constexpr std::size_t context_bytes = 25;

}  // namespace skein::bus::wire
