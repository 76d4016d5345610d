// Writes entries (span_bytes.hpp) to the end of a string of bytes.
#pragma once

#include <skein/tracing/attribute.hpp>
#include <skein/tracing/span_record.hpp>

#include "span_bytes.hpp"

#include <string>
#include <string_view>

namespace skein::flat {

/// What is longer than an entry can say (64 MiB of key, 16 GiB of value) is cut.
void append(std::string& out, tag kind, std::string_view key, std::string_view value);
void append(std::string& out, attribute const& one);
void append(std::string& out, attributes const& all);
void append(std::string& out, span_event const& event);
void append(std::string& out, span_link const& link);

/// The value of a `texts` entry.
[[nodiscard]] std::string texts_bytes(std::vector<std::string> const& all);

/// A whole span, with a head that is complete.
void append(std::string& out, span_record const& span);

template <class T>
[[nodiscard]] std::string_view bytes_of(T const& value) noexcept {
  static_assert(std::is_trivially_copyable_v<T>);
  return {reinterpret_cast<char const*>(&value), sizeof value};
}

}  // namespace skein::flat
