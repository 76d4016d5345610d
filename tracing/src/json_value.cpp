#include <skein/tracing/json_value.hpp>

#include <skein/registry/hex_text.hpp>
#include <skein/registry/utf8.hpp>

#include "json_plain.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace skein::json {
namespace {

template <class Number>
void append_digits(std::string& out, Number value) {
  std::array<char, 32> text;
  auto const written = std::to_chars(text.data(), text.data() + text.size(), value);
  out.append(text.data(), written.ptr);
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  out += "\\u00";
  out += hex_of(static_cast<unsigned char>(c));
}

std::size_t plain_length(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
}

}  // namespace

void append(std::string& out, std::string_view text) {
  auto const begin = out.size();
  out.resize(begin + text.size() + 2, '"');
  if (copy_plain(out.data() + begin + 1, text)) return;
  out.resize(begin + 1);
  while (!text.empty()) {
    auto const run = plain_length(text);
    out += text.substr(0, run);
    text.remove_prefix(run);
    if (text.empty()) break;
    auto const length = utf8::sequence_length(text);
    if (length == 1) {
      append_escaped(out, text.front());
    } else {
      out += length == 0 ? utf8::replacement : text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

void append(std::string& out, double value) {
  if (std::isnan(value)) return append(out, std::string_view{"NaN"});
  if (std::isinf(value)) return append(out, std::string_view{value > 0 ? "Infinity" : "-Infinity"});
  auto const begin = out.size();
  append_digits(out, value);
  if (out.find_first_of(".e", begin) == std::string::npos) out += ".0";
}

void append(std::string& out, std::int64_t value) { append_digits(out, value); }
void append(std::string& out, std::uint64_t value) { append_digits(out, value); }
void append(std::string& out, bool value) { out += value ? "true" : "false"; }

std::string cut(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::string shortened{utf8::prefix(text, bytes_max)};
  shortened += "…[cut, " + std::to_string(text.size()) + " bytes]";
  std::string out;
  append(out, std::string_view{shortened});
  return out;
}

}  // namespace skein::json
