// The keys that join_by() takes: pointers to members and fields, which become paths, and lambdas, which stay code.
#pragma once

#include <skein/bus/artifact.hpp>
#include <skein/registry/artifact_traits.hpp>
#include <skein/registry/field.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace skein::agents {

/// What a key may be made of.
template <class V>
concept key_value = std::convertible_to<V const&, std::string_view> || std::integral<V> || std::is_enum_v<V>;

/// Whether M may be the key of a join as data: what key_value allows, reals, and optionals of both.
template <class M>
inline constexpr bool is_key_member = key_value<M> || std::floating_point<M>;
template <class M>
inline constexpr bool is_key_member<std::optional<M>> = is_key_member<M>;

/// Whether Key is a pointer to a data member of T that can be a key.
template <class Key, class T>
inline constexpr bool is_member_key = false;
template <class M, class Owner, class T>
requires std::derived_from<T, Owner>
inline constexpr bool is_member_key<M Owner::*, T> = std::is_object_v<M> && is_key_member<std::remove_cv_t<M>>;

/// Whether Key is code that makes the key of a T.
template <class Key, class T>
inline constexpr bool is_code_key = false;
/// What can be called with a T, and returns what a key may be made of.
template <class Key, class T>
requires(!std::is_member_pointer_v<Key> && std::invocable<Key&, T const&>)
inline constexpr bool is_code_key<Key, T> = key_value<std::remove_cvref_t<std::invoke_result_t<Key&, T const&>>>;

/// What join_by takes for a T.
template <class Key, class T>
concept join_key = std::same_as<Key, field> || is_member_key<Key, T> || is_code_key<Key, T>;

/// Whether no type stands twice.
template <class... T>
inline constexpr bool all_different = true;
/// Each is compared with those after it.
template <class First, class... Rest>
inline constexpr bool all_different<First, Rest...> = (!std::same_as<First, Rest> && ...) && all_different<Rest...>;

/// The name under which T lists the member; empty when it does not.
template <class T, class M, class Owner, auto... Members>
[[nodiscard]] std::string listed_name(M Owner::*key, field_list<Members...>) {
  T const sample{};
  void const* const wanted = std::addressof(sample.*key);
  std::string found;
  std::size_t at = 0;
  auto const look = [&](auto const& member) {
    // A struct and its first member have one address, but not one type.
    if constexpr (std::same_as<std::remove_cvref_t<decltype(member)>, std::remove_cv_t<M>>) {
      if (static_cast<void const*>(std::addressof(member)) == wanted) found = std::string{artifact_traits<T>::field_names[at]};
    }
    ++at;
  };
  (look(sample.*Members), ...);
  return found;
}

/// The path of a key that is data; empty for a member that is not listed.
template <class T>
[[nodiscard]] std::string key_path(field const& key) {
  return key.path();
}
/// The path of a member.
template <class T, class M, class Owner>
[[nodiscard]] std::string key_path(M Owner::*key) {
  return listed_name<T>(key, typename artifact_traits<T>::members{});
}

/// The text of a key that code made.
template <key_value V>
[[nodiscard]] std::string key_text(V const& value) {
  if constexpr (std::convertible_to<V const&, std::string_view>) {
    return std::string{std::string_view{value}};
  } else if constexpr (std::is_enum_v<V>) {
    return std::to_string(static_cast<std::underlying_type_t<V>>(value));
  } else {
    return std::to_string(value);
  }
}

/// A key as code: a lambda, or a member beside one.
template <class T, class Key>
[[nodiscard]] std::function<std::string(bus::artifact_data const&)> code_key(Key key) {
  if constexpr (std::is_member_pointer_v<Key>) {
    static_assert(key_value<std::remove_cvref_t<std::invoke_result_t<Key&, T const&>>>, "beside a lambda, a member that is a key is a string, integer or enum");
  }
  return [key = std::move(key)](bus::artifact_data const& of) { return key_text(std::invoke(key, value_in<T>(of.payload))); };
}

}  // namespace skein::agents
