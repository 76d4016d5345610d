#include "text.hpp"

#include <cstddef>
#include <cstdint>

namespace sbom {
namespace {

/// The length of the UTF-8 sequence that `text` begins with, 0 when it is not well-formed (Unicode, table 3-7).
std::size_t sequence_length(std::string_view text) {
  auto const byte = [&](std::size_t at) { return at < text.size() ? static_cast<std::uint8_t>(text[at]) : 0; };
  auto const follows = [&](std::size_t at, int low = 0x80, int high = 0xBF) { return byte(at) >= low && byte(at) <= high; };
  int const first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    bool const second = follows(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF);
    return second && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    bool const second = follows(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
    return second && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

}  // namespace

std::string visible(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    auto const length = sequence_length(bytes);
    auto const first = static_cast<std::uint8_t>(bytes.front());
    bool const control = first < 0x20 || first == 0x7F;
    if (length > 0 && !control) {
      out += bytes.substr(0, length);
      bytes.remove_prefix(length);
    } else {
      out += "\\x";
      out += digits[first >> 4];
      out += digits[first & 15];
      bytes.remove_prefix(1);
    }
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    auto const end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (;;) {
    text = trimmed(text);
    if (text.empty()) return words;
    std::size_t end = 0;
    while (end < text.size() && !is_blank(text[end])) ++end;
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string counted(std::size_t count, std::string_view singular) {
  return std::to_string(count) + ' ' + std::string{singular} + (count == 1 ? "" : "s");
}

}  // namespace sbom
