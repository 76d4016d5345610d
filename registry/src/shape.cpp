// Shapes as text: one readable line for hashes and messages, and JSON Schema for tools.
#include <skein/registry/shape.hpp>

#include "join.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <vector>

namespace skein::codec {
namespace {

using json = nlohmann::ordered_json;

/// The records around the one being described, to stop where a type contains itself.
struct open_record {
  field const* fields;
  std::string place;  // JSON pointer
};
using open_records = std::vector<open_record>;

open_record const* find(open_records const& open, shape const& record) {
  // A record without fields cannot contain itself.
  auto const found = std::find_if(open.begin(), open.end(), [&](auto const& each) { return each.fields == record.fields.data(); });
  return record.fields.empty() || found == open.end() ? nullptr : &*found;
}

std::string describe_shape(shape const& described, open_records& open);

std::string describe_fields(field_span fields, open_records& open) {
  std::string text;
  for (field const& each : fields) {
    if (!text.empty()) text += ", ";
    text.append(each.name).append(": ").append(describe_shape(each.type(), open));
  }
  return text;
}

std::string describe_record(shape const& described, open_records& open) {
  if (auto const* outer = find(open, described)) return join({"^", std::to_string(open.data() + open.size() - outer)});
  open.push_back({described.fields.data(), {}});
  std::string text = describe_fields(described.fields, open);
  open.pop_back();
  return text;
}

std::string describe_tuple(shape const& described, open_records& open) {
  std::string text;
  for (shape_function each : described.elements) text.append(text.empty() ? "" : ", ").append(describe_shape(each(), open));
  return join({"(", text, ")"});
}

std::string describe_shape(shape const& described, open_records& open) {
  switch (described.kind) {
    case shape_kind::integer: return "integer";
    case shape_kind::real: return "float";
    case shape_kind::boolean: return "boolean";
    case shape_kind::text: return "string";
    case shape_kind::binary: return "bytes";
    case shape_kind::time: return "timestamp";
    case shape_kind::duration: return "nanoseconds";
    case shape_kind::optional: return join({describe_shape(described.element(), open), "?"});
    case shape_kind::list: return join({"[", describe_shape(described.element(), open), "]"});
    case shape_kind::fixed_list: {
      std::string const element = described.element != nullptr ? join({"[", describe_shape(described.element(), open), "]"}) : std::string{"bytes"};
      return join({element, " of ", std::to_string(described.size)});
    }
    case shape_kind::map: return join({described.integer_keys ? "<integer, " : "<string, ", describe_shape(described.element(), open), ">"});
    case shape_kind::tuple: return describe_tuple(described, open);
    case shape_kind::record: return join({"{", describe_record(described, open), "}"});
  }
  return {};
}

json schema_of(shape const& described, std::string const& place, open_records& open);

/// A key as a step of a JSON pointer inside a URI fragment. Field names of the macros are identifiers; others may hold anything.
std::string pointer_step(std::string_view name) {
  std::string step;
  for (char c : name) {
    if (c == '~') {
      step += "~0";
    } else if (c == '/') {
      step += "~1";
    } else {
      step += c;
    }
  }
  return step;
}

json schema_of_record(shape const& described, std::string const& place, open_records& open) {
  if (auto const* outer = find(open, described)) return {{"$ref", join({"#", outer->place})}};
  open.push_back({described.fields.data(), place});
  json properties = json::object();
  for (field const& each : described.fields) {
    properties[std::string{each.name}] = schema_of(each.type(), place + "/properties/" + pointer_step(each.name), open);
  }
  open.pop_back();
  return {{"type", "object"}, {"properties", std::move(properties)}};
}

json schema_of_tuple(shape const& described, std::string const& place, open_records& open) {
  json elements = json::array();
  for (shape_function each : described.elements) {
    elements.push_back(schema_of(each(), place + "/prefixItems/" + std::to_string(elements.size()), open));
  }
  std::size_t const size = described.elements.size();
  json schema{{"type", "array"}, {"items", false}, {"minItems", size}, {"maxItems", size}};
  if (size != 0) schema["prefixItems"] = std::move(elements);
  return schema;
}

json schema_of_list(shape const& described, std::string const& place, open_records& open) {
  json schema{{"type", "array"}, {"items", schema_of(described.element(), place + "/items", open)}};
  if (described.kind == shape_kind::fixed_list) {
    schema["minItems"] = described.size;
    schema["maxItems"] = described.size;
  }
  return schema;
}

json schema_of_map(shape const& described, std::string const& place, open_records& open) {
  json schema{{"type", "object"}, {"additionalProperties", schema_of(described.element(), place + "/additionalProperties", open)}};
  if (described.integer_keys) schema["propertyNames"] = {{"pattern", "^-?[0-9]+$"}};
  return schema;
}

json schema_of_binary() { return {{"type", "string"}, {"contentEncoding", "base64"}}; }

json schema_of(shape const& described, std::string const& place, open_records& open) {
  switch (described.kind) {
    case shape_kind::integer: return {{"type", "integer"}, {"minimum", described.min}, {"maximum", described.max}};
    case shape_kind::real: return {{"type", "number"}};
    case shape_kind::boolean: return {{"type", "boolean"}};
    case shape_kind::text: return {{"type", "string"}};
    case shape_kind::binary: return schema_of_binary();
    case shape_kind::time: return {{"type", "string"}, {"format", "date-time"}};
    case shape_kind::duration: return {{"type", "integer"}, {"description", "nanoseconds"}};
    case shape_kind::optional:
      return {{"anyOf", json::array({schema_of(described.element(), place + "/anyOf/0", open), json{{"type", "null"}}})}};
    case shape_kind::fixed_list:
      if (described.element == nullptr) return schema_of_binary();
      [[fallthrough]];
    case shape_kind::list: return schema_of_list(described, place, open);
    case shape_kind::map: return schema_of_map(described, place, open);
    case shape_kind::tuple: return schema_of_tuple(described, place, open);
    case shape_kind::record: return schema_of_record(described, place, open);
  }
  return {};
}

}  // namespace

std::string describe(shape const& described) {
  open_records open;
  if (described.kind == shape_kind::record) return describe_record(described, open);
  return describe_shape(described, open);
}

std::string json_schema(shape const& described, std::string_view title, std::uint32_t version) {
  open_records open;
  json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}, {"$comment", join({"version ", std::to_string(version)})}};
  schema.update(schema_of(described, {}, open));
  return schema.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace skein::codec
