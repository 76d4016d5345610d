// A time for people, in log lines.
#pragma once

#include <skein/tracing/clock.hpp>

#include <string>

namespace skein {

/// `2026-01-31T23:59:59.123Z`.
[[nodiscard]] std::string time_text(timestamp time);

}  // namespace skein
