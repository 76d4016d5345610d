// Evaluating conditions on fields, and the keys of joins, on encoded payloads.
#include <skein/registry/field.hpp>

#include <skein/registry/field_key_value.hpp>
#include <skein/registry/payload_writer.hpp>
#include <skein/registry/utf8.hpp>

#include "msgpack_walk.hpp"
#include "native_record.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <compare>

namespace skein {
namespace {

using codec::msgpack_walk;
using codec::walked_kind;
using codec::walked_value;
using codec::wide_int;

constexpr double wide_bound = 0x1p100;   // integers and timestamps are all far below

std::partial_ordering compare_numbers(wide_int left, double right) noexcept {
  if (std::isnan(right)) return std::partial_ordering::unordered;
  if (right >= wide_bound) return std::partial_ordering::less;
  if (right <= -wide_bound) return std::partial_ordering::greater;
  double const whole = std::trunc(right);
  if (auto const order = left <=> static_cast<wide_int>(whole); order != 0) return order;
  return whole <=> right;
}

std::partial_ordering compare_numbers(walked_value const& left, wide_int right) noexcept {
  if (left.kind == walked_kind::integer) return left.integer <=> right;
  return 0 <=> compare_numbers(right, left.real);
}

/// unordered when they are of different kinds.
struct compare_with {
  walked_value const& left;

  std::partial_ordering operator()(bool right) const noexcept {
    bool const same = left.kind == walked_kind::boolean && left.boolean == right;
    return same ? std::partial_ordering::equivalent : std::partial_ordering::unordered;
  }
  std::partial_ordering operator()(std::int64_t right) const noexcept { return integer(right); }
  std::partial_ordering operator()(std::uint64_t right) const noexcept { return integer(right); }
  std::partial_ordering operator()(double right) const noexcept {
    if (left.kind == walked_kind::integer) return compare_numbers(left.integer, right);
    if (left.kind == walked_kind::real) return left.real <=> right;
    return std::partial_ordering::unordered;
  }
  std::partial_ordering operator()(std::string const& right) const noexcept {
    if (left.kind != walked_kind::text) return std::partial_ordering::unordered;
    return left.text <=> std::string_view{right};
  }

