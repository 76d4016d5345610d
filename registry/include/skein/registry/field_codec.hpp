// How each C++ type of a field maps to msgpack. A template per type, of a few lines: the work is in payload_writer and payload_reader.
// Types: integers, float, double, bool, enums, std::string, std::vector, std::array, std::optional, std::map and std::unordered_map with
// text or integer keys, std::pair, std::tuple, std::vector<std::byte>, times and durations (time_codec.hpp), structs with SKEIN_FIELDS.
#pragma once

#include <skein/registry/payload_reader.hpp>
#include <skein/registry/payload_writer.hpp>
#include <skein/registry/shape.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace skein::codec {

/// False for every type: makes a static_assert fail only where its template is used.
template <class>
inline constexpr bool never = false;

/// `write`, `read` and `describe` of one type, and `look` where it is a scalar. This one is chosen for types that have no mapping.
template <class T>
struct field_codec {
  static_assert(never<T>,
                "Skein cannot encode a field of this type (see field_codec<...> above). Use integers, float, double, bool, enums, "
                "std::string, std::vector, std::array, std::optional, std::map or std::unordered_map with text or integer keys, "
                "std::pair, std::tuple, std::chrono times and durations, or a struct that lists its fields with SKEIN_FIELDS(...)");
  /// Appends the value; false after recording an error in the writer.
  static bool write(payload_writer&, T const&);
  /// Replaces the value by what comes next; false after recording an error in the reader.
  static bool read(payload_reader&, T&);
  /// What the type is on the wire.
  static constexpr shape describe();
};

/// The one shape object of a type.
template <class T>
shape const& shape_of() {
  static constexpr shape described = field_codec<T>::describe();
  return described;
}

template <class T>
concept plain_integer = std::integral<T> && !std::same_as<T, bool> && sizeof(T) <= 8;

template <plain_integer T>
struct field_codec<T> {
  using limits = std::numeric_limits<T>;
  static bool write(payload_writer& to, T value) {
    if constexpr (std::is_signed_v<T>) {
      to.write_int(value);
    } else {
      to.write_uint(value);
    }
    return true;
  }
  static bool read(payload_reader& from, T& to) {
    std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t> wide = 0;
    bool good;
    if constexpr (std::is_signed_v<T>) {
      good = from.read_int(wide, limits::min(), limits::max());
    } else {
      good = from.read_uint(wide, limits::max());
    }
    if (good) to = static_cast<T>(wide);
    return good;
  }
  static scalar look(T value) {
    if constexpr (std::is_signed_v<T>) {
      return std::int64_t{value};
    } else {
      return std::uint64_t{value};
    }
  }
  static constexpr shape describe() {
    return {.kind = shape_kind::integer, .min = static_cast<std::int64_t>(limits::min()), .max = static_cast<std::uint64_t>(limits::max())};
  }
};

template <>
struct field_codec<bool> {
  static bool write(payload_writer& to, bool value) { return to.write_boolean(value), true; }
  static bool read(payload_reader& from, bool& to) { return from.read_boolean(to); }
  static scalar look(bool value) { return value; }
  static constexpr shape describe() { return {.kind = shape_kind::boolean}; }
};

/// Any value of the underlying integer is accepted: the sender may know more enumerators.
template <class T>
requires std::is_enum_v<T>
struct field_codec<T> {
  using underlying = std::underlying_type_t<T>;
  using number = std::conditional_t<std::same_as<underlying, bool>, std::uint8_t, underlying>;
  static bool write(payload_writer& to, T value) { return field_codec<number>::write(to, static_cast<number>(value)); }
  static bool read(payload_reader& from, T& to) {
    number value{};
    if constexpr (std::same_as<underlying, bool>) {
      std::uint64_t bit = 0;
      if (!from.read_uint(bit, 1)) return false;
      value = static_cast<number>(bit);
    } else {
      if (!field_codec<number>::read(from, value)) return false;
    }
    to = static_cast<T>(value);
    return true;
  }
  static scalar look(T value) { return field_codec<number>::look(static_cast<number>(value)); }
  static constexpr shape describe() {
    shape described = field_codec<number>::describe();
    if constexpr (std::same_as<underlying, bool>) described.max = 1;
    return described;
  }
};

template <>
struct field_codec<double> {
  static bool write(payload_writer& to, double value) { return to.write_double(value), true; }
  static bool read(payload_reader& from, double& to) { return from.read_double(to); }
  static scalar look(double value) { return value; }
  static constexpr shape describe() { return {.kind = shape_kind::real}; }
};

