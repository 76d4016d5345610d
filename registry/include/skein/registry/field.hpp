// field("cents") >= 50'000: a condition on an artifact's fields as data, so that it can be evaluated where there is no code of its type.
#pragma once

#include <skein/registry/artifact_type.hpp>
#include <skein/registry/payload.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace skein {

/// What a field is compared with. Integers compare with reals by value, exactly; values of different kinds are never equal, and never less or
/// greater; NaN is equal to nothing. An enum is its number; a duration is a number of nanoseconds, a time such a number since the epoch.
using field_value = std::variant<bool, std::int64_t, std::uint64_t, double, std::string>;

/// What a field_expression asks. The numbers travel.
enum class field_op : std::uint8_t {
  equal = 0,
  not_equal,       ///< Also true when the field is not there.
  less,
  less_equal,
  greater,
  greater_equal,
  in,              ///< Equal to one of `values`.
  contains,        ///< A text contains the text, a list the value, a map the key.
  starts_with,     ///< A text starts with the text.
  exists,          ///< The field is there and not nil.
  all_of,          ///< Every one of `operands`; true when there are none.
  any_of,          ///< One of `operands`; false when there are none.
  none_of,         ///< Not one of `operands`.
};

/// A condition on an artifact's fields. A value: compare, copy, send. Made with skein::field.
struct field_expression {
  field_op op = field_op::all_of;           ///< What is asked.
  std::string path;                         ///< Of the field: names joined by dots; empty for all_of, any_of and none_of.
  std::vector<field_value> values;          ///< One for comparisons, any number for `in`, none otherwise.
  std::vector<field_expression> operands;   ///< Of all_of, any_of and none_of.
  friend bool operator==(field_expression const&, field_expression const&) = default;
};

/// Both must hold.
[[nodiscard]] field_expression operator&&(field_expression left, field_expression right);
/// One must hold.
[[nodiscard]] field_expression operator||(field_expression left, field_expression right);
/// It must not hold.
[[nodiscard]] field_expression operator!(field_expression one);

/// How deep an expression may be nested, how many nodes and values it may have, and how long its texts may be in all; more is errc::invalid_argument.
inline constexpr std::size_t field_expression_depth_max = 32, field_expression_nodes_max = 1'024, field_expression_text_max = 65'536;

/// errc::invalid_argument: an empty path or part of one, the wrong number of values or operands, a text that is not UTF-8, an operation that there
/// is not, past a limit.
[[nodiscard]] result<void> check(field_expression const& one);
/// For people and messages: `cents >= 50000 && customer != "test"`.
[[nodiscard]] std::string to_string(field_expression const& one);

/// Whether it holds for an encoded payload. Reads only as much of the bytes as it needs; bytes that are no msgpack map make every field absent, bytes
/// that break off make those absent that come later. Never throws; what is nested deeper than field_expression_depth_max does not hold.
[[nodiscard]] bool holds(field_expression const& one, bytes_view encoded) noexcept;
/// The same. A value that nobody has encoded yet is asked for the field alone; what has no encoding (a text that is not UTF-8) is absent.
[[nodiscard]] bool holds(field_expression const& one, payload const& of) noexcept;
/// The value at `path` in a form that is equal exactly for equal values (numbers by value): the key of a join. nullopt when it is absent, nil, NaN, a
/// list or a map.
[[nodiscard]] std::optional<std::string> field_key(std::string_view path, payload const& of) noexcept;

/// Names a field of an artifact by its path (`customer.address.city`), for conditions and join keys that are data.
///
///   skein::when<order>().where(skein::field("cents") >= 50'000 && skein::field("customer") != "test")
class field {
 public:
  /// Names joined by dots; a number names an element of a list (the first is 0), or a key of a map whose keys are numbers.
  explicit field(std::string path) : path_(std::move(path)) {}
  /// As given.
  [[nodiscard]] std::string const& path() const noexcept { return path_; }

  /// The comparisons; each is false for a field that is absent, but for `!=`.
  template <class T>
  [[nodiscard]] field_expression operator==(T const& value) const {
    return compare(field_op::equal, value);
  }
  /// True for an absent field too.
  template <class T>
  [[nodiscard]] field_expression operator!=(T const& value) const {
    return compare(field_op::not_equal, value);
  }
  /// Numbers by value, texts by bytes.
  template <class T>
  [[nodiscard]] field_expression operator<(T const& value) const {
    return compare(field_op::less, value);
  }
  /// Numbers by value, texts by bytes.
  template <class T>
  [[nodiscard]] field_expression operator<=(T const& value) const {
    return compare(field_op::less_equal, value);
  }
  /// Numbers by value, texts by bytes.
  template <class T>
  [[nodiscard]] field_expression operator>(T const& value) const {
    return compare(field_op::greater, value);
  }
  /// Numbers by value, texts by bytes.
  template <class T>
  [[nodiscard]] field_expression operator>=(T const& value) const {
    return compare(field_op::greater_equal, value);
  }
  /// Equal to one of the values.
  template <class T>
  [[nodiscard]] field_expression in(std::initializer_list<T> values) const {
    field_expression made{field_op::in, path_, {}, {}};
    for (auto const& one : values) made.values.push_back(value_of(one));
    return made;
  }
  /// A text that contains the text, a list that contains the value, a map that has the key.
  template <class T>
  [[nodiscard]] field_expression contains(T const& value) const {
    return compare(field_op::contains, value);
  }
  /// A text that starts so.
  [[nodiscard]] field_expression starts_with(std::string_view text) const { return compare(field_op::starts_with, text); }
  /// It is there and not nil.
  [[nodiscard]] field_expression exists() const { return {field_op::exists, path_, {}, {}}; }

 private:
  template <class T>
  static field_value value_of(T const& value) {
    if constexpr (std::same_as<T, bool>) {
      return value;
    } else if constexpr (requires { value.time_since_epoch(); }) {
      return value_of(value.time_since_epoch());
    } else if constexpr (requires { std::chrono::duration_cast<std::chrono::nanoseconds>(value); }) {
      return static_cast<std::int64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(value).count());
    } else if constexpr (std::is_enum_v<T>) {
      return value_of(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::signed_integral<T>) {
      return static_cast<std::int64_t>(value);
    } else if constexpr (std::unsigned_integral<T>) {
      return static_cast<std::uint64_t>(value);
    } else if constexpr (std::floating_point<T>) {
      return static_cast<double>(value);
    } else {
      return std::string{std::string_view{value}};
    }
  }
  template <class T>
  [[nodiscard]] field_expression compare(field_op op, T const& value) const {
    return {op, path_, {value_of(value)}, {}};
  }

  std::string path_;
};

}  // namespace skein
