// A duration that can be printed, and how people write one.
#pragma once

#include <chrono>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace skein {

/// Nanoseconds; everything that std::chrono does with a duration works. Prints as `830 ns`, `12.3 us`, `12.3 ms`, `4.56 s`, `2 min 5 s`
/// (the standard's own printing of durations comes with C++20 libraries later than some that Skein supports).
struct elapsed : std::chrono::nanoseconds {
  constexpr elapsed() noexcept : std::chrono::nanoseconds(0) {}
  /// Any duration; what is finer than a nanosecond is cut off.
  template <class Rep, class Period>
  constexpr elapsed(std::chrono::duration<Rep, Period> const& other)  // NOLINT: durations are durations
      : std::chrono::nanoseconds(std::chrono::duration_cast<std::chrono::nanoseconds>(other)) {}

  /// The text that is printed.
  [[nodiscard]] std::string to_string() const;
  /// Writes to_string().
  friend std::ostream& operator<<(std::ostream& out, elapsed const& time);
};

/// Reads a number, with a decimal point or without, and a unit: `250us`, `500ms`, `1.5s`, `5min`, `2h` (`ns` too; a blank between them is allowed).
/// Nothing for anything else, negative ones and more than a hundred years included.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace skein
