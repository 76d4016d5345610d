// A worker that grows a tree. Says in the FIFO TREE_TOLD that it has started, and before it handles a node; keeps it open as long as it lives.
#include "distributed/support/tree.hpp"

#include <skein/skein.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

using skein::testing::leaf;
using skein::testing::node;
using skein::testing::tree_fan_out;

int main(int argc, char** argv) {
  char const* const path = std::getenv("TREE_TOLD");
  int const told = path ? ::open(path, O_WRONLY | O_CLOEXEC) : -1;
  auto const tell = [told](std::string_view line) { (void)!::write(told, line.data(), line.size()); };
  tell("started\n");
  auto const grow = [tell](node const& n, skein::context& ctx) {
    tell("handled\n");
    if (n.depth == 0) return void(ctx.publish(leaf{n.place}));
    for (int k = 1; k <= tree_fan_out; ++k) ctx.publish(node{n.depth - 1, tree_fan_out * n.place + k});
  };
  // A storm takes more leases from one activation than its policy would usually allow.
  return skein::serve(argc, argv,
                      skein::agent{"grower"}
                          .on(skein::when<node>().self_trigger(), grow)
                          .publishes<node, leaf>()
                          .retry({.losses_max = 1'000})
                          .max_concurrency(4));
}
