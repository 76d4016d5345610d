// W3C Baggage: https://www.w3.org/TR/baggage/ §3.
#include <skein/tracing/trace_context.hpp>

#include <skein/registry/utf8.hpp>

#include "header_text.hpp"

#include <algorithm>
#include <optional>

namespace skein {
namespace {

constexpr std::size_t members_max = 64;
constexpr std::size_t bytes_max = 8192;

// RFC 9110 §5.6.2.
bool token_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}
bool token(std::string_view text) noexcept { return !text.empty() && std::all_of(text.begin(), text.end(), token_char); }

bool baggage_octet(char c) noexcept { return c > 0x20 && c < 0x7F && c != '"' && c != ',' && c != ';' && c != '\\'; }
bool octets(std::string_view text) noexcept { return std::all_of(text.begin(), text.end(), baggage_octet); }

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    if (at + 2 >= text.size()) return std::nullopt;
    int const high = hex_value(text[at + 1]), low = hex_value(text[at + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return utf8::repaired(out);
}

std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (char const c : text) {
    if (baggage_octet(c) && c != '%') {
      out += c;
      continue;
    }
    auto const code = static_cast<unsigned char>(c);
    out += {'%', hex[code >> 4], hex[code & 0x0F]};
  }
  return out;
}

bool legal_property(std::string_view property) noexcept {
  auto const equals = property.find('=');
  if (equals == std::string_view::npos) return token(property);
  return token(trim(property.substr(0, equals))) && octets(trim(property.substr(equals + 1)));
}

bool legal_properties(std::string_view properties) {
  if (properties.empty()) return true;
  auto const all = split(properties, ';');
  return std::all_of(all.begin(), all.end(), [](std::string_view each) { return legal_property(trim(each)); });
}

error bad_baggage(std::string_view why) { return error{errc::bad_context, "baggage is not valid: " + std::string{why}, {}}; }

result<baggage_entry> parse_member(std::string_view member) {
  auto const semicolon = member.find(';');
  auto const pair = member.substr(0, semicolon);
  auto const equals = pair.find('=');
  if (equals == std::string_view::npos) return bad_baggage("a member has no '='");
  auto const key = trim(pair.substr(0, equals)), value = trim(pair.substr(equals + 1));
  if (!token(key)) return bad_baggage("a key is not a token");
  if (!octets(value)) return bad_baggage("a value holds characters that must be percent-encoded");
  auto decoded = percent_decoded(value);
  if (!decoded) return bad_baggage("a value holds a broken percent-encoding");

  baggage_entry entry{std::string{key}, std::move(*decoded), {}};
  if (semicolon == std::string_view::npos) return entry;
  entry.properties = trim(member.substr(semicolon + 1));
  if (entry.properties.empty() || !legal_properties(entry.properties)) return bad_baggage("a property breaks the grammar");
  return entry;
}

}  // namespace

result<baggage> parse_baggage(std::string_view header) {
  baggage entries;
  if (header.size() > bytes_max) return bad_baggage("it is longer than 8192 bytes");
  if (trim(header).empty()) return entries;
  for (std::string_view const part : split(header, ',')) {
    if (entries.size() == members_max) return bad_baggage("it has more than 64 members");
    auto entry = parse_member(trim(part));
    if (!entry) return entry.error();
    entries.push_back(std::move(*entry));
  }
  return entries;
}

std::string to_baggage_header(baggage const& entries) {
  std::string out;
  std::size_t members = 0;
  for (auto const& entry : entries) {
    // What could not be read back is left off too, rather than spoil the whole header.
    if (members == members_max) break;
    if (!token(entry.key) || !legal_properties(entry.properties)) continue;
    std::string member = entry.key + '=' + percent_encoded(entry.value);
    if (!entry.properties.empty()) member += ';' + entry.properties;
    if (out.size() + (out.empty() ? 0 : 1) + member.size() > bytes_max) continue;
    if (!out.empty()) out += ',';
    out += member;
    ++members;
  }
  return out;
}

}  // namespace skein
