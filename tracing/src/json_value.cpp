#include <skein/tracing/json_value.hpp>

#include <skein/registry/json_scalar.hpp>
#include <skein/registry/utf8.hpp>

#include <array>
#include <charconv>
#include <cstdint>

namespace skein::json {
namespace {

template <class Number>
void append_digits(std::string& out, Number value) {
  std::array<char, 32> text;
  auto const written = std::to_chars(text.data(), text.data() + text.size(), value);
  out.append(text.data(), written.ptr);
}

}  // namespace

void append(std::string& out, std::string_view text) { append_json_string(out, text); }
void append(std::string& out, double value) { append_json_number(out, value); }
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
