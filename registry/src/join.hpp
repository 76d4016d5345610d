// Concatenation of pieces of text.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace skein {

/// One string of all parts. (`"literal" + std::string{…}` draws a false -Wrestrict from GCC 12 at -O3.)
[[nodiscard]] inline std::string join(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (auto part : parts) size += part.size();
  std::string text;
  text.reserve(size);
  for (auto part : parts) text.append(part);
  return text;
}

}  // namespace skein
