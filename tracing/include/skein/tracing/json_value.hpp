// Values as JSON text, for inputs and outputs of spans: numbers, strings, enums, times (ns), optionals, pointers, pairs, ranges and maps
// of those, types with SKEIN_FIELDS or SKEIN_ARTIFACT, JSON documents with a dump(), and whatever can be streamed (as a string).
#pragma once

#include <skein/registry/artifact_traits.hpp>
#include <skein/registry/payload_writer.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <ostream>
#include <ranges>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace skein::json {

/// Appends a JSON string; bytes that are not UTF-8 become U+FFFD.
void append(std::string& out, std::string_view text);
/// Appends a number in its shortest form that reads back the same, always with a point or an exponent. What JSON has no number for
/// becomes "NaN", "Infinity" or "-Infinity".
void append(std::string& out, double value);
/// A number, `true` or `false`, or a string.
void append(std::string& out, std::int64_t value);
/// A number.
void append(std::string& out, std::uint64_t value);
/// `true` or `false`.
void append(std::string& out, bool value);
/// A string.
inline void append(std::string& out, char const* text) { append(out, std::string_view{text}); }

/// JSON text over `bytes_max` becomes a JSON string of its beginning that ends in `…[cut, N bytes]`; shorter text stays as it is.
[[nodiscard]] std::string cut(std::string text, std::size_t bytes_max);

namespace detail {

template <class T>
concept text_like = std::convertible_to<T const&, std::string_view>;

/// A JSON document of some library, which can write itself.
template <class T>
concept document_like = requires(T const& value) { { value.dump() } -> std::convertible_to<std::string>; };

template <class T>
concept pair_like = requires { typename std::tuple_size<T>::type; };

template <class T>
concept optional_like = requires(T const& value) {
  static_cast<bool>(value);
  *value;
};

template <class T>
concept duration_like = requires(T const& value) { std::chrono::duration_cast<std::chrono::nanoseconds>(value); };

template <class T>
concept time_like = requires(T const& value) { { value.time_since_epoch() } -> duration_like; };

template <class T>
concept map_like = std::ranges::input_range<T const> && requires {
  typename T::key_type;
  typename T::mapped_type;
};

template <class T>
concept streamable = requires(std::ostream& out, T const& value) { out << value; };

template <class T>
inline constexpr bool renders = false;

}  // namespace detail

/// Appends `value` as JSON; see the top of this file for what it takes.
template <class T>
void append_value(std::string& out, T const& value);

/// `value` as JSON text.
template <class T>
[[nodiscard]] std::string text_of(T const& value) {
  std::string out;
  append_value(out, value);
  return out;
}

namespace detail {

template <class T>
void append_map(std::string& out, T const& map) {
  out += '{';
  bool first = true;
  for (auto const& [key, value] : map) {
    if (!std::exchange(first, false)) out += ',';
    if constexpr (text_like<std::remove_cvref_t<decltype(key)>>) {
      append(out, std::string_view{key});
    } else {
      append(out, std::string_view{text_of(key)});
    }
    out += ':';
    append_value(out, value);
  }
  out += '}';
}

template <class T>
void append_range(std::string& out, T const& range) {
  out += '[';
  bool first = true;
  for (auto const& value : range) {
    if (!std::exchange(first, false)) out += ',';
    append_value(out, static_cast<std::ranges::range_value_t<T const>>(value));
  }
  out += ']';
}

template <class T>
void append_tuple(std::string& out, T const& tuple) {
  out += '[';
  bool first = true;
  std::apply([&](auto const&... values) { ((first ? void(first = false) : void(out += ','), append_value(out, values)), ...); }, tuple);
  out += ']';
}

template <class T>
void append_streamed(std::string& out, T const& value) {
  std::ostringstream stream;
  stream << value;
  append(out, std::string_view{stream.str()});
}

}  // namespace detail

template <class T>
void append_value(std::string& out, T const& value) {
  if constexpr (std::same_as<T, bool>) {
    append(out, value);
  } else if constexpr (std::same_as<T, char>) {
    append(out, std::string_view{&value, 1});
  } else if constexpr (std::signed_integral<T>) {
    append(out, std::int64_t{value});
  } else if constexpr (std::integral<T>) {
    append(out, std::uint64_t{value});
  } else if constexpr (std::floating_point<T>) {
    append(out, static_cast<double>(value));
  } else if constexpr (detail::document_like<T>) {
    out += value.dump();
  } else if constexpr (detail::text_like<T>) {
    append(out, static_cast<std::string_view>(value));
  } else if constexpr (std::convertible_to<T const&, std::string>) {
    append(out, std::string_view{static_cast<std::string>(value)});
  } else if constexpr (codec::record<T>) {
    out += codec::record_to_json(cpp_name(typeid(T)), &value, codec::field_table<T>);
  } else if constexpr (detail::map_like<T>) {
    detail::append_map(out, value);
  } else if constexpr (std::ranges::input_range<T const>) {
    detail::append_range(out, value);
  } else if constexpr (detail::pair_like<T>) {
    detail::append_tuple(out, value);
  } else if constexpr (detail::duration_like<T>) {
    append(out, std::int64_t{std::chrono::duration_cast<std::chrono::nanoseconds>(value).count()});
  } else if constexpr (detail::time_like<T>) {
    append_value(out, value.time_since_epoch());
  } else if constexpr (detail::optional_like<T>) {
    if (value) {
      append_value(out, *value);
    } else {
      out += "null";
    }
  } else if constexpr (detail::streamable<T>) {
    detail::append_streamed(out, value);
  } else if constexpr (std::is_enum_v<T>) {
    append_value(out, static_cast<std::underlying_type_t<T>>(value));
  } else {
    static_assert(detail::renders<T>,
                  "skein cannot show this type as JSON: give it SKEIN_FIELDS(...), or an operator<<, or pass a string of your own");
  }
}

}  // namespace skein::json
