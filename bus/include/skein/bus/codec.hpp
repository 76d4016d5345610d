// Messages to bytes and back. docs/wire-format.md is the specification.
#pragma once

#include <skein/bus/message.hpp>
#include <skein/registry/error.hpp>

namespace skein::bus {

class spare_deliveries;   // blackboard_io.hpp

/// What a peer may ask of this side's memory. Both sides of a connection should have the same.
struct codec_limits {
  std::size_t message_bytes_max = 64u << 20;   ///< Of one frame.
  std::size_t list_items_max = 65'536;         ///< Deliveries, children, spans, agents, refs: each list.
  std::size_t depth_max = 16;                  ///< Of arrays inside each other, in the header.
};

/// One frame: preamble, header, payloads. Fails when a payload has no encoding or the frame passes the limit (errc::too_large).
/// `protocol`: what the reader speaks.
[[nodiscard]] result<bytes> encode(message const& value, codec_limits const& limits = {}, std::uint16_t protocol = protocol_min);
/// The same into `frame`, whose memory is used again; after an error its content does not matter.
[[nodiscard]] result<void> encode(message const& value, codec_limits const& limits, std::uint16_t protocol, bytes& frame);
[[nodiscard]] result<void> encode(done const& value, codec_limits const& limits, std::uint16_t protocol, bytes& frame);
[[nodiscard]] result<void> encode(deliver const& value, codec_limits const& limits, std::uint16_t protocol, bytes& frame);
/// Reads untrusted bytes; trailing bytes, unknown kinds and versions, and anything over the limits are errc::bad_message,
/// unsupported_version or too_large. Payloads stay bytes until somebody asks for a value. Never allocates more than a small
/// multiple of the input's size.
[[nodiscard]] result<message> decode(bytes_view frame, codec_limits const& limits = {});
/// The same into `out`; after an error its content does not matter. A DELIVER takes the memory for its deliveries from `spare`, a DONE that of the one in `out`.
[[nodiscard]] result<void> decode(bytes_view frame, codec_limits const& limits, spare_deliveries& spare, message& out);

}  // namespace skein::bus
