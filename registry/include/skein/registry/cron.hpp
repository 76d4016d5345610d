// Schedules of cron, as data: five fields, minute hour day month weekday, in UTC.
#pragma once

#include <skein/registry/error.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace skein {

/// The minutes at which something is due. A value; made by parse_cron().
struct cron_schedule {
  std::uint64_t minutes = 0;      ///< Bit n: minute n, 0 to 59.
  std::uint32_t hours = 0;        ///< Bit n: hour n, 0 to 23.
  std::uint32_t days = 0;         ///< Bit n: day n of the month, 1 to 31.
  std::uint16_t months = 0;       ///< Bit n: month n, 1 to 12.
  std::uint8_t weekdays = 0;      ///< Bit n: weekday n, 0 (Sunday) to 6.
  bool either_day = false;        ///< Both days are restricted: one of them is enough, as in crontab(5). Otherwise both must fit.
  friend bool operator==(cron_schedule const&, cron_schedule const&) = default;
};

/// Reads `30 3 * * mon-fri`: five fields of `*`, numbers, names of months and weekdays (three letters), ranges `a-b`, lists `a,b` and steps `*/n` or `a-b/n`;
/// weekday 7 is Sunday. Or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`. errc::invalid_argument names the field and what is wrong with it.
[[nodiscard]] result<cron_schedule> parse_cron(std::string_view text);

/// The first full minute after `after` that fits, in UTC; nullopt when none comes (30 February, or later than the clock's last year, 2261).
[[nodiscard]] std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> next_after(cron_schedule const& schedule,
                                                                                        std::chrono::sys_time<std::chrono::nanoseconds> after);

}  // namespace skein
