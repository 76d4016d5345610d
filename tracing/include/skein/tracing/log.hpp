// Skein's own log lines. They go through the spdlog logger named `skein`: the program's, if it registered one, otherwise one that writes
// warnings and errors to stderr; the environment variable SKEIN_LOG (trace, debug, info, warn, error, off) sets its level.
#pragma once

#include <string_view>

namespace skein {

/// One line each. Thread-safe; never throw: a line that cannot be written is lost.
void log_info(std::string_view line) noexcept;
/// Something that needs no action, or not yet.
void log_warn(std::string_view line) noexcept;
/// Something was lost or refused.
void log_error(std::string_view line) noexcept;
/// Whether log_set_level() knows the name.
[[nodiscard]] bool is_log_level(std::string_view name) noexcept;
/// Sets the level of the logger: trace, debug, info, warn, error or off. False, and nothing happens, for any other name.
bool log_set_level(std::string_view name) noexcept;
/// Makes the logger if there is none yet. Whoever logs from a destructor calls this in its constructor, so that spdlog, too, lives longer.
void log_prepare() noexcept;

}  // namespace skein
