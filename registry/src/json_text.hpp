// The written forms that JSON gives to values it has no kind for, and back.
#pragma once

#include <skein/registry/artifact_type.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skein {

/// Appends base64 with padding (RFC 4648 §4).
void append_base64(std::string& to, bytes_view data);
/// Strict: padding required, no white space, no stray bits.
[[nodiscard]] std::optional<bytes> parse_base64(std::string_view text);

/// Appends RFC 3339 in UTC with nine decimals; false, appending nothing, outside the years 0000 to 9999.
[[nodiscard]] bool append_rfc3339(std::string& to, std::int64_t seconds, std::uint32_t nanoseconds);
/// Nanoseconds since the epoch of an RFC 3339 time with any offset and up to nine decimals. No leap seconds.
[[nodiscard]] std::optional<std::int64_t> parse_rfc3339(std::string_view text);

}  // namespace skein
