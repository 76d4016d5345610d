// JSON to and from payloads, for people, logs and commands; processes speak msgpack to each other.
#pragma once

#include <skein/registry/artifact_type.hpp>
#include <skein/registry/payload.hpp>

#include <string>
#include <string_view>

namespace skein {

/// One msgpack value as one line of JSON, for payloads whose C++ type this program does not know. As the types' own `to_json`: bytes as base64,
/// timestamps as RFC 3339 in UTC with nine decimals, NaN and infinities as the strings "NaN", "Infinity", "-Infinity", integer keys as text;
/// other msgpack extensions as {"ext": type, "data": base64}.
/// The bytes are untrusted: anything that a payload may not hold (duplicate keys, bad UTF-8, trailing bytes) is errc::bad_payload.
[[nodiscard]] result<std::string> msgpack_to_json(bytes_view encoded);

/// A payload of `type` from what `to_json` prints, or what a person typed. Missing fields keep their defaults; unknown fields, duplicate
/// keys and values that do not fit are errc::bad_payload, naming the field. `type` must come from type_of<T>().
[[nodiscard]] result<payload> payload_from_json(artifact_type const& type, std::string_view json);

}  // namespace skein
