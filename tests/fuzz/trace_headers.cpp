#include "check.hpp"
#include "targets.hpp"

#include <skein/tracing/trace_context.hpp>

namespace skein::fuzz {

void trace_headers(bytes_in data) {
  std::string_view const text{reinterpret_cast<char const*>(data.data()), data.size()};
  if (auto const context = parse_traceparent(text)) {
    auto const again = parse_traceparent(to_traceparent(*context));
    promise(again.ok() && *again == *context, "a traceparent that was read is written as itself");
  }
  if (auto const state = parse_tracestate(text); state && !state->empty()) {
    auto const again = parse_tracestate(*state);
    promise(again.ok() && *again == *state, "a normalised tracestate is normal");
  }
  if (auto const entries = parse_baggage(text)) {
    auto const again = parse_baggage(to_baggage_header(*entries));
    promise(again.ok(), "baggage that was written can be read");
  }
}

}  // namespace skein::fuzz
