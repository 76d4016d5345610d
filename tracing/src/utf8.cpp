#include "utf8.hpp"

#include <cstdint>

namespace skein::utf8 {

std::size_t sequence_length(std::string_view text) noexcept {
  auto const byte = [&](std::size_t index) { return index < text.size() ? static_cast<std::uint8_t>(text[index]) : std::uint8_t{0}; };
  auto const within = [&](std::size_t index, std::uint8_t low, std::uint8_t high) { return byte(index) >= low && byte(index) <= high; };
  auto const tail = [&](std::size_t index) { return within(index, 0x80, 0xBF); };

  std::uint8_t const lead = byte(0);
  if (text.empty()) return 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    // No overlong forms, no surrogates.
    bool const second = lead == 0xE0 ? within(1, 0xA0, 0xBF) : lead == 0xED ? within(1, 0x80, 0x9F) : tail(1);
    return second && tail(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    bool const second = lead == 0xF0 ? within(1, 0x90, 0xBF) : lead == 0xF4 ? within(1, 0x80, 0x8F) : tail(1);
    return second && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

bool is_sequences(std::string_view text) noexcept {
  while (!text.empty()) {
    auto const length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string_view prefix(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<std::uint8_t>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

std::string repaired(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    auto const length = sequence_length(text);
    out += length == 0 ? replacement : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace skein::utf8
