// How much one span may hold.
#pragma once

#include <cstddef>

namespace skein {

/// What is over a limit is left off and counted in attributes of the span: otel.dropped_attributes_count, otel.dropped_events_count,
/// otel.dropped_links_count (OpenTelemetry, "Mapping to non-OTLP formats"). The length of a value is not limited.
struct span_limits {
  std::size_t attributes_max = 128;              ///< Of the span, and of each event and link.
  std::size_t events_max = 128;                  ///< Of the span.
  std::size_t links_max = 128;                   ///< Of the span.
  std::size_t payload_bytes_max = 64 * 1024;     ///< Of inputs and of outputs; longer JSON text is cut, with a mark at its end.
};

}  // namespace skein
