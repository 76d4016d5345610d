// Span trees as text.
#include <skein/tracing/span_tree.hpp>

#include <skein/tracing/elapsed.hpp>

#include <algorithm>
#include <iterator>
#include <ostream>
#include <utility>

namespace skein {
namespace {

constexpr std::size_t indented_levels_max = 60;

/// One line of a drawing: the branch and label, then columns.
struct line {
  std::string left;
  std::size_t width = 0;   ///< Of `left`, in characters.
  span_tree const* tree = nullptr;
};

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

/// A name may hold anything; a line stays a line.
std::string one_line(std::string_view text) {
  std::string out{text};
  std::replace_if(out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return out;
}

/// A span that is still to be drawn: how deep, whether its last sibling, and what stands before its branch.
struct pending {
  span_tree const* tree;
  std::size_t depth;
  bool last;
  std::string indent;
};

std::string drawn(pending const& at) {
  std::string left;
  if (at.depth > 0) left = at.indent + (at.last ? "└─ " : "├─ ");
  if (at.depth > indented_levels_max) left += '[' + std::to_string(at.depth) + "] ";
  return left + one_line(at.tree->label);
}

void collect(span_tree const& top, std::vector<line>& lines) {
  std::vector<pending> stack{{&top, 0, true, ""}};
  while (!stack.empty()) {
    auto const at = std::move(stack.back());
    stack.pop_back();
    std::string left = drawn(at);
    auto const width = characters(left);
    lines.push_back({std::move(left), width, at.tree});
    std::string below = at.indent;
    if (at.depth > 0 && at.depth < indented_levels_max) below += at.last ? "   " : "│  ";
    for (auto child = at.tree->children.rbegin(); child != at.tree->children.rend(); ++child) {
      stack.push_back({&*child, at.depth + 1, child == at.tree->children.rbegin(), below});
    }
  }
}

std::string status_text(span_record const& record) {
  if (record.status == status_code::unset || record.status == status_code::ok) return {};
  std::string text{to_string(record.status)};
  if (!record.status_message.empty()) text += ": " + one_line(record.status_message);
  return text;
}

std::string padded_left(std::string const& text, std::size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

std::string shape_of(span_tree const& tree, std::size_t depth, std::function<bool(std::string_view)> const& with_attribute) {
  std::string out(depth * 2, ' ');
  out += tree.name;
  out += ' ';
  out += to_string(tree.record.kind);
  if (tree.orphan) out += " orphan";
  if (auto const status = status_text(tree.record); !status.empty()) out += ' ' + status;
  attributes shown;
  std::copy_if(tree.record.attributes.begin(), tree.record.attributes.end(), std::back_inserter(shown),
               [&](attribute const& each) { return with_attribute && with_attribute(each.key); });
  std::sort(shown.begin(), shown.end(), [](attribute const& a, attribute const& b) { return a.key < b.key; });
  if (!shown.empty()) out += ' ' + to_json(shown);
  out += '\n';

  std::vector<std::string> below;
  for (auto const& child : tree.children) below.push_back(shape_of(child, depth + 1, with_attribute));
  std::sort(below.begin(), below.end());
  for (auto const& each : below) out += each;
  return out;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, span_tree const& tree) {
  std::vector<line> lines;
  collect(tree, lines);
  std::size_t width = 0;
  for (auto const& each : lines) width = std::max(width, each.width);

  bool first = true;
  for (auto const& each : lines) {
    if (!std::exchange(first, false)) out << '\n';
    auto const& record = each.tree->record;
    bool const ended = record.end != timestamp{};
    std::string text = each.left + std::string(width - each.width + 2, ' ');
    std::string kind{to_string(record.kind)};
    kind.resize(8, ' ');
    text += kind + padded_left(ended ? elapsed{record.end - record.start}.to_string() : "", 10);
    if (each.tree->orphan) text += "  (parent unknown)";
    if (auto const status = status_text(record); !status.empty()) text += "  " + status;
    text.erase(text.find_last_not_of(' ') + 1);
    out << text;
  }
  return out;
}

std::string shape(span_tree const& tree, std::function<bool(std::string_view)> const& with_attribute) {
  return shape_of(tree, 0, with_attribute);
}

}  // namespace skein
