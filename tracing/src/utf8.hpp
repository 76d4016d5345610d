// UTF-8, as far as text that leaves the process must be it.
#pragma once

#include <skein/registry/ascii.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace skein::utf8 {

/// The length of the well-formed sequence at the beginning of `text` (Unicode, table 3-7), or 0 when there is none.
[[nodiscard]] std::size_t sequence_length(std::string_view text) noexcept;

/// Whether it consists of well-formed sequences, which is_valid() asks of what is not ASCII.
[[nodiscard]] bool is_sequences(std::string_view text) noexcept;

/// Whether all of it is well-formed.
[[nodiscard]] inline bool is_valid(std::string_view text) noexcept { return is_ascii(text) || is_sequences(text); }

/// The longest prefix of at most `bytes_max` bytes that does not end inside a sequence.
[[nodiscard]] std::string_view prefix(std::string_view text, std::size_t bytes_max) noexcept;

/// `text` with each byte that belongs to no sequence replaced by U+FFFD.
[[nodiscard]] std::string repaired(std::string_view text);

inline constexpr std::string_view replacement = "\xEF\xBF\xBD";

}  // namespace skein::utf8
