#include <skein/tracing/trace_context.hpp>

#include <skein/registry/hex_text.hpp>

#include "header_text.hpp"

#include <algorithm>
#include <array>

namespace skein {
namespace {

constexpr std::size_t traceparent_size = 55;   // 2-32-16-2 digits and three dashes
constexpr std::size_t tracestate_members_max = 32;
constexpr std::size_t tracestate_part_max = 256;

error bad_context(std::string_view header, std::string_view why) {
  return error{errc::bad_context, std::string{header} + " is not valid: " + std::string{why}, {}};
}

int hex_byte(std::string_view two) noexcept {
  int const high = hex_value(two[0]), low = hex_value(two[1]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool key_start(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool key_char(char c) noexcept { return key_start(c) || c == '_' || c == '-' || c == '*' || c == '/' || c == '@'; }
bool value_char(char c) noexcept { return c >= 0x20 && c <= 0x7E && c != ',' && c != '='; }

// Trace Context Level 2 §3.3.1.3: key = (lcalpha / DIGIT) 0*255keychar, value = 0*255chr nblk-chr.
bool legal_member(std::string_view key, std::string_view value) noexcept {
  return !key.empty() && key.size() <= tracestate_part_max && key_start(key.front()) && std::all_of(key.begin(), key.end(), key_char) &&
         !value.empty() && value.size() <= tracestate_part_max && value.back() != ' ' &&
         std::all_of(value.begin(), value.end(), value_char);
}

}  // namespace

std::string to_traceparent(span_context const& context) {
  std::string out = "00-" + context.trace.to_string() + '-' + context.span.to_string() + '-';
  out += hex_of(context.flags);
  return out;
}

result<span_context> parse_traceparent(std::string_view header) {
  auto const refuse = [](std::string_view why) { return bad_context("traceparent", why); };
  if (header.size() < traceparent_size) return refuse("it is shorter than 55 characters");
  int const version = hex_byte(header.substr(0, 2));
  if (version < 0) return refuse("its version is not two lower-case hex digits");
  if (version == 0xFF) return refuse("version ff is forbidden");
  if (version == 0 && header.size() != traceparent_size) return refuse("version 00 has exactly 55 characters");
  if (header.size() > traceparent_size && header[traceparent_size] != '-') return refuse("a dash must follow the trace flags");
  if (header[2] != '-' || header[35] != '-' || header[52] != '-') return refuse("its fields are not separated by dashes");

  auto const trace = trace_id::parse(header.substr(3, 32));
  if (!trace) return refuse("its trace id is not 32 lower-case hex digits, or all zero");
  auto const span = span_id::parse(header.substr(36, 16));
  if (!span) return refuse("its parent id is not 16 lower-case hex digits, or all zero");
  int const flags = hex_byte(header.substr(53, 2));
  if (flags < 0) return refuse("its flags are not two lower-case hex digits");
  return span_context{*trace, *span, static_cast<std::uint8_t>(flags & (span_context::sampled | span_context::random))};
}

result<std::string> parse_tracestate(std::string_view header) {
  std::vector<std::string_view> keys;
  std::string out;
  for (std::string_view const part : split(header, ',')) {
    std::string_view const member = trim(part);
    if (member.empty()) continue;
    auto const equals = member.find('=');
    if (equals == std::string_view::npos) return bad_context("tracestate", "a member has no '='");
    auto const key = member.substr(0, equals);
    if (!legal_member(key, member.substr(equals + 1))) return bad_context("tracestate", "a member breaks the grammar of keys and values");
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) return bad_context("tracestate", "a key stands twice");
    if (keys.size() == tracestate_members_max) return bad_context("tracestate", "it has more than 32 members");
    keys.push_back(key);
    if (!out.empty()) out += ',';
    out += member;
  }
  return out;
}

}  // namespace skein
