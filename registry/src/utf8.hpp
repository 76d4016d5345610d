// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace skein {

/// How many leading bytes of `text` are well-formed; all of them when it is UTF-8.
[[nodiscard]] std::size_t utf8_prefix(std::string_view text) noexcept;

[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept { return utf8_prefix(text) == text.size(); }

/// The text with each byte that belongs to no character replaced by U+FFFD.
[[nodiscard]] std::string to_utf8(std::string_view text);

}  // namespace skein
