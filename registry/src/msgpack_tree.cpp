#include "msgpack_tree.hpp"

#include <skein/registry/payload_writer.hpp>

#include <bit>
#include <limits>

namespace skein::codec {
namespace {

/// An array or map, and how many values are still to come in it.
struct open_node {
  std::size_t index;
  std::uint64_t left;
};

constexpr char const* ends_early = "the bytes end before the value does";

}  // namespace

msgpack_node& msgpack_tree::push_large() {
  if (large_.empty()) {
    large_.reserve(4 * small_.size());
    large_.assign(small_.begin(), small_.end());
  }
  ++size_;
  return large_.emplace_back();
}

/// Adds a node of which the first bytes were read, and takes the rest of it, but for its elements. False when it is not there.
inline bool msgpack_tree::add(msgpack_format const& value, char const*& at, char const* end) {
  msgpack_node& node = push(value.kind);
  switch (value.kind) {
    case node_kind::nil:
      return true;
    case node_kind::boolean:
      node.boolean = value.number != 0;
      return true;
    case node_kind::positive:
    case node_kind::negative:
      node.positive = value.number;   // the bits of a negative
      return true;
    case node_kind::float32:
      node.real = static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(value.number)));
      return true;
    case node_kind::float64:
      node.real = std::bit_cast<double>(value.number);
      return true;
    case node_kind::array:
    case node_kind::map:
      node.count = static_cast<std::uint32_t>(value.number);
      return true;
    case node_kind::text:
    case node_kind::binary:
    case node_kind::extension:
      break;
  }
  auto const size = value.number + (value.kind == node_kind::extension ? 1 : 0);
  if (static_cast<std::uint64_t>(end - at) < size) return false;
  node.range = {static_cast<std::uint32_t>(at - input_), static_cast<std::uint32_t>(size)};
  at += size;
  return true;
}

bool msgpack_tree::parse(bytes_view input, codec_fault& fault) {
  if (input.empty()) return fault.fail("there are no bytes");
  if (input.size() > std::numeric_limits<std::int32_t>::max()) return fault.fail("2 GiB or more are too much for one payload");
  input_ = reinterpret_cast<char const*>(input.data());
  char const* at = input_;
  char const* const end = at + input.size();
  std::array<open_node, payload_depth_max> open;   // the arrays and maps around the current value
  std::size_t depth = 0;
  do {
    msgpack_format value;
    if (!take_format(at, end, value)) {
      bool const ended = at == end || static_cast<unsigned char>(*at) != never_used;
      return fault.fail(ended ? std::string{ends_early} : "byte " + std::to_string(at - input_) + " is not msgpack");
    }
    bool const has_parts = value.kind == node_kind::array || value.kind == node_kind::map;
    if (has_parts && depth == open.size()) return fault.fail("arrays and maps are nested more than " + std::to_string(payload_depth_max) + " deep");
    if (!add(value, at, end)) return fault.fail(ends_early);
    if (has_parts && value.number > 0) {
      open[depth++] = {size_ - 1, value.kind == node_kind::map ? 2 * value.number : value.number};
      continue;
    }
    for (; depth > 0 && --open[depth - 1].left == 0; --depth) {
      auto const index = open[depth - 1].index;
      node_at(index).extent = static_cast<std::uint32_t>(size_ - index);
    }
  } while (depth > 0);
  if (at != end) return fault.fail(std::to_string(end - at) + " bytes follow the value");
  return true;
}

bytes_view msgpack_tree::content(msgpack_node const& node) const noexcept {
  std::uint32_t const skip = node.kind == node_kind::extension ? 1 : 0;
  return {reinterpret_cast<std::byte const*>(input_) + node.range.offset + skip, node.range.size - skip};
}

}  // namespace skein::codec