template <>
struct field_codec<float> {
  static bool write(payload_writer& to, float value) { return to.write_float(value), true; }
  static bool read(payload_reader& from, float& to) { return from.read_float(to); }
  static scalar look(float value) { return value; }
  static constexpr shape describe() { return {.kind = shape_kind::real}; }
};

template <>
struct field_codec<std::string> {
  static bool write(payload_writer& to, std::string const& value) { return to.write_text(value); }
  static bool read(payload_reader& from, std::string& to) {
    std::string_view text;
    if (!from.read_text(text)) return false;
    to.assign(text);
    return true;
  }
  static scalar look(std::string const& value) { return std::string_view{value}; }
  static constexpr shape describe() { return {.kind = shape_kind::text}; }
};

/// Whether T is a std::optional.
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
struct field_codec<std::optional<T>> {
  static_assert(!is_optional<T>, "an optional of an optional has no encoding: both kinds of empty would be nil");
  static bool write(payload_writer& to, std::optional<T> const& value) {
    if (value) return field_codec<T>::write(to, *value);
    return to.write_nil(), true;
  }
  static bool read(payload_reader& from, std::optional<T>& to) {
    if (from.take_nil()) return to.reset(), true;
    return field_codec<T>::read(from, to.emplace());
  }
  static constexpr shape describe() { return {.kind = shape_kind::optional, .element = &shape_of<T>}; }
};

template <class T, class Allocator>
struct field_codec<std::vector<T, Allocator>> {
  static bool write(payload_writer& to, std::vector<T, Allocator> const& value) {
    if constexpr (std::same_as<T, std::byte>) {
      return to.write_binary(value);
    } else {
      if (!to.begin_array(value.size())) return false;
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (!field_codec<T>::write(to, value[i])) return to.fault.at_index(i);
      }
      return to.end(), true;
    }
  }
  static bool read(payload_reader& from, std::vector<T, Allocator>& to) {
    if constexpr (std::same_as<T, std::byte>) {
      bytes_view data;
      if (!from.read_binary(data)) return false;
      to.assign(data.begin(), data.end());
      return true;
    } else {
      std::size_t count = 0;
      if (!from.begin_array(count)) return false;
      to.clear();
      to.reserve(count);
      for (std::size_t i = 0; i < count; ++i) {
        if (!read_item(from, to)) return from.fault.at_index(i);
      }
      return true;
    }
  }
  static constexpr shape describe() {
    if constexpr (std::same_as<T, std::byte>) {
      return {.kind = shape_kind::binary};
    } else {
      return {.kind = shape_kind::list, .element = &shape_of<T>};
    }
  }

 private:
  static bool read_item(payload_reader& from, std::vector<T, Allocator>& to) {
    if constexpr (std::same_as<T, bool>) {  // its elements are no bools
      bool item = false;
      if (!from.read_boolean(item)) return false;
      return to.push_back(item), true;
    } else {
      return field_codec<T>::read(from, to.emplace_back());
    }
  }
};

template <class T, std::size_t N>
struct field_codec<std::array<T, N>> {
  static bool write(payload_writer& to, std::array<T, N> const& value) {
    if constexpr (std::same_as<T, std::byte>) {
      return to.write_binary(value);
    } else {
      if (!to.begin_array(N)) return false;
      for (std::size_t i = 0; i < N; ++i) {
        if (!field_codec<T>::write(to, value[i])) return to.fault.at_index(i);
      }
      return to.end(), true;
    }
  }
  static bool read(payload_reader& from, std::array<T, N>& to) {
    std::size_t count = 0;
    bytes_view data;
    if constexpr (std::same_as<T, std::byte>) {
      if (!from.read_binary(data)) return false;
      count = data.size();
    } else {
      if (!from.begin_array(count)) return false;
    }
    if (count != N) return from.fault.fail("expected exactly " + std::to_string(N) + " elements, found " + std::to_string(count));
    if constexpr (std::same_as<T, std::byte>) {
      std::copy(data.begin(), data.end(), to.begin());
    } else {
      for (std::size_t i = 0; i < N; ++i) {
        if (!field_codec<T>::read(from, to[i])) return from.fault.at_index(i);
      }
    }
    return true;
  }
  static constexpr shape describe() {
    if constexpr (std::same_as<T, std::byte>) {
      return {.kind = shape_kind::fixed_list, .size = N};
    } else {
      return {.kind = shape_kind::fixed_list, .size = N, .element = &shape_of<T>};
    }
  }
};

