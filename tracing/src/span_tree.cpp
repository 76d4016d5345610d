#include <skein/tracing/span_tree.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <new>
#include <optional>
#include <unordered_map>

namespace skein {
namespace {

using index_list = std::vector<std::size_t>;

bool earlier(span_record const& a, span_record const& b) noexcept {
  return a.start != b.start ? a.start < b.start : a.context.span < b.context.span;
}

std::optional<std::size_t> find_root(std::vector<span_record> const& spans, std::unordered_map<span_id, std::size_t> const& places) {
  std::optional<std::size_t> without_known_parent;
  for (std::size_t index = 0; index < spans.size(); ++index) {
    if (spans[index].parent.empty()) return index;
    if (!without_known_parent && !places.contains(spans[index].parent)) without_known_parent = index;
  }
  return without_known_parent;
}

void label_siblings(std::vector<span_tree>& siblings) {
  std::map<std::string_view, std::size_t> total, used;
  for (auto const& each : siblings) ++total[each.name];
  for (auto& each : siblings) {
    each.label = total[each.name] == 1 ? each.name : each.name + '_' + std::to_string(++used[each.name]);
  }
}

/// Trees are assembled leaves first, so that depth costs no stack: traces may be as deep as a chain of agents is long.
struct assembly {
  std::vector<span_record> spans;
  std::vector<index_list> children;
  std::vector<bool> orphan;

  [[nodiscard]] index_list top_down(std::size_t root) const {
    index_list order{root};
    for (std::size_t next = 0; next < order.size(); ++next) {
      auto const& below = children[order[next]];
      order.insert(order.end(), below.begin(), below.end());
    }
    return order;
  }

  [[nodiscard]] span_tree build(index_list const& order) {
    std::vector<span_tree> done(spans.size());
    for (auto at = order.rbegin(); at != order.rend(); ++at) {
      auto& tree = done[*at];
      tree.name = tree.label = spans[*at].name;
      tree.record = std::move(spans[*at]);
      tree.orphan = orphan[*at];
      tree.children.reserve(children[*at].size());
      for (auto const child : children[*at]) tree.children.push_back(std::move(done[child]));
      label_siblings(tree.children);
    }
    return std::move(done[order.front()]);
  }
};

}  // namespace

span_tree::~span_tree() {
  // Taken apart level by level: destructors inside each other would need as much stack as the tree is deep.
  try {
    std::vector<span_tree> left = std::move(children);
    while (!left.empty()) {
      std::vector<span_tree> below = std::move(left.back().children);
      left.pop_back();
      std::move(below.begin(), below.end(), std::back_inserter(left));
    }
  } catch (std::bad_alloc const&) {
  }
}

result<span_tree> build_tree(std::vector<span_record> spans) {
  if (spans.empty()) return error{errc::not_found, "there is no tree of no spans"};
  std::sort(spans.begin(), spans.end(), earlier);
  std::unordered_map<span_id, std::size_t> places;
  for (std::size_t index = 0; index < spans.size(); ++index) {
    if (!places.emplace(spans[index].context.span, index).second) {
      return error{errc::corrupt, "two spans of one trace have the same id", spans[index].context.span.to_string()};
    }
  }
  auto const root = find_root(spans, places);
  if (!root) return error{errc::corrupt, "every span has its parent among the others", spans.front().context.trace.to_string()};

  assembly parts{std::move(spans), {}, {}};
  parts.children.resize(parts.spans.size());
  parts.orphan.resize(parts.spans.size());
  for (std::size_t index = 0; index < parts.spans.size(); ++index) {
    if (index == *root) continue;
    auto const parent = places.find(parts.spans[index].parent);
    parts.orphan[index] = parent == places.end();
    parts.children[parts.orphan[index] ? *root : parent->second].push_back(index);
  }
  auto const order = parts.top_down(*root);
  if (order.size() != parts.spans.size()) {
    return error{errc::corrupt, "parents of spans form a circle", parts.spans[*root].context.trace.to_string()};
  }
  return parts.build(order);
}

}  // namespace skein
