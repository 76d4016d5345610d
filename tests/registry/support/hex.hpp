// Bytes as hex text, for tests that say exactly what is on the wire.
#pragma once

#include <skein/registry/artifact_type.hpp>

#include <string>
#include <string_view>

namespace skein::testing {

/// `82 a1 61` and `'text'` (its characters) as bytes; spaces separate.
inline bytes from_hex(std::string_view text) {
  auto const digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  bytes out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') continue;
    if (text[i] == '\'') {
      for (++i; text[i] != '\''; ++i) out.push_back(static_cast<std::byte>(text[i]));
      continue;
    }
    out.push_back(static_cast<std::byte>(digit(text[i]) * 16 + digit(text[i + 1])));
    ++i;
  }
  return out;
}

inline std::string to_hex(bytes_view data) {
  std::string out;
  for (std::byte b : data) {
    if (!out.empty()) out += ' ';
    out += "0123456789abcdef"[std::to_integer<unsigned>(b) >> 4];
    out += "0123456789abcdef"[std::to_integer<unsigned>(b) & 15];
  }
  return out;
}

}  // namespace skein::testing
