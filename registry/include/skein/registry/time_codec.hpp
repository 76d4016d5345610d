// Fields of std::chrono types: wall-clock times as msgpack timestamps, durations as int64 nanoseconds.
#pragma once

#include <skein/registry/field_codec.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <ratio>
#include <type_traits>

namespace skein::codec {

/// Nanoseconds of a duration; nothing when int64 cannot hold them.
template <class Rep, class Period>
std::optional<std::int64_t> to_nanoseconds(std::chrono::duration<Rep, Period> value) {
  using per_tick = std::ratio_divide<Period, std::nano>;
  if constexpr (std::is_integral_v<Rep> && per_tick::den == 1) {
    std::int64_t ns = 0;
    if (__builtin_mul_overflow(value.count(), std::int64_t{per_tick::num}, &ns)) return std::nullopt;
    return ns;
  } else {
    long double const ns = std::round(static_cast<long double>(value.count()) * per_tick::num / per_tick::den);
    if (!(ns >= -0x1p63L && ns < 0x1p63L)) return std::nullopt;
    return static_cast<std::int64_t>(ns);
  }
}

/// The duration of so many nanoseconds; nothing when it would be another one (too fine for the ticks, or out of their range).
template <class Duration>
std::optional<Duration> from_nanoseconds(std::int64_t ns) {
  using rep = typename Duration::rep;
  using per_tick = std::ratio_divide<typename Duration::period, std::nano>;
  if constexpr (std::is_integral_v<rep> && per_tick::den == 1) {
    std::int64_t const ticks = ns / per_tick::num;
    if (ticks * per_tick::num != ns || !std::in_range<rep>(ticks)) return std::nullopt;
    return Duration{static_cast<rep>(ticks)};
  } else if constexpr (std::is_integral_v<rep>) {
    long double const ticks = std::round(static_cast<long double>(ns) * per_tick::den / per_tick::num);
    if (!(ticks >= -0x1p63L && ticks < 0x1p63L) || !std::in_range<rep>(static_cast<std::int64_t>(ticks))) return std::nullopt;
    Duration const found{static_cast<rep>(ticks)};
    if (to_nanoseconds(found) != ns) return std::nullopt;
    return found;
  } else {
    return Duration{static_cast<rep>(static_cast<long double>(ns) * per_tick::den / per_tick::num)};
  }
}

template <class Rep, class Period>
struct field_codec<std::chrono::duration<Rep, Period>> {
  using duration = std::chrono::duration<Rep, Period>;
  static bool write(payload_writer& to, duration value) {
    auto const ns = to_nanoseconds(value);
    if (!ns) return to.fault.fail("the duration does not fit into 64 bits of nanoseconds (292 years)");
    return to.write_int(*ns), true;
  }
  static bool read(payload_reader& from, duration& to) {
    std::int64_t ns = 0;
    if (!from.read_int(ns, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max())) return false;
    auto const value = from_nanoseconds<duration>(ns);
    if (!value) return from.fault.fail("a duration of " + std::to_string(ns) + " ns does not fit the ticks of the field");
    to = *value;
    return true;
  }
  static constexpr shape describe() { return {.kind = shape_kind::duration}; }
};

template <class Duration>
struct field_codec<std::chrono::time_point<std::chrono::system_clock, Duration>> {
  using time_point = std::chrono::time_point<std::chrono::system_clock, Duration>;
  static bool write(payload_writer& to, time_point value) {
    auto const ns = to_nanoseconds(value.time_since_epoch());
    if (!ns) return to.fault.fail("the time is outside the years 1678 to 2261, which 64 bits of nanoseconds can hold");
    return to.write_time(*ns), true;
  }
  static bool read(payload_reader& from, time_point& to) {
    std::int64_t ns = 0;
    if (!from.read_time(ns)) return false;
    auto const since_epoch = from_nanoseconds<Duration>(ns);
    if (!since_epoch) return from.fault.fail("the time is finer than the ticks of the field, or out of their range");
    to = time_point{*since_epoch};
    return true;
  }
  static constexpr shape describe() { return {.kind = shape_kind::time}; }
};

}  // namespace skein::codec
