// JSON to msgpack by the shape of a type; the type's own decoder then checks ranges and makes the value.
#include "json_text.hpp"

#include <skein/registry/json.hpp>
#include <skein/registry/payload_writer.hpp>

#include <nlohmann/json.hpp>

#include <charconv>
#include <limits>
#include <set>
#include <vector>

namespace skein {
namespace codec {
namespace {

using json = nlohmann::json;

std::string found(json const& value) {
  switch (value.type()) {
    case json::value_t::null:
      return "null";
    case json::value_t::object:
      return "an object";
    case json::value_t::array:
      return "an array";
    case json::value_t::string:
      return "a string";
    case json::value_t::boolean:
      return "a boolean";
    case json::value_t::number_float:
      return "a float";
    default:
      return "an integer";
  }
}

bool write_value(payload_writer& to, json const& value, shape const& wanted);

bool expected(payload_writer& to, char const* what, json const& value) {
  return to.fault.fail(std::string{"expected "} + what + ", found " + found(value));
}

bool write_integer(payload_writer& to, json const& value) {
  if (!value.is_number_integer()) return expected(to, "an integer", value);
  if (value.is_number_unsigned()) {
    to.write_uint(value.get<std::uint64_t>());
  } else {
    to.write_int(value.get<std::int64_t>());
  }
  return true;
}

bool write_real(payload_writer& to, json const& value) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (value.is_number()) return to.write_double(value.get<double>()), true;
  if (value == "NaN") return to.write_double(std::numeric_limits<double>::quiet_NaN()), true;
  if (value == "Infinity") return to.write_double(infinity), true;
  if (value == "-Infinity") return to.write_double(-infinity), true;
  return expected(to, "a number", value);
}

bool write_binary(payload_writer& to, json const& value) {
  if (!value.is_string()) return expected(to, "a string of base64", value);
  auto const data = parse_base64(value.get_ref<std::string const&>());
  return data ? to.write_binary(*data) : to.fault.fail("the string is not base64 (RFC 4648, with padding)");
}

bool write_time(payload_writer& to, json const& value) {
  if (!value.is_string()) return expected(to, "a string with a time", value);
  auto const ns = parse_rfc3339(value.get_ref<std::string const&>());
  if (!ns) return to.fault.fail("the string is not an RFC 3339 time such as 2026-01-31T12:00:00.5Z between the years 1678 and 2261");
  return to.write_time(*ns), true;
}

bool write_list(payload_writer& to, json const& value, shape const& wanted) {
  if (!value.is_array()) return expected(to, "an array", value);
  if (!to.begin_array(value.size())) return false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!write_value(to, value[i], wanted.element())) return to.fault.at_index(i);
  }
  return to.end(), true;
}

bool write_tuple(payload_writer& to, json const& value, shape const& wanted) {
  std::size_t const count = wanted.elements.size();
  if (!value.is_array()) return expected(to, "an array", value);
  if (value.size() != count)
    return to.fault.fail("expected exactly " + std::to_string(count) + " elements, found " + std::to_string(value.size()));
  if (!to.begin_array(count)) return false;
  for (std::size_t i = 0; i < count; ++i) {
    if (!write_value(to, value[i], wanted.elements[i]())) return to.fault.at_index(i);
  }
  return to.end(), true;
}

/// An integer key as JSON has to write it. Only the shortest form counts, so that none can come twice.
bool write_integer_key(payload_writer& to, std::string const& key) {
  char const* const end = key.data() + key.size();
  std::uint64_t positive = 0;
  std::int64_t negative = 0;
  std::from_chars(key.data(), end, positive);
  if (std::to_string(positive) == key) return to.write_uint(positive), true;
  std::from_chars(key.data(), end, negative);
  if (std::to_string(negative) == key) return to.write_int(negative), true;
  return to.fault.fail("the key must be a 64-bit integer");
}

bool write_map(payload_writer& to, json const& value, shape const& wanted) {
  if (!value.is_object()) return expected(to, "an object", value);
  if (!to.begin_map(value.size())) return false;
  for (auto const& [key, entry] : value.items()) {
    bool const key_written = wanted.integer_keys ? write_integer_key(to, key) : to.write_text(key);
    if (!key_written || !write_value(to, entry, wanted.element())) return to.fault.at_key(std::string_view{key});
  }
  return to.end(), true;
}

bool write_record(payload_writer& to, json const& value, shape const& wanted) {
  if (!value.is_object()) return expected(to, "an object", value);
  if (!to.begin_map(value.size())) return false;
  for (auto const& [key, entry] : value.items()) {
    field const* known = nullptr;
    std::string names;
    for (field const& each : wanted.fields) {
      if (each.name == key) known = &each;
      names.append(names.empty() ? "" : ", ").append(each.name);
    }
    if (known == nullptr) return to.fault.fail("there is no such field; the fields are " + names), to.fault.at_field(key);
    if (!to.write_text(key) || !write_value(to, entry, known->type())) return to.fault.at_field(key);
  }
  return to.end(), true;
}

bool write_value(payload_writer& to, json const& value, shape const& wanted) {
  switch (wanted.kind) {
    case shape_kind::integer:
    case shape_kind::duration:
      return write_integer(to, value);
    case shape_kind::real:
      return write_real(to, value);
    case shape_kind::boolean:
      if (!value.is_boolean()) return expected(to, "a boolean", value);
      return to.write_boolean(value.get<bool>()), true;
    case shape_kind::text:
      if (!value.is_string()) return expected(to, "a string", value);
      return to.write_text(value.get_ref<std::string const&>());
    case shape_kind::binary:
      return write_binary(to, value);
    case shape_kind::time:
      return write_time(to, value);
    case shape_kind::optional:
      if (value.is_null()) return to.write_nil(), true;
      return write_value(to, value, wanted.element());
    case shape_kind::fixed_list:
      if (wanted.element == nullptr) return write_binary(to, value);
      [[fallthrough]];
    case shape_kind::list:
      return write_list(to, value, wanted);
    case shape_kind::map:
      return write_map(to, value, wanted);
    case shape_kind::tuple:
      return write_tuple(to, value, wanted);
    case shape_kind::record:
      return write_record(to, value, wanted);
  }
  return false;
}

/// Parses JSON; nlohmann's parser alone would keep the last of doubled keys.
result<json> parse(std::string_view type, std::string_view text) {
  std::vector<std::set<std::string>> keys;  // of the objects around the current value
  std::string doubled;
  auto const watch = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second) doubled = parsed.get<std::string>();
    return true;
  };
  json value = json::parse(text.begin(), text.end(), watch, false);
  if (value.is_discarded()) return error{errc::bad_payload, std::string{type} + ": the text is not JSON"};
  if (!doubled.empty()) return error{errc::bad_payload, std::string{type} + ": the key \"" + doubled + "\" comes twice in one object"};
  return value;
}

}  // namespace
}  // namespace codec

result<payload> payload_from_json(artifact_type const& type, std::string_view json) {
  auto parsed = codec::parse(type.name, json);
  if (!parsed) return parsed.error();
  bytes encoded;
  codec::payload_writer to{encoded};
  if (!codec::write_value(to, *parsed, type.shape())) return to.fault.to_error(type.name);
  to.flush();
  auto value = type.decode(encoded);
  if (!value) return value.error();
  return payload{type, *std::move(value)};
}

}  // namespace skein
