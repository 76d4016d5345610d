// The spans of a trace as the tree that they are, to walk and to print.
#pragma once

#include <skein/registry/error.hpp>
#include <skein/tracing/span_record.hpp>

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace skein {

/// A span and those under it. A value; may be as deep as memory allows.
struct span_tree {
  span_tree() = default;
  span_tree(span_tree const&) = default;
  span_tree(span_tree&&) noexcept = default;
  span_tree& operator=(span_tree const&) = default;
  span_tree& operator=(span_tree&&) noexcept = default;
  ~span_tree();

  span_record record;                 ///< The span.
  std::string name;                   ///< record.name.
  std::string label;                  ///< The name; where siblings share it: name_1, name_2, … in start order.
  bool orphan = false;                ///< Its parent is not in the tree: it hangs under the root.
  std::vector<span_tree> children;    ///< By start time, then span id.
};

/// The tree of the spans of one trace: its root is the earliest span without a parent, or, if all have one, the earliest whose parent is
/// not there. Other roots, and spans whose parent is not there, become children of the root, marked as orphans.
/// errc::not_found when there are no spans; corrupt when two spans have one id or parents form a circle.
[[nodiscard]] result<span_tree> build_tree(std::vector<span_record> spans);

/// Draws it, one line a span, without a line end after the last; past 60 levels the depth is a number instead of more indentation:
///
///     pizza_workflow                  INTERNAL   12.3 ms
///     ├─ publish pizza.idea           PRODUCER    102 us
///     │  └─ invoke_agent critic       CONSUMER   1.20 ms  error: no such pizza
///     └─ run_until_idle               INTERNAL            running
std::ostream& operator<<(std::ostream& out, span_tree const& tree);

/// The same without what differs between two runs of one program (ids, times): name, kind, status and the attributes whose keys
/// `with_attribute` accepts. Siblings that differ only in order come out in the same order. One line a span, each with a line end.
[[nodiscard]] std::string shape(span_tree const& tree, std::function<bool(std::string_view)> const& with_attribute = {});

}  // namespace skein
