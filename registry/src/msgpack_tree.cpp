#include "msgpack_tree.hpp"

#include <skein/registry/payload_writer.hpp>

#include <msgpack.hpp>

#include <limits>

namespace skein::codec {

/// Receives msgpack::parse's events. The parser checks that announced strings are there before it reports them; announced
/// arrays and maps cost nothing until their elements come.
struct tree_builder : msgpack::null_visitor {
  explicit tree_builder(msgpack_tree& to) : tree(to) {}

  msgpack_tree& tree;
  std::array<std::uint32_t, payload_depth_max> open{};  // indexes of the arrays and maps around the current value
  std::size_t depth = 0;
  bool too_deep = false, malformed = false;

  bool visit_nil() { return tree.push(node_kind::nil), true; }
  bool visit_boolean(bool value) { return tree.push(node_kind::boolean).boolean = value, true; }
  bool visit_positive_integer(std::uint64_t value) { return tree.push(node_kind::positive).positive = value, true; }
  bool visit_negative_integer(std::int64_t value) {
    if (value >= 0) return visit_positive_integer(static_cast<std::uint64_t>(value));  // a signed format may hold either
    return tree.push(node_kind::negative).negative = value, true;
  }
  bool visit_float32(float value) { return tree.push(node_kind::float32).real = static_cast<double>(value), true; }
  bool visit_float64(double value) { return tree.push(node_kind::float64).real = value, true; }
  bool visit_str(char const* data, std::uint32_t size) { return visit_range(node_kind::text, data, size); }
  bool visit_bin(char const* data, std::uint32_t size) { return visit_range(node_kind::binary, data, size); }
  bool visit_ext(char const* data, std::uint32_t size) { return visit_range(node_kind::extension, data, size); }
  bool start_array(std::uint32_t count) { return start(node_kind::array, count); }
  bool end_array() { return end(); }
  bool start_map(std::uint32_t count) { return start(node_kind::map, count); }
  bool end_map() { return end(); }
  void parse_error(std::size_t, std::size_t) { malformed = true; }

 private:
  bool visit_range(node_kind kind, char const* data, std::uint32_t size) {
    // An empty string comes as a null pointer.
    std::uint32_t const offset = size == 0 ? 0 : static_cast<std::uint32_t>(data - tree.input_);
    return tree.push(kind).range = {offset, size}, true;
  }
  bool start(node_kind kind, std::uint32_t count) {
    if (depth == payload_depth_max) return too_deep = true, false;
    open[depth++] = static_cast<std::uint32_t>(tree.size_);
    return tree.push(kind).count = count, true;
  }
  bool end() {
    std::uint32_t const index = open[--depth];
    tree.at(index).extent = static_cast<std::uint32_t>(tree.size_) - index;
    return true;
  }
};

msgpack_node& msgpack_tree::push_large() {
  if (large_.empty()) {
    large_.reserve(4 * small_.size());
    large_.assign(small_.begin(), small_.end());
  }
  ++size_;
  return large_.emplace_back();
}

bool msgpack_tree::parse(bytes_view input, codec_fault& fault) {
  if (input.empty()) return fault.fail("there are no bytes");
  if (input.size() > std::numeric_limits<std::int32_t>::max()) return fault.fail("2 GiB or more are too much for one payload");
  input_ = reinterpret_cast<char const*>(input.data());
  std::size_t used = 0;
  tree_builder builder{*this};
  bool const whole = msgpack::parse(input_, input.size(), used, builder);
  if (builder.too_deep) return fault.fail("arrays and maps are nested more than " + std::to_string(payload_depth_max) + " deep");
  if (builder.malformed) return fault.fail("byte " + std::to_string(used) + " is not msgpack");
  if (!whole) return fault.fail("the bytes end before the value does");
  if (used != input.size()) return fault.fail(std::to_string(input.size() - used) + " bytes follow the value");
  return true;
}

bytes_view msgpack_tree::content(msgpack_node const& node) const noexcept {
  std::uint32_t const skip = node.kind == node_kind::extension ? 1 : 0;
  return {reinterpret_cast<std::byte const*>(input_) + node.range.offset + skip, node.range.size - skip};
}

}  // namespace skein::codec