template <class T>
concept tuple_like = requires {
  std::tuple_size<T>::value;
}
&&!requires(T t) { t.size(); };

template <tuple_like T>
struct field_codec<T> {
  static constexpr std::size_t count = std::tuple_size_v<T>;
  using positions = std::make_index_sequence<count>;

  static bool write(payload_writer& to, T const& value) {
    return to.begin_array(count) && write_all(to, value, positions{}) && (to.end(), true);
  }
  static bool read(payload_reader& from, T& to) {
    std::size_t found = 0;
    if (!from.begin_array(found)) return false;
    if (found != count) return from.fault.fail("expected exactly " + std::to_string(count) + " elements, found " + std::to_string(found));
    return read_all(from, to, positions{});
  }
  static constexpr shape describe() { return {.kind = shape_kind::tuple, .elements = element_shapes}; }

 private:
  template <std::size_t I>
  using element = std::tuple_element_t<I, T>;

  template <std::size_t... I>
  static constexpr auto shapes(std::index_sequence<I...>) {
    return std::array<shape_function, count>{&shape_of<element<I>>...};
  }
  static constexpr std::array<shape_function, count> element_shapes = shapes(positions{});

  template <std::size_t... I>
  static bool write_all(payload_writer& to, T const& value, std::index_sequence<I...>) {
    return ((field_codec<element<I>>::write(to, std::get<I>(value)) || to.fault.at_index(I)) && ...);
  }
  template <std::size_t... I>
  static bool read_all(payload_reader& from, T& to, std::index_sequence<I...>) {
    return ((field_codec<element<I>>::read(from, std::get<I>(to)) || from.fault.at_index(I)) && ...);
  }
};

template <class T>
concept map_like = requires(T map, typename T::key_type key) {
  typename T::mapped_type;
  map.try_emplace(map.end(), std::move(key));
};

template <class T>
concept map_key = std::same_as<T, std::string> || plain_integer<T> || std::is_enum_v<T>;

/// std::map and std::unordered_map. Unordered ones are written in the order of their keys, so that equal maps have equal bytes.
template <map_like T>
struct field_codec<T> {
  using key_type = typename T::key_type;
  using mapped_type = typename T::mapped_type;
  static_assert(map_key<key_type>, "the keys of a map must be std::string, integers or enums");

  static bool write(payload_writer& to, T const& value) {
    if (!to.begin_map(value.size())) return false;
    if constexpr (requires { typename T::hasher; }) {
      std::vector<typename T::const_pointer> sorted;
      sorted.reserve(value.size());
      for (auto const& entry : value) sorted.push_back(&entry);
      std::sort(sorted.begin(), sorted.end(), [](auto const* a, auto const* b) { return a->first < b->first; });
      for (auto const* entry : sorted) {
        if (!write_entry(to, *entry)) return false;
      }
    } else {
      for (auto const& entry : value) {
        if (!write_entry(to, entry)) return false;
      }
    }
    return to.end(), true;
  }
  static bool read(payload_reader& from, T& to) {
    std::size_t count = 0;
    if (!from.begin_map(count)) return false;
    to.clear();
    for (std::size_t i = 0; i < count; ++i) {
      key_type key{};
      if (!field_codec<key_type>::read(from, key)) return from.fault.at_field("(key)");
      auto const entry = to.try_emplace(to.end(), std::move(key));
      if (to.size() == i) return from.fault.fail("duplicate key"), at_key(from.fault, entry->first);
      if (!field_codec<mapped_type>::read(from, entry->second)) return at_key(from.fault, entry->first);
    }
    return true;
  }
  static constexpr shape describe() {
    return {.kind = shape_kind::map, .integer_keys = !std::same_as<key_type, std::string>, .element = &shape_of<mapped_type>};
  }

 private:
  static bool write_entry(payload_writer& to, typename T::value_type const& entry) {
    return (field_codec<key_type>::write(to, entry.first) || to.fault.at_field("(key)")) &&
           (field_codec<mapped_type>::write(to, entry.second) || at_key(to.fault, entry.first));
  }
  static bool at_key(codec_fault& fault, key_type const& key) {
    if constexpr (std::same_as<key_type, std::string>) {
      return fault.at_key(std::string_view{key});
    } else if constexpr (std::is_enum_v<key_type>) {
      return fault.at_key(static_cast<std::int64_t>(key));
    } else if constexpr (std::is_signed_v<key_type>) {
      return fault.at_key(std::int64_t{key});
    } else {
      return fault.at_key(std::uint64_t{key});
    }
  }
};

}  // namespace skein::codec
