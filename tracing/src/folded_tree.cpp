#include <skein/tracing/folded_tree.hpp>

#include "tree_drawing.hpp"

#include <algorithm>
#include <ostream>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace skein {
namespace {

using span_group = std::vector<span_tree const*>;

/// Unset and ok are both shown as nothing, so they fold.
status_code shown_status(span_record const& record) { return record.status == status_code::ok ? status_code::unset : record.status; }

/// What makes spans alike, as text: names hold anything, so the rest comes first.
std::string likeness(span_tree const& span) {
  std::string key{static_cast<char>('a' + static_cast<int>(span.record.kind)),
                  static_cast<char>('a' + static_cast<int>(shown_status(span.record))), span.orphan ? 'o' : '-'};
  return key + span.name;
}

timestamp first_start(span_group const& group) {
  return (*std::min_element(group.begin(), group.end(), [](auto const* a, auto const* b) { return a->record.start < b->record.start; }))
      ->record.start;
}

/// The children of all in the group, alike ones together, in the order in which the first of each started.
std::vector<span_group> children_of(span_group const& group) {
  std::vector<span_group> found;
  std::unordered_map<std::string, std::size_t> places;
  for (auto const* parent : group) {
    for (auto const& child : parent->children) {
      auto const [place, fresh] = places.try_emplace(likeness(child), found.size());
      if (fresh) found.emplace_back();
      found[place->second].push_back(&child);
    }
  }
  std::vector<std::pair<timestamp, span_group>> ordered;
  for (auto& each : found) ordered.emplace_back(first_start(each), std::move(each));
  std::stable_sort(ordered.begin(), ordered.end(), [](auto const& a, auto const& b) { return a.first < b.first; });
  found.clear();
  for (auto& each : ordered) found.push_back(std::move(each.second));
  return found;
}

folded_span folded(span_group const& group, std::size_t depth) {
  auto const& first = *group.front();
  folded_span made;
  made.name = first.name;
  made.kind = first.record.kind;
  made.status = shown_status(first.record);
  made.orphan = first.orphan;
  made.depth = depth;
  made.count = group.size();
  std::set<std::string_view> messages;
  for (auto const* span : group) {
    auto const& record = span->record;
    if (!record.status_message.empty()) messages.insert(record.status_message);
    if (made.status_message.empty()) made.status_message = record.status_message;
    if (record.end == timestamp{}) continue;
    elapsed const duration = record.end - record.start;
    ++made.ended;
    made.total = made.total + duration;
    made.max = std::max<std::chrono::nanoseconds>(made.max, duration);
  }
  made.status_messages = messages.size();
  return made;
}

std::string status_text(folded_span const& span) {
  if (span.status == status_code::unset) return {};
  std::string text{to_string(span.status)};
  if (!span.status_message.empty()) text += ": " + one_line(span.status_message);
  if (span.status_messages > 1) text += " (and " + std::to_string(span.status_messages - 1) + " other)";
  return text;
}

std::string times_text(folded_span const& span) {
  constexpr std::size_t width = 10;
  if (span.ended == 0) return std::string(6 + width, ' ');
  if (span.count == 1) return std::string(6, ' ') + padded_left(span.total.to_string(), width);
  return "total " + padded_left(span.total.to_string(), width) + "  max " + padded_left(span.max.to_string(), width);
}

}  // namespace

folded_tree fold(span_tree const& tree) {
  folded_tree made;
  std::vector<std::pair<std::size_t, span_group>> left{{0, {&tree}}};
  while (!left.empty()) {
    auto const [depth, group] = std::move(left.back());
    left.pop_back();
    made.spans.push_back(folded(group, depth));
    auto below = children_of(group);
    for (auto each = below.rbegin(); each != below.rend(); ++each) left.emplace_back(depth + 1, std::move(*each));
  }
  return made;
}

std::ostream& operator<<(std::ostream& out, folded_tree const& tree) {
  std::vector<tree_line> lines;
  for (auto const& span : tree.spans) lines.push_back({span.depth, span.name + (span.count > 1 ? " ×" + std::to_string(span.count) : "")});
  auto const drawn = with_branches(lines);
  for (std::size_t at = 0; at < drawn.size(); ++at) {
    auto const& span = tree.spans[at];
    std::string kind{to_string(span.kind)};
    kind.resize(10, ' ');
    std::string text = drawn[at] + kind + times_text(span);
    if (span.orphan) text += "  (parent unknown)";
    if (auto const status = status_text(span); !status.empty()) text += "  " + status;
    text.erase(text.find_last_not_of(' ') + 1);
    out << (at == 0 ? "" : "\n") << text;
  }
  return out;
}

}  // namespace skein
