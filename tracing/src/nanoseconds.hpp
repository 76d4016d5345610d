// A time as the column of a database.
#pragma once

#include <skein/tracing/clock.hpp>

#include <cstdint>

namespace skein {

/// Nanoseconds since the epoch.
[[nodiscard]] inline std::int64_t ns(timestamp time) noexcept { return time.time_since_epoch().count(); }

}  // namespace skein
