// W3C Trace Context (Level 2) and Baggage: which trace and span something belongs to, as it travels.
#pragma once

#include <skein/registry/error.hpp>
#include <skein/registry/ids.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skein {

/// The identity of a span and what travels with it. A value; empty (no trace id) means "no trace".
struct span_context {
  skein::trace_id trace;   ///< All zero: no trace.
  skein::span_id span;     ///< The span itself.
  std::uint8_t flags = 0;  ///< W3C trace-flags: 0x01 sampled, 0x02 random trace id (Level 2 §3.2.2.5).

  /// The bit of `flags` that says: recorded.
  static constexpr std::uint8_t sampled = 0x01;
  /// The bit of `flags` that says: the last 7 bytes of the trace id are random.
  static constexpr std::uint8_t random = 0x02;
  /// Whether there is a trace and a span.
  [[nodiscard]] bool valid() const noexcept { return !trace.empty() && !span.empty(); }
  /// Whether the trace is recorded.
  [[nodiscard]] bool is_sampled() const noexcept { return (flags & sampled) != 0; }
  friend bool operator==(span_context const&, span_context const&) = default;
};

/// `00-<trace>-<span>-<flags>`.
[[nodiscard]] std::string to_traceparent(span_context const& context);
/// Reads a traceparent of any version by the rules of Trace Context §3.2 (version ff and all-zero ids are refused, a higher
/// version is read by its first four fields, unknown flags are dropped). errc::bad_context.
[[nodiscard]] result<span_context> parse_traceparent(std::string_view header);

/// Reads and normalises a tracestate (§3.3): at most 32 members, keys and values by the grammar, a duplicate key or any
/// illegal member refuses the whole list. Empty members are skipped. errc::bad_context.
[[nodiscard]] result<std::string> parse_tracestate(std::string_view header);

/// Baggage (W3C Baggage §3): percent-decoded key/value pairs with their properties kept as text.
struct baggage_entry {
  std::string key, value, properties;   ///< Decoded key and value, and properties as they came.
  friend bool operator==(baggage_entry const&, baggage_entry const&) = default;
};
/// In the order in which they came.
using baggage = std::vector<baggage_entry>;
/// At most 64 members and 8192 bytes (§3.3.2); more, or a broken member, is errc::bad_context.
[[nodiscard]] result<baggage> parse_baggage(std::string_view header);
/// Percent-encodes; entries past the limits are left off, whole.
[[nodiscard]] std::string to_baggage_header(baggage const& entries);

}  // namespace skein
