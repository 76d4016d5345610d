// A tree of artifacts: each node publishes its children, a node without children publishes a leaf.
#pragma once

#include <skein/artifact.hpp>

#include <cstdint>

namespace skein::testing {

constexpr int tree_fan_out = 3;

struct node {
  int depth = 0;            ///< Levels below this one.
  std::int64_t place = 0;   ///< Unique in the tree; the root's is 0.
  SKEIN_ARTIFACT("tests.node", 1, depth, place)
};
struct leaf {
  std::int64_t place = 0;
  SKEIN_ARTIFACT("tests.leaf", 1, place)
};

/// How many leaves and nodes a whole tree has.
constexpr std::int64_t leaves_of_tree(int depth) { return depth == 0 ? 1 : tree_fan_out * leaves_of_tree(depth - 1); }
constexpr std::int64_t nodes_of_tree(int depth) { return depth == 0 ? 1 : 1 + tree_fan_out * nodes_of_tree(depth - 1); }

}  // namespace skein::testing
