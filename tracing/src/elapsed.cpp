#include <skein/tracing/elapsed.hpp>

#include <array>
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

}  // namespace

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
