// A trace with thousands of spans on a screen: siblings that are alike are one line.
//
//   std::cout << skein::fold(hub.traces().tree(run.id())) << '\n';
#pragma once

#include <skein/tracing/elapsed.hpp>
#include <skein/tracing/span_tree.hpp>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace skein {

/// Spans that are alike: siblings, or children of spans that were folded, with one name, kind and status.
struct folded_span {
  std::string name;                ///< Of each of them.
  span_kind kind = span_kind::internal;  ///< Of each of them.
  status_code status = status_code::unset;  ///< Of each of them.
  std::string status_message;      ///< Of the first of them that has one.
  std::size_t status_messages = 0; ///< How many different ones there are.
  bool orphan = false;             ///< Their parents are not in the tree: they hang under the root.
  std::size_t depth = 0;           ///< The root's is 0.
  std::uint64_t count = 0;         ///< How many spans.
  std::uint64_t ended = 0;         ///< Those that have a duration.
  elapsed total, max;              ///< Of their durations; spans that overlap count each.
};

/// A value, whatever the depth of the tree was.
struct folded_tree {
  std::vector<folded_span> spans;  ///< Each before those below it; in the order in which the first of each started.
};

/// Folds from the root down. Costs time and memory in proportion to the spans of the tree.
[[nodiscard]] folded_tree fold(span_tree const& tree);

/// Draws it, one line a folded span, without a line end after the last; deep ones as in a span_tree:
///
///     sbom                                 INTERNAL            1.35 s
///     ├─ publish dpkg.package ×812         PRODUCER  total    21.0 ms  max    98.1 us
///     │  └─ invoke_agent file_hasher ×812  CONSUMER  total     2.10 s  max     310 ms
///     └─ run_until_idle                    INTERNAL            1.20 s
std::ostream& operator<<(std::ostream& out, folded_tree const& tree);

}  // namespace skein
