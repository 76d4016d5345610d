#include "time_argument.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <ctime>

namespace skein::cli {
namespace {

std::optional<std::chrono::nanoseconds> parse_ago(std::string_view text) {
  constexpr std::int64_t count_max = 1'000'000;
  std::int64_t count = 0;
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (failed != std::errc{} || count < 0 || count > count_max || end + 1 != text.data() + text.size()) return std::nullopt;
  switch (*end) {
    case 's': return std::chrono::seconds{count};
    case 'm': return std::chrono::minutes{count};
    case 'h': return std::chrono::hours{count};
    case 'd': return std::chrono::days{count > 100'000 ? 100'000 : count};
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<timestamp> parse_moment(std::string_view text, timestamp now) {
  if (auto const ago = parse_ago(text)) return now - *ago;
  std::string const date{text.ends_with('Z') ? text.substr(0, text.size() - 1) : text};
  for (char const* format : {"%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"}) {
    std::tm parts{};
    char const* const end = ::strptime(date.c_str(), format, &parts);
    if (end != nullptr && *end == '\0' && parts.tm_year > 0 && parts.tm_year < 300) {
      return timestamp{std::chrono::seconds{::timegm(&parts)}};
    }
  }
  return std::nullopt;
}

std::string moment_text(timestamp moment) {
  std::time_t const seconds = std::chrono::floor<std::chrono::seconds>(moment).time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts)};
}

}  // namespace skein::cli
