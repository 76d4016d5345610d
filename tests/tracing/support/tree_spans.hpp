// Spans of trees that are small enough to number.
#pragma once

#include <skein/tracing/span_record.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace skein::testing {

inline span_id id_of(std::uint64_t number) {
  std::array<std::uint8_t, 8> bytes{};
  for (std::size_t at = 0; at < 8; ++at) bytes[7 - at] = static_cast<std::uint8_t>(number >> (8 * at));
  return span_id{bytes};
}

/// Starts so long after the first second; a parent of 0 is none.
inline span_record make_span(std::string name, std::uint64_t id, std::uint64_t parent, std::chrono::nanoseconds start,
                             std::chrono::nanoseconds length = std::chrono::milliseconds{1}) {
  span_record span;
  span.context.span = id_of(id);
  if (parent != 0) span.parent = id_of(parent);
  span.name = std::move(name);
  span.start = timestamp{std::chrono::seconds{1} + start};
  span.end = span.start + length;
  return span;
}

}  // namespace skein::testing
