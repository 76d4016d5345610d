// Span trees as text.
#include <skein/tracing/span_tree.hpp>

#include "tree_drawing.hpp"

#include <skein/tracing/elapsed.hpp>

#include <algorithm>
#include <iterator>
#include <ostream>
#include <utility>

namespace skein {
namespace {

/// Each span before those below it, without recursion: traces may be as deep as a chain of agents is long.
std::vector<std::pair<std::size_t, span_tree const*>> with_depths(span_tree const& top) {
  std::vector<std::pair<std::size_t, span_tree const*>> found, left{{0, &top}};
  while (!left.empty()) {
    auto const [depth, tree] = left.back();
    left.pop_back();
    found.emplace_back(depth, tree);
    for (auto child = tree->children.rbegin(); child != tree->children.rend(); ++child) left.emplace_back(depth + 1, &*child);
  }
  return found;
}

std::string status_text(span_record const& record) {
  if (record.status == status_code::unset || record.status == status_code::ok) return {};
  std::string text{to_string(record.status)};
  if (!record.status_message.empty()) text += ": " + one_line(record.status_message);
  return text;
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
  auto const spans = with_depths(tree);
  std::vector<tree_line> lines;
  for (auto const& [depth, span] : spans) lines.push_back({depth, span->label});
  auto const drawn = with_branches(lines);
  for (std::size_t at = 0; at < drawn.size(); ++at) {
    auto const& span = *spans[at].second;
    auto const& record = span.record;
    bool const ended = record.end != timestamp{};
    std::string kind{to_string(record.kind)};
    kind.resize(8, ' ');
    std::string text = drawn[at] + kind + padded_left(ended ? elapsed{record.end - record.start}.to_string() : "", 10);
    if (span.orphan) text += "  (parent unknown)";
    if (auto const status = status_text(record); !status.empty()) text += "  " + status;
    text.erase(text.find_last_not_of(' ') + 1);
    out << (at == 0 ? "" : "\n") << text;
  }
  return out;
}

std::string shape(span_tree const& tree, std::function<bool(std::string_view)> const& with_attribute) {
  return shape_of(tree, 0, with_attribute);
}

}  // namespace skein
