// Frames written by hand, and what decode says of them.
#pragma once

#include "golden_frames.hpp"

#include <skein/bus/codec.hpp>

#include <string>
#include <string_view>

namespace skein::bus::testing {

/// The message that decode refuses `hex` with; empty when it accepts.
[[nodiscard]] inline std::string refusal(std::string_view hex, codec_limits const& limits = {}) {
  auto const decoded = decode(from_hex(hex), limits);
  return decoded ? std::string{} : decoded.error().message();
}

/// A frame of a kind around a header in hex.
[[nodiscard]] inline std::string frame(std::string_view kind, std::string_view header) { return "534b4e1a0001" + std::string{kind} + "00" + std::string{header}; }

/// An id, and an attempt at what has it, in hex.
inline constexpr std::string_view some_id = "c410101112131415161718191a1b1c1d1e1f";
[[nodiscard]] inline std::string attempt_of(std::string_view id) { return "9307" + std::string{id} + "02"; }

}  // namespace skein::bus::testing
