// Moments as people write them on a command line.
#pragma once

#include <skein/tracing/clock.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace skein::cli {

/// `30s`, `15m`, `2h`, `7d` before `now`; or UTC as `2026-11-21`, `2026-11-21T10:30` or `2026-11-21T10:30:05`, with or without a Z.
[[nodiscard]] std::optional<timestamp> parse_moment(std::string_view text, timestamp now);

/// UTC, `2026-11-21 10:30:05`.
[[nodiscard]] std::string moment_text(timestamp moment);

}  // namespace skein::cli
