// What the fuzzers feed: one function for each decoder of untrusted bytes. Each aborts when a promise is broken; refusing bytes is none.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace skein::fuzz {

using bytes_in = std::span<std::uint8_t const>;

/// bus::decode: what is read can be written, and is read again as the same bytes.
void frame(bytes_in data);
/// bus::split_batch: frames that it finds can be joined, and are found again.
void batch(bytes_in data);
/// A payload of every kind of field: what is read can be written, and is read again as the same bytes.
void payload(bytes_in data);
/// msgpack of unknown type as JSON.
void msgpack_json(bytes_in data);
/// JSON as a payload, and back.
void json(bytes_in data);
/// holds and field_key on a payload: conditions and keys agree with each other.
void field_condition(bytes_in data);
/// traceparent, tracestate and baggage: what is accepted is accepted again as it is written.
void trace_headers(bytes_in data);

struct target {
  std::string_view name;   ///< Its corpus is corpus/NAME, its fuzzer fuzz_NAME.
  void (*run)(bytes_in data);
};
inline constexpr target targets[] = {
    {"frame", frame}, {"batch", batch}, {"payload", payload}, {"msgpack_json", msgpack_json}, {"json", json}, {"field_condition", field_condition},
    {"trace_headers", trace_headers}};

}  // namespace skein::fuzz
