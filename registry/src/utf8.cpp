#include "utf8.hpp"

#include <cstdint>
#include <cstring>

namespace skein {
namespace {

constexpr bool continues(unsigned char c) noexcept { return (c & 0xc0) == 0x80; }

/// The size of the well-formed character at `at`, 0 if there is none (RFC 3629 §4, the syntax of UTF8-char).
std::size_t character_size(unsigned char const* at, std::size_t left) noexcept {
  unsigned char const first = at[0];
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return left >= 2 && continues(at[1]) ? 2 : 0;
  if (first < 0xf0) {
    if (left < 3 || !continues(at[1]) || !continues(at[2])) return 0;
    if (first == 0xe0 && at[1] < 0xa0) return 0;  // overlong
    if (first == 0xed && at[1] > 0x9f) return 0;  // surrogate
    return 3;
  }
  if (first > 0xf4 || left < 4 || !continues(at[1]) || !continues(at[2]) || !continues(at[3])) return 0;
  if (first == 0xf0 && at[1] < 0x90) return 0;  // overlong
  if (first == 0xf4 && at[1] > 0x8f) return 0;  // above U+10FFFF
  return 4;
}

/// At most how far the text is surely ASCII; all of it when it is ASCII throughout, as most text is.
std::size_t ascii_prefix(unsigned char const* bytes, std::size_t size) noexcept {
  constexpr std::uint64_t high_bits = 0x8080808080808080;
  std::uint64_t word;
  std::size_t at = 0;
  for (; size - at >= 8; at += 8) {
    std::memcpy(&word, bytes + at, 8);
    if ((word & high_bits) != 0) return at;
  }
  if (size >= 8) {  // the last eight again instead of a loop over the rest
    std::memcpy(&word, bytes + size - 8, 8);
    return (word & high_bits) == 0 ? size : at;
  }
  while (at < size && bytes[at] < 0x80) ++at;
  return at;
}

}  // namespace

std::size_t utf8_prefix(std::string_view text) noexcept {
  auto const* bytes = reinterpret_cast<unsigned char const*>(text.data());
  std::size_t at = ascii_prefix(bytes, text.size());
  while (at < text.size()) {
    std::size_t const size = character_size(bytes + at, text.size() - at);
    if (size == 0) return at;
    at += size;
    if (size == 1) at += ascii_prefix(bytes + at, text.size() - at);
  }
  return at;
}

std::string to_utf8(std::string_view text) {
  std::string out;
  while (true) {
    std::size_t const good = utf8_prefix(text);
    out.append(text, 0, good);
    if (good == text.size()) return out;
    out.append("\xef\xbf\xbd");
    text.remove_prefix(good + 1);
  }
}

}  // namespace skein
