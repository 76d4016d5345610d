#include <skein/registry/json_scalar.hpp>

#include <skein/registry/hex_text.hpp>
#include <skein/registry/json_plain.hpp>
#include <skein/registry/utf8.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace skein {
namespace {

void append_escaped(std::string& to, char c) {
  switch (c) {
    case '"': to += "\\\""; return;
    case '\\': to += "\\\\"; return;
    case '\n': to += "\\n"; return;
    case '\r': to += "\\r"; return;
    case '\t': to += "\\t"; return;
    default: break;
  }
  to += "\\u00";
  to += hex_of(static_cast<unsigned char>(c));
}

std::size_t plain_length(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), json::is_plain) - text.begin());
}

template <class Float>
void append_float(std::string& to, Float value) {
  if (std::isnan(value)) {
    to += "\"NaN\"";
  } else if (std::isinf(value)) {
    to += value < 0 ? "\"-Infinity\"" : "\"Infinity\"";
  } else {
    char text[32];
    auto const end = std::to_chars(text, text + sizeof text, value).ptr;
    std::string_view const number{text, static_cast<std::size_t>(end - text)};
    to += number;
    if (number.find_first_of(".e") == std::string_view::npos) to += ".0";  // stays a float when it is read
  }
}

}  // namespace

void append_json_string(std::string& to, std::string_view text) {
  auto const begin = to.size();
  to.resize(begin + text.size() + 2, '"');
  if (json::copy_plain(to.data() + begin + 1, text)) return;
  to.resize(begin + 1);
  while (!text.empty()) {
    auto const run = plain_length(text);
    to += text.substr(0, run);
    text.remove_prefix(run);
    if (text.empty()) break;
    auto const length = utf8::sequence_length(text);
    if (length == 1) {
      append_escaped(to, text.front());
    } else {
      to += length == 0 ? utf8::replacement : text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  to += '"';
}

void append_json_number(std::string& to, double value) { append_float(to, value); }
void append_json_number(std::string& to, float value) { append_float(to, value); }

}  // namespace skein
