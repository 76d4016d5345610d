#include <skein/registry/cron.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <span>
#include <string>
#include <utility>

namespace skein {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_time;

constexpr std::array<std::string_view, 12> month_names{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

/// The last year of which every minute can be told in nanoseconds.
constexpr std::chrono::year last_year{2261};

struct field_rule {
  std::string_view name;
  unsigned min = 0, max = 0;
  std::span<std::string_view const> names = {};   // of min, min + 1, …
};

constexpr std::array<field_rule, 5> rules{{
    {"minute", 0, 59},
    {"hour", 0, 23},
    {"day", 1, 31},
    {"month", 1, 12, month_names},
    {"weekday", 0, 7, weekday_names},
}};

struct shorthand {
  std::string_view name, fields;
};
constexpr std::array<shorthand, 5> shorthands{{
    {"@hourly", "0 * * * *"},
    {"@daily", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"},
    {"@yearly", "0 0 1 1 *"},
}};

std::string quoted(std::string_view text) { return '\'' + std::string{text} + '\''; }

error wrong(field_rule const& rule, std::string_view part, std::string const& what) {
  return error{errc::invalid_argument, "the " + std::string{rule.name} + " of a cron schedule, " + quoted(part) + ", " + what};
}

std::string bounds(field_rule const& rule) {
  std::string text = "must be from " + std::to_string(rule.min) + " to " + std::to_string(rule.max);
  if (!rule.names.empty()) text += ", or " + std::string{rule.names.front()} + " to " + std::string{rule.names.back()};
  return text;
}

std::optional<unsigned> number_of_field(std::string_view text) {
  unsigned value = 0;
  auto const [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || status != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool equal_ignoring_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b; });
}

std::optional<unsigned> value_in(field_rule const& rule, std::string_view text) {
  for (unsigned i = 0; i < rule.names.size(); ++i) {
    if (equal_ignoring_case(text, rule.names[i])) return rule.min + i;
  }
  auto const value = number_of_field(text);
  return value && *value >= rule.min && *value <= rule.max ? value : std::nullopt;
}

/// One element of a list: `*`, `a`, `a-b`, with a step behind `*` and ranges.
result<std::uint64_t> parse_part(field_rule const& rule, std::string_view part) {
  auto const slash = part.find('/');
  std::string_view const range = part.substr(0, slash);
  unsigned first = rule.min, last = rule.max, step = 1;
  if (range != "*") {
    auto const dash = range.find('-');
    auto const from = value_in(rule, range.substr(0, dash));
    auto to = dash == std::string_view::npos ? from : value_in(rule, range.substr(dash + 1));
    if (!from || !to) return wrong(rule, part, bounds(rule));
    if (rule.max == 7 && dash != std::string_view::npos && *to == 0) to = 7;  // fri-sun
    if (*from > *to) return wrong(rule, part, "ends before it begins; write two ranges, joined by a comma");
    if (slash != std::string_view::npos && dash == std::string_view::npos) return wrong(rule, part, "has a step without a range; write " + quoted(std::string{range} + '-' + std::to_string(rule.max) + std::string{part.substr(slash)}));
    first = *from;
    last = *to;
  }
  if (slash != std::string_view::npos) {
    auto const given = number_of_field(part.substr(slash + 1));
    if (!given || *given == 0 || *given > rule.max) return wrong(rule, part, "must have a step from 1 to " + std::to_string(rule.max));
    step = *given;
    // Sunday stands in a week once.
    if (rule.max == 7 && range == "*") last = 6;
  }
  std::uint64_t bits = 0;
  for (unsigned value = first; value <= last; value += step) bits |= std::uint64_t{1} << value;
  return bits;
}

result<std::uint64_t> parse_field(field_rule const& rule, std::string_view text) {
  std::uint64_t bits = 0;
  for (std::size_t at = 0; at <= text.size();) {
    auto const comma = std::min(text.find(',', at), text.size());
    std::string_view const part = text.substr(at, comma - at);
    if (part.empty()) return wrong(rule, text, "has an empty place in its list");
    auto const some = parse_part(rule, part);
    if (!some) return some.error();
    bits |= *some;
    at = comma + 1;
  }
  return bits;
}

bool fits_day(cron_schedule const& schedule, sys_days day) {
  std::chrono::year_month_day const date{day};
  bool const by_date = (schedule.days >> static_cast<unsigned>(date.day()) & 1) != 0;
  bool const by_weekday = (schedule.weekdays >> std::chrono::weekday{day}.c_encoding() & 1) != 0;
  return schedule.either_day ? by_date || by_weekday : by_date && by_weekday;
}

/// The first hour and minute of a day, at or after this minute of it.
std::optional<std::chrono::minutes> time_from(cron_schedule const& schedule, std::chrono::minutes earliest) {
  auto const first_hour = static_cast<unsigned>(earliest.count() / 60);
  for (unsigned hour = first_hour; hour < 24; ++hour) {
    if ((schedule.hours >> hour & 1) == 0) continue;
    auto const from = hour == first_hour ? static_cast<unsigned>(earliest.count() % 60) : 0u;
    auto const left = schedule.minutes >> from;
    if (left != 0) return std::chrono::hours{hour} + std::chrono::minutes{from + static_cast<unsigned>(std::countr_zero(left))};
  }
  return std::nullopt;
}

}  // namespace

result<cron_schedule> parse_cron(std::string_view text) {
  for (auto const& one : shorthands) {
    if (text == one.name) return parse_cron(one.fields);
  }
  if (text.starts_with('@')) return error{errc::invalid_argument, quoted(text) + " is none of @hourly, @daily, @weekly, @monthly and @yearly"};

  std::array<std::string_view, 5> fields;
  std::size_t count = 0;
  constexpr std::string_view blanks = " \t";
  for (auto at = text.find_first_not_of(blanks); at != std::string_view::npos; at = text.find_first_not_of(blanks, at)) {
    auto const end = std::min(text.find_first_of(blanks, at), text.size());
    if (count < fields.size()) fields[count] = text.substr(at, end - at);
    ++count;
    at = end;
  }
  if (count != fields.size()) {
    return error{errc::invalid_argument,
                 "the cron schedule " + quoted(text) + " has " + std::to_string(count) + " fields; it must have five: minute hour day month weekday"};
  }
  std::array<std::uint64_t, 5> bits{};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    auto const parsed = parse_field(rules[i], fields[i]);
    if (!parsed) return parsed.error();
    bits[i] = *parsed;
  }
  cron_schedule made;
  made.minutes = bits[0];
  made.hours = static_cast<std::uint32_t>(bits[1]);
  made.days = static_cast<std::uint32_t>(bits[2]);
  made.months = static_cast<std::uint16_t>(bits[3]);
  made.weekdays = static_cast<std::uint8_t>((bits[4] | bits[4] >> 7) & 0x7f);
  made.either_day = !fields[2].starts_with('*') && !fields[4].starts_with('*');
  return made;
}

std::optional<sys_time<std::chrono::nanoseconds>> next_after(cron_schedule const& schedule, sys_time<std::chrono::nanoseconds> after) {
  using namespace std::chrono;
  auto const start = floor<minutes>(after) + minutes{1};
  sys_days day = floor<days>(start);
  minutes earliest = start - day;
  for (year_month_day date{day}; date.year() <= last_year; date = year_month_day{day}) {
    if ((schedule.months >> static_cast<unsigned>(date.month()) & 1) == 0) {
      day = sys_days{(date.year() / date.month() + months{1}) / 1};
    } else {
      if (fits_day(schedule, day)) {
        if (auto const time = time_from(schedule, earliest)) return time_point_cast<nanoseconds>(day + *time);
      }
      day += days{1};
    }
    earliest = minutes{0};
  }
  return std::nullopt;
}

}  // namespace skein
