// Trees as lines of text: the branches in front, and what the text of a span may hold.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace skein {

/// One node. The nodes of a tree stand in a list, each before those below it.
struct tree_line {
  std::size_t depth = 0;   ///< The root's is 0.
  std::string label;
};

/// Branches and labels, one text a line, all filled with spaces to one width and two more; past 60 levels the depth is a number.
[[nodiscard]] std::vector<std::string> with_branches(std::vector<tree_line> const& lines);

/// A name may hold anything; a line stays a line.
[[nodiscard]] std::string one_line(std::string_view text);

/// `text` with spaces in front up to `width` bytes.
[[nodiscard]] std::string padded_left(std::string const& text, std::size_t width);

}  // namespace skein
