// Writes entries (span_bytes.hpp) to the end of a string of bytes.
#pragma once

#include <skein/tracing/attribute.hpp>
#include <skein/tracing/span_record.hpp>

#include "span_bytes.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace skein::flat {

/// What is longer than an entry can say (64 MiB of key, 16 GiB of value) is cut.
void append(std::string& out, tag kind, std::string_view key, std::string_view value);
void append(std::string& out, attribute const& one);
void append(std::string& out, attributes const& all);
void append(std::string& out, span_event const& event);
void append(std::string& out, span_link const& link);

/// The value of a `texts` entry.
[[nodiscard]] std::string texts_bytes(std::vector<std::string> const& all);

/// Calls `put(tag, std::string_view)` with the kind of entry that a value is and its bytes.
template <class Put>
void with_bytes(attribute_value const& value, Put&& put);

/// A whole span, with a head that is complete.
void append(std::string& out, span_record const& span);

template <class T>
[[nodiscard]] std::string_view bytes_of(T const& value) noexcept {
  static_assert(std::is_trivially_copyable_v<T>);
  return {reinterpret_cast<char const*>(&value), sizeof value};
}

template <class Put>
void with_bytes(attribute_value const& value, Put&& put) {
  auto const& any = value.get();
  if (auto const* const text = std::get_if<std::string>(&any)) {
    put(tag::text, std::string_view{*text});
  } else if (auto const* const integer = std::get_if<std::int64_t>(&any)) {
    put(tag::integer, bytes_of(*integer));
  } else if (auto const* const real = std::get_if<double>(&any)) {
    put(tag::real, bytes_of(*real));
  } else if (auto const* const boolean = std::get_if<bool>(&any)) {
    put(tag::boolean, bytes_of(*boolean));
  } else if (auto const* const list = std::get_if<std::vector<std::string>>(&any)) {
    put(tag::texts, std::string_view{texts_bytes(*list)});
  }
}

}  // namespace skein::flat
