// The bytes of every sample message in frame version 1. They may never change: another program may have written them.
#pragma once

#include <skein/registry/artifact_type.hpp>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace skein::bus::testing {

struct golden_frame {
  std::string name;       ///< Of the sample message.
  std::string_view hex;
  friend std::ostream& operator<<(std::ostream& out, golden_frame const& one) { return out << one.name; }
};
[[nodiscard]] std::vector<golden_frame> golden_frames();

/// Lower-case hex digits to bytes and back.
[[nodiscard]] bytes from_hex(std::string_view hex);
[[nodiscard]] std::string to_hex(bytes_view all);

}  // namespace skein::bus::testing
