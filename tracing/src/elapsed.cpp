#include <skein/tracing/elapsed.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ostream>

namespace skein {
namespace {

std::string three_digits(double value, char const* unit) {
  std::array<char, 32> text{};
  int const decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  std::snprintf(text.data(), text.size(), "%.*f %s", decimals, value, unit);
  return text.data();
}

struct unit {
  std::string_view name;
  double ns;
};
constexpr std::array<unit, 6> units{{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 60e9}, {"h", 3600e9}}};
constexpr double ns_max = 100 * 365.25 * 24 * 3600e9;

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  double count = 0;
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count, std::chars_format::fixed);
  if (failed != std::errc{}) return std::nullopt;
  auto name = text.substr(static_cast<std::size_t>(end - text.data()));
  if (name.starts_with(' ')) name.remove_prefix(1);
  auto const known = std::find_if(units.begin(), units.end(), [&](unit const& each) { return each.name == name; });
  if (known == units.end() || !(count * known->ns <= ns_max)) return std::nullopt;
  return std::chrono::nanoseconds{std::llround(count * known->ns)};
}

std::string elapsed::to_string() const {
  auto const ns = count();
  if (ns < 0) return "-" + elapsed{-*this}.to_string();
  auto const value = static_cast<double>(ns);
  if (ns < 1'000) return std::to_string(ns) + " ns";
  if (ns < 999'500) return three_digits(value / 1e3, "us");
  if (ns < 999'500'000) return three_digits(value / 1e6, "ms");
  if (ns < 59'950'000'000) return three_digits(value / 1e9, "s");
  auto const seconds = (ns + 500'000'000) / 1'000'000'000;
  if (seconds < 3'600) return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
  auto const minutes = (seconds + 30) / 60;
  return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
}

std::ostream& operator<<(std::ostream& out, elapsed const& time) { return out << time.to_string(); }

}  // namespace skein
