// What a msgpack parser leaves open and a payload may not have, and what its values are called.
#include "msgpack_tree.hpp"

#include <skein/registry/utf8.hpp>

#include <algorithm>

namespace skein::codec {
namespace {

constexpr std::uint32_t quadratic_keys_max = 16;  // comparing all pairs of so few is faster than sorting

/// A key in an order that has equal keys next to each other.
struct key_order {
  msgpack_tree const& tree;
  bool operator()(msgpack_node const* a, msgpack_node const* b) const noexcept {
    if (a->kind != b->kind) return a->kind < b->kind;
    if (a->kind == node_kind::text) return tree.text(a->range) < tree.text(b->range);
    return a->positive < b->positive;  // the bits of a negative serve as well
  }
};

bool at_key(msgpack_tree const& tree, msgpack_node const& key, codec_fault& fault) {
  if (key.kind == node_kind::text) return fault.at_key(tree.text(key.range));
  if (key.kind == node_kind::positive) return fault.at_key(key.positive);
  return fault.at_key(key.negative);
}

bool duplicate(msgpack_tree const& tree, msgpack_node const& key, codec_fault& fault) {
  fault.fail("duplicate key");
  return at_key(tree, key, fault);
}

}  // namespace

bool read_timestamp(msgpack_tree const& tree, msgpack_node const& node, timestamp_parts& to) noexcept {
  if (node.kind != node_kind::extension || tree.extension_type(node) != timestamp_type) return false;
  bytes_view const content = tree.content(node);
  // Characters may look at any bytes.
  return read_timestamp({reinterpret_cast<char const*>(content.data()), content.size()}, to);
}

std::string found(msgpack_tree const& tree, msgpack_node const& node) {
  switch (node.kind) {
    case node_kind::nil:
      return "nil";
    case node_kind::boolean:
      return "a boolean";
    case node_kind::positive:
    case node_kind::negative:
      return "an integer";
    case node_kind::float32:
    case node_kind::float64:
      return "a float";
    case node_kind::text:
      return "a string";
    case node_kind::binary:
      return "bytes";
    case node_kind::array:
      return "an array";
    case node_kind::map:
      return "a map";
    case node_kind::extension:
      break;
  }
  timestamp_parts time;
  if (read_timestamp(tree, node, time)) return "a timestamp";
  return "extension " + std::to_string(tree.extension_type(node)) + " of " + std::to_string(tree.content(node).size()) + " bytes";
}

bool check_keys(msgpack_tree const& tree, msgpack_node const& map, codec_fault& fault) {
  key_order const less{tree};
  std::vector<msgpack_node const*> keys;
  std::array<msgpack_node const*, quadratic_keys_max> few;
  bool const many = map.count > quadratic_keys_max;
  if (many) keys.reserve(map.count);

  msgpack_node const* at = &map + 1;
  for (std::uint32_t i = 0; i < map.count; ++i) {
    if (at->kind != node_kind::text && at->kind != node_kind::positive && at->kind != node_kind::negative) {
      return fault.fail("a key must be a string or an integer, found " + found(tree, *at));
    }
    if (at->kind == node_kind::text && !utf8::is_valid(tree.text(at->range))) return fault.fail("a key is not UTF-8");
    if (many) {
      keys.push_back(at);
    } else {
      few[i] = at;
      for (std::uint32_t j = 0; j < i; ++j) {
        if (!less(few[j], at) && !less(at, few[j])) return duplicate(tree, *at, fault);
      }
    }
    at = at->next()->next();
  }
  std::sort(keys.begin(), keys.end(), less);
  auto const twin = std::adjacent_find(keys.begin(), keys.end(), [&](auto const* a, auto const* b) { return !less(a, b); });
  return twin == keys.end() || duplicate(tree, **twin, fault);
}

bool check_value(msgpack_tree const& tree, msgpack_node const& node, codec_fault& fault) {
  if (node.kind == node_kind::text) return utf8::is_valid(tree.text(node.range)) || fault.fail("the string is not UTF-8");
  if (node.kind == node_kind::array) {
    msgpack_node const* at = &node + 1;
    for (std::uint32_t i = 0; i < node.count; ++i, at = at->next()) {
      if (!check_value(tree, *at, fault)) return fault.at_index(i);
    }
  }
  if (node.kind == node_kind::map) {
    if (!check_keys(tree, node, fault)) return false;
    msgpack_node const* key = &node + 1;
    for (std::uint32_t i = 0; i < node.count; ++i, key = key->next()->next()) {
      if (!check_value(tree, *key->next(), fault)) return at_key(tree, *key, fault);
    }
  }
  return true;
}

}  // namespace skein::codec
