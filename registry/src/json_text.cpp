#include "json_text.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace skein {
namespace {

constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Takes exactly `digits` decimal digits from the front.
std::optional<int> take_number(std::string_view& from, std::size_t digits) {
  if (from.size() < digits) return std::nullopt;
  int number = 0;
  for (char c : from.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  from.remove_prefix(digits);
  return number;
}

bool take(std::string_view& from, char expected) {
  if (from.empty() || from.front() != expected) return false;
  from.remove_prefix(1);
  return true;
}

/// `.123`, up to nine digits, as nanoseconds; 0 when there is no point.
std::optional<int> take_fraction(std::string_view& from) {
  if (!take(from, '.')) return 0;
  int nanoseconds = 0;
  std::size_t digits = 0;
  while (auto const digit = take_number(from, 1)) {
    if (++digits > 9) return std::nullopt;
    nanoseconds = nanoseconds * 10 + *digit;
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 9; ++digits) nanoseconds *= 10;
  return nanoseconds;
}

/// `Z`, `+01:00`: minutes east of UTC.
std::optional<int> take_offset(std::string_view& from) {
  if (take(from, 'Z') || take(from, 'z')) return 0;
  bool const east = take(from, '+');
  if (!east && !take(from, '-')) return std::nullopt;
  auto const hours = take_number(from, 2);
  bool const colon = take(from, ':');
  auto const minutes = take_number(from, 2);
  if (!hours || !colon || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return (east ? 1 : -1) * (*hours * 60 + *minutes);
}

/// `2026-01-31` as days since the epoch.
std::optional<std::int64_t> take_date(std::string_view& from) {
  auto const year = take_number(from, 4);
  bool const first_dash = take(from, '-');
  auto const month = take_number(from, 2);
  bool const second_dash = take(from, '-');
  auto const day = take_number(from, 2);
  if (!year || !first_dash || !month || !second_dash || !day) return std::nullopt;
  std::chrono::year_month_day const date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date}.time_since_epoch().count();
}

/// `23:59:59` as seconds.
std::optional<std::int64_t> take_clock(std::string_view& from) {
  auto const hours = take_number(from, 2);
  bool const first_colon = take(from, ':');
  auto const minutes = take_number(from, 2);
  bool const second_colon = take(from, ':');
  auto const seconds = take_number(from, 2);
  if (!hours || !first_colon || !minutes || !second_colon || !seconds) return std::nullopt;
  if (*hours > 23 || *minutes > 59 || *seconds > 59) return std::nullopt;
  return *hours * 3600 + *minutes * 60 + *seconds;
}

}  // namespace

void append_base64(std::string& to, bytes_view data) {
  for (std::size_t i = 0; i < data.size(); i += 3) {
    std::size_t const have = std::min<std::size_t>(3, data.size() - i);
    std::uint32_t word = 0;
    for (std::size_t j = 0; j < 3; ++j) word = word << 8 | (j < have ? std::to_integer<std::uint32_t>(data[i + j]) : 0);
    for (std::size_t j = 0; j < 4; ++j) to += j <= have ? base64_digits[word >> (18 - 6 * j) & 63] : '=';
  }
}

std::optional<bytes> parse_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  bytes out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::string_view const group = text.substr(i, 4);
    std::size_t have = 4;
    if (i + 4 == text.size()) have = group.ends_with("==") ? 2 : group.ends_with('=') ? 3 : 4;
    std::uint32_t word = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      std::size_t const digit = j < have ? base64_digits.find(group[j]) : 0;
      if (digit == std::string_view::npos) return std::nullopt;
      word = word << 6 | static_cast<std::uint32_t>(digit);
    }
    if ((have == 2 && (word & 0xffff) != 0) || (have == 3 && (word & 0xff) != 0)) return std::nullopt;
    for (std::size_t j = 0; j + 1 < have; ++j) out.push_back(static_cast<std::byte>(word >> (16 - 8 * j)));
  }
  return out;
}

bool append_rfc3339(std::string& to, std::int64_t seconds, std::uint32_t nanoseconds) {
  constexpr std::int64_t year_0 = -62'167'219'200, year_10000 = 253'402'300'800;
  if (seconds < year_0 || seconds >= year_10000) return false;
  using namespace std::chrono;
  sys_seconds const time{std::chrono::seconds{seconds}};
  auto const day = floor<days>(time);
  year_month_day const date{day};
  auto const of_day = static_cast<int>((time - day).count());
  char text[40];
  int const size = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%09uZ", int{date.year()}, unsigned{date.month()},
                                 unsigned{date.day()}, of_day / 3600, of_day / 60 % 60, of_day % 60, nanoseconds);
  to.append(text, static_cast<std::size_t>(size));
  return true;
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  auto const days = take_date(text);
  bool const separated = take(text, 'T') || take(text, 't') || take(text, ' ');
  auto const clock = take_clock(text);
  auto const fraction = take_fraction(text);
  auto const offset = take_offset(text);
  if (!days || !separated || !clock || !fraction || !offset || !text.empty()) return std::nullopt;
  std::int64_t const seconds = *days * 86'400 + *clock - *offset * 60;
  // As in payload_reader: from the next second when negative, so that the earliest time does not overflow on the way.
  std::int64_t const carry = seconds < 0 ? 1 : 0;
  std::int64_t ns = 0;
  if (__builtin_mul_overflow(seconds + carry, std::int64_t{1'000'000'000}, &ns)) return std::nullopt;
  if (__builtin_add_overflow(ns, *fraction - carry * 1'000'000'000, &ns)) return std::nullopt;
  return ns;
}

}  // namespace skein
