#include "tree_drawing.hpp"

#include <algorithm>

namespace skein {
namespace {

constexpr std::size_t indented_levels_max = 60;

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

/// Whether each line has no sibling after it.
std::vector<bool> last_siblings(std::vector<tree_line> const& lines) {
  std::vector<bool> last(lines.size());
  std::vector<bool> later;   // By depth: a sibling follows. Entries below a line belong to its own children.
  for (auto at = lines.size(); at-- > 0;) {
    auto const depth = lines[at].depth;
    later.resize(depth + 1);
    last[at] = !later[depth];
    later[depth] = true;
  }
  return last;
}

}  // namespace

std::vector<std::string> with_branches(std::vector<tree_line> const& lines) {
  auto const last = last_siblings(lines);
  std::vector<std::string> drawn;
  std::vector<std::string> indents(indented_levels_max + 1);   // By depth: what stands before the branch.
  for (std::size_t at = 0; at < lines.size(); ++at) {
    auto const depth = lines[at].depth;
    auto const& indent = indents[std::min(depth, indented_levels_max)];
    std::string left;
    if (depth > 0) left = indent + (last[at] ? "└─ " : "├─ ");
    if (depth > indented_levels_max) left += '[' + std::to_string(depth) + "] ";
    if (depth < indented_levels_max) indents[depth + 1] = depth == 0 ? "" : indent + (last[at] ? "   " : "│  ");
    drawn.push_back(left + one_line(lines[at].label));
  }
  std::size_t width = 0;
  for (auto const& line : drawn) width = std::max(width, characters(line));
  for (auto& line : drawn) line.append(width - characters(line) + 2, ' ');
  return drawn;
}

std::string one_line(std::string_view text) {
  std::string out{text};
  std::replace_if(out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return out;
}

std::string padded_left(std::string const& text, std::size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

}  // namespace skein
