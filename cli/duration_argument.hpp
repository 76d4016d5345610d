// Durations on the command line: 30s, 1.5h, 250ms.
#pragma once

#include <skein/tracing/elapsed.hpp>

#include <CLI/CLI.hpp>

#include <chrono>
#include <string>

namespace skein::cli {

/// Adds an option that reads a duration into `value`.
inline CLI::Option* add_duration(CLI::App& command, std::string const& flag, std::chrono::nanoseconds& value, std::string const& what) {
  return command
      .add_option_function<std::string>(
          flag,
          [flag, &value](std::string const& text) {
            auto const read = parse_duration(text);
            if (!read) throw CLI::ValidationError{flag, "'" + text + "' is no duration; write 250ms, 30s, 5min or 2h"};
            value = *read;
          },
          what)
      ->type_name("DURATION");
}

}  // namespace skein::cli
