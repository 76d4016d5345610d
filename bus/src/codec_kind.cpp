#include "codec_kind.hpp"

#include <string>

namespace skein::bus::wire {

std::string_view name_of(kind value) noexcept {
  switch (value) {
    case kind::hello: return "HELLO";
    case kind::welcome: return "WELCOME";
    case kind::deliver: return "DELIVER";
    case kind::done: return "DONE";
    case kind::done_ok: return "DONE_OK";
    case kind::stale: return "STALE";
    case kind::beat: return "BEAT";
    case kind::goodbye: return "GOODBYE";
    case kind::hello_again: return "HELLO_AGAIN";
    case kind::refused: return "REFUSED";
    case kind::batch: return "BATCH";
    case kind::nack: return "NACK";
    case kind::drain: return "DRAIN";
    case kind::cancel: return "CANCEL";
    case kind::publish: return "PUBLISH";
    case kind::publish_ok: return "PUBLISH_OK";
    case kind::progress: return "PROGRESS";
    case kind::checkpoint_get: return "CHECKPOINT_GET";
    case kind::checkpoint_put: return "CHECKPOINT_PUT";
    case kind::query: return "QUERY";
    case kind::query_result: return "QUERY_RESULT";
  }
  return {};
}

void write_preamble(bytes& frame, kind what) {
  for (std::size_t i = 0; i < magic.size(); ++i) frame[i] = std::byte{magic[i]};
  frame[4] = std::byte{frame_version >> 8};
  frame[5] = std::byte{frame_version & 0xff};
  frame[6] = static_cast<std::byte>(what);
  frame[7] = std::byte{0};
}

result<kind> read_preamble(bytes_view frame) {
  if (frame.size() < preamble_bytes) {
    return error{errc::bad_message, "a frame of " + std::to_string(frame.size()) + " bytes is shorter than its preamble"};
  }
  auto const byte = [&](std::size_t i) { return std::to_integer<unsigned>(frame[i]); };
  for (std::size_t i = 0; i < magic.size(); ++i) {
    if (byte(i) != magic[i]) return error{errc::bad_message, "preamble: the peer does not speak the Skein protocol"};
  }
  auto const version = byte(4) << 8 | byte(5);
  if (version != frame_version) {
    return error{errc::unsupported_version, "preamble: frame version " + std::to_string(version) + ", this side reads " +
                                                std::to_string(frame_version) + "; upgrade the older side"};
  }
  auto const what = static_cast<kind>(byte(6));
  auto const name = name_of(what);
  if (name.empty()) return error{errc::bad_message, "preamble: unknown kind " + std::to_string(byte(6))};
  if (is_reserved(what)) return error{errc::bad_message, std::string{name} + ": unsupported kind; it is reserved"};
  if (byte(7) != 0) return error{errc::bad_message, std::string{name} + ": unknown flags " + std::to_string(byte(7))};
  return what;
}

error over_limit(std::size_t frame_bytes, std::size_t bytes_max) {
  return error{errc::too_large, "a frame of " + std::to_string(frame_bytes) + " bytes is over the limit of " + std::to_string(bytes_max) + " (message_bytes_max)"};
}

}  // namespace skein::bus::wire
