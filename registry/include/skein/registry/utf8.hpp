// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. Safe from any thread; nothing here throws but
// for want of memory.
#pragma once

#include <skein/registry/ascii.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace skein::utf8 {

/// U+FFFD.
inline constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// The length in bytes of the well-formed sequence at the beginning of `text` (RFC 3629 §4, UTF8-char), or 0 when there is none.
[[nodiscard]] std::size_t sequence_length(std::string_view text) noexcept;

/// How many leading bytes of `text` are well-formed; all of them when it is UTF-8.
[[nodiscard]] std::size_t valid_prefix(std::string_view text) noexcept;

/// Whether all of it is well-formed.
[[nodiscard]] inline bool is_valid(std::string_view text) noexcept { return is_ascii(text) || valid_prefix(text) == text.size(); }

/// The longest prefix of at most `bytes_max` bytes that does not end inside a sequence.
[[nodiscard]] std::string_view prefix(std::string_view text, std::size_t bytes_max) noexcept;

/// `text` with each byte that belongs to no sequence replaced by U+FFFD.
[[nodiscard]] std::string repaired(std::string_view text);

}  // namespace skein::utf8