 private:
  [[nodiscard]] std::partial_ordering integer(wide_int right) const noexcept {
    bool const number = left.kind == walked_kind::integer || left.kind == walked_kind::real;
    return number ? compare_numbers(left, right) : std::partial_ordering::unordered;
  }
};

std::partial_ordering compare(walked_value const& left, field_value const& right) noexcept { return std::visit(compare_with{left}, right); }

bool is_in(walked_value const& left, std::vector<field_value> const& values) noexcept {
  return std::any_of(values.begin(), values.end(), [&](field_value const& one) { return compare(left, one) == 0; });
}

/// A part of a path as a number; nothing when it is not written as one.
std::optional<wide_int> path_number(std::string_view part) noexcept {
  auto const read = [&](auto& to) {
    auto const [end, failed] = std::from_chars(part.data(), part.data() + part.size(), to);
    return failed == std::errc{} && end == part.data() + part.size();
  };
  std::string_view const digits = part.starts_with('-') ? part.substr(1) : part;
  if (digits.starts_with('0') && digits != "0") return std::nullopt;
  std::int64_t number = 0;
  if (read(number)) return number;
  std::uint64_t large = 0;
  if (read(large)) return large;
  return std::nullopt;
}

/// A value and where to go on reading: what is in it comes first.
struct found_field {
  walked_value value;
  msgpack_walk at;
};

/// Goes into the map or list that was found. False when it has no such part.
bool enter(found_field& in, std::string_view part) noexcept {
  auto const number = path_number(part);
  if (in.value.kind == walked_kind::array) {
    if (!number || *number < 0 || *number >= in.value.count) return false;
    return in.at.skip(static_cast<std::uint64_t>(*number)) && in.at.take(in.value);
  }
  if (in.value.kind != walked_kind::map) return false;
  for (std::uint32_t pairs = in.value.count; pairs > 0; --pairs) {
    walked_value key;
    if (!in.at.take(key) || key.children() != 0) return false;
    bool const same = key.kind == walked_kind::text ? key.text == part : key.kind == walked_kind::integer && number == key.integer;
    if (same) return in.at.take(in.value);
    if (!in.at.skip(1)) return false;
  }
  return false;
}

/// Goes on from what was found by the parts of a path. False when there is nothing.
bool enter_all(found_field& in, std::string_view path) noexcept {
  for (;;) {
    std::size_t const dot = path.find('.');
    if (!enter(in, path.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    path.remove_prefix(dot + 1);
  }
}

/// Fields of an encoded payload.
struct encoded_fields {
  bytes_view encoded;

  template <class Look>
  auto look(std::string_view path, Look look) const noexcept {
    found_field found{{}, msgpack_walk{encoded}};
    bool const there = found.at.take(found.value) && found.value.kind == walked_kind::map && enter_all(found, path);
    if (!there) found.value = {};
    return look(found);
  }
};

/// What a scalar is once it is encoded; absent for a text that has no encoding.
struct walk_scalar {
  walked_value operator()(std::monostate) const noexcept { return {}; }
  walked_value operator()(bool value) const noexcept { return {.kind = walked_kind::boolean, .boolean = value}; }
  walked_value operator()(std::int64_t value) const noexcept { return {.kind = walked_kind::integer, .integer = value}; }
  walked_value operator()(std::uint64_t value) const noexcept { return {.kind = walked_kind::integer, .integer = value}; }
  walked_value operator()(float value) const noexcept { return {.kind = walked_kind::real, .real = value}; }
  walked_value operator()(double value) const noexcept { return {.kind = walked_kind::real, .real = value}; }
  walked_value operator()(std::string_view value) const noexcept {
    if (!utf8::is_valid(value)) return {};
    return {.kind = walked_kind::text, .text = value};
  }
};

/// The field of that name where it is a scalar; null for any other.
codec::field const* find_scalar(native_record const& in, std::string_view name) noexcept {
  for (auto const& each : in.fields) {
    if (each.name == name && each.look) return &each;
  }
  return nullptr;
}

/// Fields of a typed value where it was made. A scalar is looked at; of others only what the path begins with is encoded, so that both kinds read the same.
struct native_fields {
  native_record of;

  template <class Look>
  auto look(std::string_view path, Look look) const {
    // Mostly it is a field's name, and a scalar.
    if (auto const* const field = find_scalar(of, path)) return look(found_field{std::visit(walk_scalar{}, field->look(of.object)), msgpack_walk{{}}});
    std::size_t const dot = path.find('.');
    std::string_view const first = path.substr(0, dot);
    auto const named = std::find_if(of.fields.begin(), of.fields.end(), [&](codec::field const& each) { return each.name == first; });
    return look_inside(named, dot == std::string_view::npos ? std::nullopt : std::optional{path.substr(dot + 1)}, look);
  }

 private:
  /// `rest`: of the path, unless it ends with the field.
  template <class Look>
  auto look_inside(codec::field_span::iterator named, std::optional<std::string_view> rest, Look look) const {
    bytes encoded;   // stays empty where the writer has room for all of it
    codec::payload_writer to{encoded};
    // In a map of its own: so it is nested as deep as in the whole.
    bool const written = named != of.fields.end() && to.begin_map(1) && named->write(to, of.object);
    found_field found{{}, msgpack_walk{written ? to.written().subspan(1) : bytes_view{}}};
    bool const there = written && found.at.take(found.value) && (!rest || enter_all(found, *rest));
    if (!there) found.value = {};
    return look(found);
  }
};

/// Of a payload that is to be read where it was made: nobody has encoded it.
std::optional<native_record> unencoded_record_in(payload const& of) noexcept { return of.encoded_size_if_known() == 0 ? native_record_in(of) : std::nullopt; }

/// Calls `read` with the fields of the payload: of its bytes where it has them, otherwise of the value.
template <class Read>
auto read_fields(payload const& of, Read read) {
  auto const record = unencoded_record_in(of);
  if (record) return read(native_fields{*record});
  auto const encoded = of.encoded();
  return read(encoded_fields{encoded ? *encoded : bytes_view{}});
}

bool contains(found_field in, field_value const& wanted) noexcept {
  if (in.value.kind == walked_kind::text) {
    auto const* text = std::get_if<std::string>(&wanted);
    return text != nullptr && in.value.text.find(*text) != std::string_view::npos;
  }
  bool const is_map = in.value.kind == walked_kind::map;
  for (std::uint64_t left = is_map || in.value.kind == walked_kind::array ? in.value.count : 0; left > 0; --left) {
    walked_value one;
    if (!in.at.take(one)) return false;
    if (compare(one, wanted) == 0) return true;
    if (!in.at.skip(one.children() + (is_map ? 1 : 0))) return false;
  }
  return false;
}

bool holds_for(field_op op, found_field const& found, std::vector<field_value> const& values) noexcept {
  if (op == field_op::in) return is_in(found.value, values);
  if (op == field_op::exists) return found.value.kind != walked_kind::absent && found.value.kind != walked_kind::nil;
  if (values.empty()) return false;
  auto const order = compare(found.value, values.front());
  switch (op) {
    case field_op::equal: return order == 0;
    case field_op::not_equal: return order != 0;
    case field_op::less: return order < 0;
    case field_op::less_equal: return order <= 0;
    case field_op::greater: return order > 0;
    case field_op::greater_equal: return order >= 0;
    case field_op::contains: return contains(found, values.front());
    case field_op::starts_with: {
      auto const* text = std::get_if<std::string>(&values.front());
      return text != nullptr && found.value.kind == walked_kind::text && found.value.text.starts_with(*text);
    }
    default: return false;
  }
}

template <class Fields>
bool holds_within(field_expression const& one, Fields const& in, std::size_t depth_left) {
  if (depth_left == 0) return false;
  auto const operand = [&](field_expression const& each) { return holds_within(each, in, depth_left - 1); };
  switch (one.op) {
    case field_op::all_of: return std::all_of(one.operands.begin(), one.operands.end(), operand);
    case field_op::any_of: return std::any_of(one.operands.begin(), one.operands.end(), operand);
    case field_op::none_of: return std::none_of(one.operands.begin(), one.operands.end(), operand);
    default: return in.look(one.path, [&](found_field const& found) { return holds_for(one.op, found, one.values); });
  }
}

// Keys are put where they are wanted: a join makes one of every artifact.

constexpr char integer_mark = 'n';

void put_integer_key(std::int64_t value, field_key_value& to) {
  to.integer = value;
  to.text.clear();
}

void put_integer_key(wide_int value, field_key_value& to) {
  if (auto const narrow = static_cast<std::int64_t>(value); narrow == value) return put_integer_key(narrow, to);
  std::string digits;
  bool const negative = value < 0;
  do {
    auto const digit = static_cast<int>(value % 10);
    digits.insert(digits.begin(), static_cast<char>('0' + (digit < 0 ? -digit : digit)));
    value /= 10;
  } while (value != 0);
  to.integer = 0;
  to.text.assign(1, integer_mark).append(negative ? "-" : "").append(digits);
}

void put_text_key(char mark, std::string_view value, field_key_value& to) {
  to.integer = 0;
  to.text.assign(1, mark).append(value);
}

bool put_real_key(double value, field_key_value& to) {
  if (std::isnan(value)) return false;
  if (std::abs(value) < wide_bound && std::trunc(value) == value) return put_integer_key(static_cast<wide_int>(value), to), true;
  char text[32];
  put_text_key('r', {text, std::to_chars(text, text + sizeof text, value).ptr}, to);
  return true;
}

/// False when it is no key.
bool put_key(walked_value const& value, field_key_value& to) {
  switch (value.kind) {
    case walked_kind::boolean: put_text_key('b', value.boolean ? "1" : "0", to); return true;
    case walked_kind::integer: put_integer_key(value.integer, to); return true;
    case walked_kind::real: return put_real_key(value.real, to);
    case walked_kind::text: put_text_key('t', value.text, to); return true;
    case walked_kind::binary: put_text_key('x', value.text, to); return true;
    default: return false;
  }
}

bool put_key(codec::scalar const& value, field_key_value& to) {
  // Mostly it is a number.
  if (auto const* const number = std::get_if<std::int64_t>(&value)) return put_integer_key(*number, to), true;
  return put_key(std::visit(walk_scalar{}, value), to);
}

}  // namespace

bool holds(field_expression const& one, bytes_view encoded) noexcept { return holds_within(one, encoded_fields{encoded}, field_expression_depth_max); }

bool holds(field_expression const& one, payload const& of) noexcept {
  try {
    return read_fields(of, [&](auto const& in) { return holds_within(one, in, field_expression_depth_max); });
  } catch (...) {   // no memory to encode it
    return holds(one, bytes_view{});
  }
}

bool put_field_key(std::string_view path, payload const& of, field_key_value& to) noexcept {
  try {
    if (auto const record = unencoded_record_in(of)) {
      if (auto const* const field = find_scalar(*record, path)) return put_key(field->look(record->object), to);
    }
    return read_fields(of, [&](auto const& in) { return in.look(path, [&](found_field const& found) { return put_key(found.value, to); }); });
  } catch (...) {
    return false;
  }
}

std::optional<std::string> field_key(std::string_view path, payload const& of) noexcept {
  field_key_value key;
  if (!put_field_key(path, of, key)) return std::nullopt;
  return key.to_string();
}

std::string field_key_value::to_string() const { return text.empty() ? integer_mark + std::to_string(integer) : text; }

field_key_value field_key_value::parse(std::string_view written) {
  field_key_value made;
  char const* const end = written.data() + written.size();
  if (!written.empty() && written.front() == integer_mark) {
    auto const [last, failed] = std::from_chars(written.data() + 1, end, made.integer);
    if (failed == std::errc{} && last == end) return made;
  }
  return {0, std::string{written}};
}

}  // namespace skein
