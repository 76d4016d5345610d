// SKEIN_ARTIFACT and SKEIN_FIELDS: the two macros that declare what of a struct travels.
//
//   struct topping { std::string name; int grams = 0;                 SKEIN_FIELDS(name, grams) };
//   struct pizza { std::string name; std::vector<topping> toppings;   SKEIN_ARTIFACT("pizza.pizza", 1, name, toppings) };
//
// The struct stays an aggregate. The macros expand to member functions without templates, so structs inside functions can use them;
// no semicolon follows. Names and order are what peers see: rename a field and old payloads lose it; adding and removing is safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace skein {

/// Pointers to the members that travel, in order; at most 64.
template <auto... Members>
struct field_list {
  /// How many.
  static constexpr std::size_t size = sizeof...(Members);
};

namespace codec {

/// What the macros return: `Self` tells a struct's own declaration from one that it inherited.
template <class Self, auto... Members>
struct declared_fields {
  /// The struct that the macro stands in.
  using self = Self;
  /// The listed members.
  using members = field_list<Members...>;
};

/// The names of the listed members, in order.
template <class... Names>
constexpr std::array<std::string_view, sizeof...(Names)> make_names(Names... names) {
  return {std::string_view{names}...};
}

}  // namespace codec
}  // namespace skein

/// Inside a struct that is part of artifacts: the fields that travel, at most 64, of the types that field_codec.hpp lists.
/// A field that the sender left out keeps its default; one that this program does not know is ignored.
#define SKEIN_FIELDS(...)                                                                                                      \
  constexpr auto skein_declared_fields_() const {                                                                              \
    using skein_self_ = ::std::remove_cvref_t<decltype(*this)>;                                                                \
    return ::skein::codec::declared_fields<skein_self_ __VA_OPT__(, SKEIN_DETAIL_LIST(SKEIN_DETAIL_MEMBER, __VA_ARGS__))>{};   \
  }                                                                                                                            \
  static constexpr auto skein_field_names_() {                                                                                 \
    return ::skein::codec::make_names(__VA_OPT__(SKEIN_DETAIL_LIST(SKEIN_DETAIL_NAME, __VA_ARGS__)));                          \
  }

/// Inside a struct that is an artifact: its wire name (unique on a board, 1 to 255 characters without spaces), its version, its fields.
/// Raise the version when the meaning of a field changes.
#define SKEIN_ARTIFACT(wire_name, wire_version, ...)                                     \
  static constexpr ::std::string_view skein_artifact_name_() { return wire_name; }       \
  static constexpr ::std::uint32_t skein_artifact_version_() { return wire_version; }    \
  SKEIN_FIELDS(__VA_ARGS__)

// A list macro over any number of arguments: each SKEIN_DETAIL_SCAN level doubles the number of rescans (C++20 __VA_OPT__ idiom).
#define SKEIN_DETAIL_MEMBER(field_name) &skein_self_::field_name
#define SKEIN_DETAIL_NAME(field_name) #field_name
#define SKEIN_DETAIL_PARENS ()
#define SKEIN_DETAIL_LIST(macro, ...) SKEIN_DETAIL_SCAN_256(SKEIN_DETAIL_STEP(macro, __VA_ARGS__))
#define SKEIN_DETAIL_STEP(macro, first, ...) macro(first) __VA_OPT__(, SKEIN_DETAIL_AGAIN SKEIN_DETAIL_PARENS(macro, __VA_ARGS__))
#define SKEIN_DETAIL_AGAIN() SKEIN_DETAIL_STEP
#define SKEIN_DETAIL_SCAN_256(...) SKEIN_DETAIL_SCAN_64(SKEIN_DETAIL_SCAN_64(__VA_ARGS__))
#define SKEIN_DETAIL_SCAN_64(...) SKEIN_DETAIL_SCAN_16(SKEIN_DETAIL_SCAN_16(SKEIN_DETAIL_SCAN_16(__VA_ARGS__)))
#define SKEIN_DETAIL_SCAN_16(...) SKEIN_DETAIL_SCAN_4(SKEIN_DETAIL_SCAN_4(SKEIN_DETAIL_SCAN_4(__VA_ARGS__)))
#define SKEIN_DETAIL_SCAN_4(...) SKEIN_DETAIL_SCAN_1(SKEIN_DETAIL_SCAN_1(SKEIN_DETAIL_SCAN_1(__VA_ARGS__)))
#define SKEIN_DETAIL_SCAN_1(...) __VA_ARGS__
