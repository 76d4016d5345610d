#include <skein/registry/utf8.hpp>

#include <cstdint>
#include <cstring>

namespace skein::utf8 {
namespace {

constexpr bool continues(unsigned char c) noexcept { return (c & 0xc0) == 0x80; }

/// `left` is at least 1.
std::size_t length_at(unsigned char const* at, std::size_t left) noexcept {
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

/// At most how far the text is surely ASCII; all of it when it is ASCII throughout.
std::size_t ascii_prefix(unsigned char const* bytes, std::size_t size) noexcept {
  constexpr std::uint64_t high_bits = 0x8080808080808080;
  std::uint64_t word;
  std::size_t at = 0;
  for (; size - at >= 8; at += 8) {
    std::memcpy(&word, bytes + at, 8);
    if ((word & high_bits) != 0) return at;
  }
  while (at < size && bytes[at] < 0x80) ++at;
  return at;
}

unsigned char const* bytes_of(std::string_view text) noexcept { return reinterpret_cast<unsigned char const*>(text.data()); }

}  // namespace

std::size_t sequence_length(std::string_view text) noexcept { return text.empty() ? 0 : length_at(bytes_of(text), text.size()); }

std::size_t valid_prefix(std::string_view text) noexcept {
  auto const* const bytes = bytes_of(text);
  std::size_t at = ascii_prefix(bytes, text.size());
  while (at < text.size()) {
    std::size_t const length = length_at(bytes + at, text.size() - at);
    if (length == 0) return at;
    at += length;
    if (length == 1) at += ascii_prefix(bytes + at, text.size() - at);
  }
  return at;
}

std::string_view prefix(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && continues(static_cast<unsigned char>(text[end]))) --end;
  return text.substr(0, end);
}

std::string repaired(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (true) {
    std::size_t const good = valid_prefix(text);
    out.append(text, 0, good);
    if (good == text.size()) return out;
    out.append(replacement);
    text.remove_prefix(good + 1);
  }
}

}  // namespace skein::utf8
