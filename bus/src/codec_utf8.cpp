#include "codec_utf8.hpp"

#include <cstdint>
#include <cstring>

namespace skein::bus::wire {
namespace {

/// The length of the well-formed sequence at `at`, or 0 (RFC 3629 §4, the table of UTF8-octets).
std::size_t sequence_at(std::string_view text, std::size_t at) noexcept {
  auto const byte = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0}; };
  auto const tail = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  auto const first = byte(at), second = byte(at + 1);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  if (first < 0xe0) return tail(at + 1) ? 2 : 0;
  if (first < 0xf0) {
    auto const low = first == 0xe0 ? 0xa0 : 0x80, high = first == 0xed ? 0x9f : 0xbf;
    return second >= low && second <= high && tail(at + 2) ? 3 : 0;
  }
  auto const low = first == 0xf0 ? 0x90 : 0x80, high = first == 0xf4 ? 0x8f : 0xbf;
  return second >= low && second <= high && tail(at + 2) && tail(at + 3) ? 4 : 0;
}

}  // namespace

std::size_t utf8_prefix(std::string_view text) noexcept {
  if (is_ascii(text)) return text.size();
  std::size_t at = 0;
  while (at < text.size()) {
    // Nearly all text is ASCII: eight bytes at a time.
    std::uint64_t word;
    while (text.size() - at >= sizeof word) {
      std::memcpy(&word, text.data() + at, sizeof word);
      if ((word & 0x8080808080808080u) != 0) break;
      at += sizeof word;
    }
    if (at == text.size()) break;
    auto const length = sequence_at(text, at);
    if (length == 0) return at;
    at += length;
  }
  return at;
}

std::string repaired_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    auto const good = utf8_prefix(text);
    out.append(text.substr(0, good));
    text.remove_prefix(good);
    if (text.empty()) break;
    out.append("\xef\xbf\xbd");
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace skein::bus::wire
