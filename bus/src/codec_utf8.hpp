// UTF-8 (RFC 3629) for the wire: strings are checked when they come in and repaired when they go out.
#pragma once

#include <skein/registry/ascii.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace skein::bus::wire {

/// The length of the longest prefix that is well-formed: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] std::size_t utf8_prefix(std::string_view text) noexcept;

/// The text with U+FFFD in place of every byte that fits no well-formed sequence.
[[nodiscard]] std::string repaired_utf8(std::string_view text);

}  // namespace skein::bus::wire
