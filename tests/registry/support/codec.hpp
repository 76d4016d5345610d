// Encoding and decoding of one value, with errors as text.
#pragma once

#include "hex.hpp"

#include <skein/artifact.hpp>

namespace skein::testing {

template <class T>
bytes encode(T const& value) {
  bytes out;
  type_of<T>().encode(&value, out).value();
  return out;
}

template <class T>
std::string encoded_hex(T const& value) {
  return to_hex(encode(value));
}

/// The value; throws the error.
template <class T>
T decode(bytes_view encoded) {
  return *std::static_pointer_cast<T const>(type_of<T>().decode(encoded).value());
}

template <class T>
T decode_hex(std::string_view hex) {
  return decode<T>(from_hex(hex));
}

/// The message of the error, or "decoded".
template <class T>
std::string refusal(bytes_view encoded) {
  auto value = type_of<T>().decode(encoded);
  if (value) return "decoded";
  return value.error().code() == errc::bad_payload ? value.error().message() : std::string{"wrong code"};
}

template <class T>
std::string refusal_hex(std::string_view hex) {
  return refusal<T>(from_hex(hex));
}

}  // namespace skein::testing
