// What the headers of Trace Context and Baggage have in common as text.
#pragma once

#include <string_view>
#include <vector>

namespace skein {

/// Without the blanks and tabs (OWS, RFC 9110 §5.6.3) at both ends.
[[nodiscard]] inline std::string_view trim(std::string_view text) noexcept {
  auto const begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// The parts between separators: one more than there are separators.
[[nodiscard]] inline std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    auto const end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace skein
