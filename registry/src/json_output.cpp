// Msgpack to JSON. Typed values take the same way, so a payload shows the same whether its C++ type is known or not.
#include "json_text.hpp"
#include "msgpack_tree.hpp"

#include <skein/registry/json.hpp>
#include <skein/registry/json_scalar.hpp>
#include <skein/registry/payload_writer.hpp>

namespace skein {
namespace codec {
namespace {

void append_value(std::string& to, msgpack_tree const& tree, msgpack_node const& node);

void append_key(std::string& to, msgpack_tree const& tree, msgpack_node const& key) {
  if (key.kind == node_kind::text) return append_json_string(to, tree.text(key.range));
  to.append("\"").append(key.kind == node_kind::positive ? std::to_string(key.positive) : std::to_string(key.negative)).append("\"");
}

void append_extension(std::string& to, msgpack_tree const& tree, msgpack_node const& node) {
  timestamp_parts time;
  std::string written;
  if (read_timestamp(tree, node, time) && append_rfc3339(written, time.seconds, time.nanoseconds)) {
    to.append("\"").append(written).append("\"");
    return;
  }
  to.append("{\"ext\":").append(std::to_string(tree.extension_type(node))).append(",\"data\":\"");
  append_base64(to, tree.content(node));
  to += "\"}";
}

void append_array(std::string& to, msgpack_tree const& tree, msgpack_node const& node) {
  to += '[';
  msgpack_node const* at = &node + 1;
  for (std::uint32_t i = 0; i < node.count; ++i, at = at->next()) {
    if (i != 0) to += ',';
    append_value(to, tree, *at);
  }
  to += ']';
}

void append_map(std::string& to, msgpack_tree const& tree, msgpack_node const& node) {
  to += '{';
  msgpack_node const* key = &node + 1;
  for (std::uint32_t i = 0; i < node.count; ++i, key = key->next()->next()) {
    if (i != 0) to += ',';
    append_key(to, tree, *key);
    to += ':';
    append_value(to, tree, *key->next());
  }
  to += '}';
}

void append_value(std::string& to, msgpack_tree const& tree, msgpack_node const& node) {
  switch (node.kind) {
    case node_kind::nil: to += "null"; break;
    case node_kind::boolean: to += node.boolean ? "true" : "false"; break;
    case node_kind::positive: to += std::to_string(node.positive); break;
    case node_kind::negative: to += std::to_string(node.negative); break;
    case node_kind::float32: append_json_number(to, static_cast<float>(node.real)); break;
    case node_kind::float64: append_json_number(to, node.real); break;
    case node_kind::text: append_json_string(to, tree.text(node.range)); break;
    case node_kind::binary:
      to += '"';
      append_base64(to, tree.content(node));
      to += '"';
      break;
    case node_kind::extension: append_extension(to, tree, node); break;
    case node_kind::array: append_array(to, tree, node); break;
    case node_kind::map: append_map(to, tree, node); break;
  }
}

}  // namespace

std::string record_to_json(std::string_view type, void const* object, field_span fields) {
  bytes encoded;
  payload_writer to{encoded, payload_writer::bad_text::replace};
  std::string json;
  if (!to.write_fields(object, fields)) {
    append_json_string(json, to.fault.to_error(type).what());
    return json;
  }
  to.flush();
  msgpack_tree tree;
  codec_fault fault;
  if (!tree.parse(encoded, fault)) {
    append_json_string(json, fault.to_error(type).what());
    return json;
  }
  append_value(json, tree, *tree.root());
  return json;
}

}  // namespace codec

result<std::string> msgpack_to_json(bytes_view encoded) {
  codec::msgpack_tree tree;
  codec::codec_fault fault;
  if (!tree.parse(encoded, fault) || !codec::check_value(tree, *tree.root(), fault)) return fault.to_error("payload");
  std::string json;
  codec::append_value(json, tree, *tree.root());
  return json;
}

}  // namespace skein
