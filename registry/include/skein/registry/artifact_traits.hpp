// From a C++ type to its artifact_type and back: what typed code calls, at the edge, before everything becomes bytes.
#pragma once

#include <skein/registry/artifact_type.hpp>
#include <skein/registry/field_codec.hpp>
#include <skein/registry/fields.hpp>
#include <skein/registry/ids.hpp>
#include <skein/registry/payload.hpp>

#include <array>
#include <concepts>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace skein {

/// What is known of a declared type: `members` (a field_list), `field_names` (a std::array of as many std::string_view), and for artifacts
/// `name` and `version`. The macros provide it; specialise it for a type that you do not own:
///
///   template <> struct skein::artifact_traits<geo::point> {
///     static constexpr std::string_view name = "geo.point";
///     static constexpr std::uint32_t version = 1;
///     using members = skein::field_list<&geo::point::x, &geo::point::y>;
///     static constexpr std::array<std::string_view, 2> field_names{"x", "y"};
///   };
template <class T>
struct artifact_traits {};

namespace codec {

template <class T>
concept declares_fields = std::is_class_v<T> && requires(T const& value) {
  requires std::same_as<typename decltype(value.skein_declared_fields_())::self, T>;
  T::skein_field_names_();
};

template <class T>
concept declares_artifact = declares_fields<T> && requires {
  T::skein_artifact_name_();
  T::skein_artifact_version_();
};

template <class T>
concept record = std::is_class_v<T> && requires {
  typename artifact_traits<T>::members;
  artifact_traits<T>::field_names.size();
};

}  // namespace codec

template <codec::declares_fields T>
struct artifact_traits<T> {
  using members = typename decltype(std::declval<T const&>().skein_declared_fields_())::members;
  static constexpr auto field_names = T::skein_field_names_();
};

template <codec::declares_artifact T>
struct artifact_traits<T> {
  static constexpr std::string_view name = T::skein_artifact_name_();
  static constexpr std::uint32_t version = T::skein_artifact_version_();
  using members = typename decltype(std::declval<T const&>().skein_declared_fields_())::members;
  static constexpr auto field_names = T::skein_field_names_();
};

/// A type that can be published: declared with SKEIN_ARTIFACT, or by a specialisation of artifact_traits.
template <class T>
concept artifact_value = codec::record<T> && std::movable<T> && std::default_initializable<T> && requires {
  { artifact_traits<T>::name } -> std::convertible_to<std::string_view>;
  { artifact_traits<T>::version } -> std::convertible_to<std::uint32_t>;
};

namespace codec {

/// Whether a wire name is 1 to 255 printable ASCII characters without spaces.
consteval bool good_wire_name(std::string_view name) {
  for (char c : name) {
    if (c <= ' ' || c > '~') return false;
  }
  return !name.empty() && name.size() <= 255;
}

/// Whether no name stands twice.
template <std::size_t N>
consteval bool all_different(std::array<std::string_view, N> const& names) {
  for (std::size_t i = 0; i < N; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (names[i] == names[j]) return false;
    }
  }
  return true;
}

/// How one member is named, encoded and decoded.
template <class T, auto Member>
constexpr field describe_field(std::string_view name) {
  using type = std::remove_cvref_t<decltype(std::declval<T&>().*Member)>;
  field described{
      .name = name,
      .type = &shape_of<type>,
      .write = [](payload_writer& to, void const* object) { return field_codec<type>::write(to, static_cast<T const*>(object)->*Member); },
      .read = [](payload_reader& from, void* object) { return field_codec<type>::read(from, static_cast<T*>(object)->*Member); }};
  if constexpr (requires(type const& value) { field_codec<type>::look(value); }) {
    described.look = [](void const* object) -> scalar { return field_codec<type>::look(static_cast<T const*>(object)->*Member); };
  }
  return described;
}

/// The same of all members, in order.
template <class T, auto... Members, std::size_t... I>
constexpr std::array<field, sizeof...(Members)> describe_fields(field_list<Members...>, std::index_sequence<I...>) {
  return {describe_field<T, Members>(artifact_traits<T>::field_names[I])...};
}

/// The fields of a declared type, in order.
template <record T>
constexpr auto make_field_table() {
  using members = typename artifact_traits<T>::members;
  static_assert(members::size == artifact_traits<T>::field_names.size(), "artifact_traits: as many field_names as members");
  static_assert(members::size <= 64, "a struct may declare at most 64 fields; group some of them in a nested struct");
  static_assert(all_different(artifact_traits<T>::field_names), "a field is listed twice");
  return describe_fields<T>(members{}, std::make_index_sequence<members::size>{});
}
/// The one table of a type, in static memory.
template <record T>
inline constexpr auto field_table = make_field_table<T>();

/// A struct with declared fields, as part of another or by itself.
template <record T>
struct field_codec<T> {
  static bool write(payload_writer& to, T const& value) { return to.write_fields(&value, field_table<T>); }
  static bool read(payload_reader& from, T& to) { return from.read_fields(&to, field_table<T>); }
  static constexpr shape describe() { return {.kind = shape_kind::record, .fields = field_table<T>}; }
};

/// What type_of() keeps.
template <artifact_value T>
artifact_type describe_artifact() {
  using traits = artifact_traits<T>;
  static_assert(good_wire_name(traits::name), "the wire name must be 1 to 255 printable ASCII characters without spaces");
  return {.name = traits::name,
          .version = traits::version,
          .cpp_type = &typeid(T),
          .schema_hash = stable_hash(describe(shape_of<T>())),
          .encode = [](void const* value, bytes& out) { return encode_record(traits::name, value, field_table<T>, out); },
          .decode = [](bytes_view encoded) -> result<std::shared_ptr<void const>> {
            auto value = std::allocate_shared<T>(detail::block_allocator<T>{});
            if (auto done = decode_record(traits::name, encoded, value.get(), field_table<T>); !done) return done.error();
            return std::shared_ptr<void const>{std::move(value)};
          },
          .to_json = [](void const* value) { return record_to_json(traits::name, value, field_table<T>); },
          .json_schema = [] { return json_schema(shape_of<T>(), traits::name, traits::version); },
          .shape = &shape_of<T>};
}

}  // namespace codec

/// The description of an artifact type; the same object on every call. Thread-safe.
template <artifact_value T>
[[nodiscard]] artifact_type const& type_of() {
  static artifact_type const described = codec::describe_artifact<T>();
  return described;
}

/// A payload that holds the value; it is encoded when somebody asks for bytes.
template <class T>
requires artifact_value<std::remove_cvref_t<T>>
[[nodiscard]] payload make_payload(T&& value) {
  using type = std::remove_cvref_t<T>;
  return payload::holding(type_of<type>(), std::forward<T>(value));
}

/// The value of a payload: shared when it was made as a T in this process, otherwise decoded, once for all copies of the payload.
/// errc::bad_payload when the bytes are not a T. Thread-safe.
template <artifact_value T>
[[nodiscard]] result<std::shared_ptr<T const>> value_of(payload const& from) {
  auto value = from.as(type_of<T>());
  if (!value) return value.error();
  return std::static_pointer_cast<T const>(*std::move(value));
}

/// The same without a share in it: the value lives as long as any copy of the payload. errc::bad_payload, thrown.
template <artifact_value T>
[[nodiscard]] T const& value_in(payload const& from) {
  auto const& type = type_of<T>();
  if (auto const* const here = from.native(type)) return *static_cast<T const*>(here);
  return *static_cast<T const*>(from.look(type).value());
}

}  // namespace skein
