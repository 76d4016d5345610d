// A parsed msgpack value as a flat list of nodes in reading order, each 16 bytes, with references into the input.
// Nodes are made from bytes that are there, never from announced sizes, so memory stays within 16 bytes per input byte and vector growth.
#pragma once

#include "msgpack_format.hpp"

#include <skein/registry/artifact_type.hpp>
#include <skein/registry/codec_fault.hpp>

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace skein::codec {

/// A stretch of input: the characters of a text, the content of a bin, the type byte and content of an extension.
struct input_range {
  std::uint32_t offset, size;
};

/// One value; the children of an array or map follow it (a map's: key, value, key, value).
struct msgpack_node {
  union {
    bool boolean;
    std::uint64_t positive;
    std::int64_t negative;  // always below 0
    double real;            // float32 too
    input_range range;      // text, binary, extension
    std::uint32_t count;    // elements of an array, pairs of a map
  };
  std::uint32_t extent;  // nodes of this value, its own and those inside
  node_kind kind;

  [[nodiscard]] msgpack_node const* next() const noexcept { return this + extent; }
};

class msgpack_tree {
 public:
  msgpack_tree() = default;
  msgpack_tree(msgpack_tree const&) = delete;
  msgpack_tree& operator=(msgpack_tree const&) = delete;

  /// Parses exactly one value, arrays and maps up to payload_depth_max deep. The input must outlive the tree. Call it once.
  [[nodiscard]] bool parse(bytes_view input, codec_fault& fault);

  [[nodiscard]] msgpack_node const* root() const noexcept { return large_.empty() ? small_.data() : large_.data(); }
  [[nodiscard]] std::string_view text(input_range range) const noexcept { return {input_ + range.offset, range.size}; }
  /// The bytes of a text or bin; of an extension without its type.
  [[nodiscard]] bytes_view content(msgpack_node const& node) const noexcept;
  /// The type of an extension.
  [[nodiscard]] int extension_type(msgpack_node const& node) const noexcept { return static_cast<signed char>(input_[node.range.offset]); }

 private:
  [[nodiscard]] bool add(msgpack_format const& value, char const*& at, char const* end);
  msgpack_node& push(node_kind kind) {
    msgpack_node& node = size_ < small_.size() ? small_[size_++] : push_large();
    node.extent = 1;
    node.kind = kind;
    return node;
  }
  msgpack_node& push_large();
  msgpack_node& node_at(std::size_t index) noexcept { return large_.empty() ? small_[index] : large_[index]; }

  char const* input_ = nullptr;
  std::size_t size_ = 0;
  std::array<msgpack_node, 64> small_;  // enough for most payloads, without an allocation
  std::vector<msgpack_node> large_;
};

/// Whether the node is a well-formed timestamp (extension -1 of 4, 8 or 12 bytes); its value in `to`.
[[nodiscard]] bool read_timestamp(msgpack_tree const& tree, msgpack_node const& node, timestamp_parts& to) noexcept;

/// `a string`, `an integer`, …: what a node is, for messages.
[[nodiscard]] std::string found(msgpack_tree const& tree, msgpack_node const& node);

/// Checks what parsing leaves open, at every depth: texts are UTF-8, keys are texts or integers and differ within their map.
[[nodiscard]] bool check_value(msgpack_tree const& tree, msgpack_node const& node, codec_fault& fault);
/// The part of it that concerns the keys of one map.
[[nodiscard]] bool check_keys(msgpack_tree const& tree, msgpack_node const& map, codec_fault& fault);

}  // namespace skein::codec
