#include "codec_kind.hpp"

#include <cstring>
#include <string>

namespace skein::bus::wire {

namespace {

/// All of a preamble but its kind.
std::uint64_t around_kind(std::byte const* preamble) noexcept {
  std::array<std::byte, preamble_bytes> rest{};
  std::memcpy(rest.data(), preamble, rest.size());
  rest[6] = std::byte{0};
  std::uint64_t bits = 0;
  std::memcpy(&bits, rest.data(), sizeof bits);
  return bits;
}

constexpr std::array<std::byte, preamble_bytes> plain_preamble = {std::byte{magic[0]}, std::byte{magic[1]}, std::byte{magic[2]}, std::byte{magic[3]},
                                                                  std::byte{frame_version >> 8}, std::byte{frame_version & 0xff}};

}  // namespace

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
  std::memcpy(frame.data(), plain_preamble.data(), plain_preamble.size());
  frame[6] = static_cast<std::byte>(what);
}

namespace {

/// What is wrong with it.
result<kind> refuse_preamble(bytes_view frame) {
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
  return error{errc::bad_message, std::string{name} + ": unknown flags " + std::to_string(byte(7))};
}

}  // namespace

result<kind> read_preamble(bytes_view frame) {
  if (frame.size() >= preamble_bytes && around_kind(frame.data()) == around_kind(plain_preamble.data())) {
    auto const what = static_cast<kind>(frame[6]);
    if (!name_of(what).empty() && !is_reserved(what)) return what;
  }
  return refuse_preamble(frame);
}

error over_limit(std::size_t frame_bytes, std::size_t bytes_max) {
  return error{errc::too_large, "a frame of " + std::to_string(frame_bytes) + " bytes is over the limit of " + std::to_string(bytes_max) + " (message_bytes_max)"};
}

}  // namespace skein::bus::wire
