#include "remote_spans.hpp"

#include <skein/agents/invoke_span.hpp>

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace skein {

namespace {

void interrupt_at(span_record& span, timestamp at) {
  span.status = status_code::interrupted;
  span.end = std::max(span.start, at);
}

/// The same spans; those without a service have the host's name.
span_batch with_service(span_batch&& spans, std::string const& host) {
  auto const all = spans.views();
  if (std::all_of(all.begin(), all.end(), [](span_view span) { return span.has_service(); })) return std::move(spans);
  span_batch made;
  for (auto span : spans) {
    if (span.service.empty()) span.service = host;
    made.push_back(span);
  }
  return made;
}

/// A span, and where it belongs among those of its message.
struct placed_span {
  timestamp start;
  std::size_t position;
  span_view span;
};

/// The spans by their starts, as their host says them.
boost::container::small_vector<placed_span, 8> parents_first(span_batch const& spans) {
  boost::container::small_vector<placed_span, 8> all;
  for (auto const span : spans.views()) all.push_back({span.start(), all.size(), span});
  std::sort(all.begin(), all.end(), [](auto const& a, auto const& b) { return std::tie(a.start, a.position) < std::tie(b.start, b.position); });
  return all;
}

/// An attempt's span as far as the hub can tell; `Attempt` is one of the two kinds that the bus tells of.
template <class Attempt>
span_record attempt_span(Attempt const& what) {
  auto start = agents::invoke_span(what.activation, what.agent, {}, what.inputs);
  auto const& newest = agents::newest_of(what.inputs);
  span_record made;
  made.context = {newest.context.trace, start.id, newest.context.flags};
  made.parent = start.parent.span;
  made.run = newest.run;
  made.name = std::move(start.name);
  made.kind = start.kind;
  made.type = start.type;
  made.start = what.leased_at;
  made.end = std::max(what.leased_at, what.at);
  made.service = what.host;
  made.scope = std::move(start.scope);
  made.attributes = std::move(start.attrs);
  made.links = std::move(start.links);
  return made;
}

}  // namespace

span_record interrupted_attempt(bus::lost_attempt const& what) {
  auto made = attempt_span(what);
  made.status = status_code::interrupted;
  made.status_message = what.why;
  set_attribute(made.attributes, "error.type", "skein.host_lost");
  return made;
}

span_record reported_attempt(bus::untraced_attempt const& what) {
  auto made = attempt_span(what);
  // The end is when the result came; the host's word on how long it took says when it began, as far as that is possible.
  auto const took = std::clamp<std::int64_t>(what.duration_ns, 0, (made.end - made.start).count());
  made.start = made.end - std::chrono::nanoseconds{took};
  if (what.outcome == bus::outcome::ok) return made;
  made.status = status_code::error;
  made.status_message = what.what;
  if (!what.error_type.empty()) set_attribute(made.attributes, "error.type", what.error_type);
  return made;
}

timestamp remote_spans::start_below(span_id const& parent, timestamp start) {
  if (!parent) return start;
  auto& above = decided_of(parent);
  start = std::max(start, above.start);
  if (above.first_child == timestamp{} || start < above.first_child) above.first_child = start;
  return start;
}

void remote_spans::know(span_id const& id, span_id const& parent, timestamp start) {
  std::lock_guard const held{mutex_};
  decided_of(id).start = start;
  if (!parent) return;
  auto& above = decided_of(parent);
  if (above.first_child == timestamp{} || start < above.first_child) above.first_child = start;
}

void remote_spans::fit(span_record& span) {
  std::lock_guard const held{mutex_};
  span.start = start_below(span.parent, span.start);
  if (span.end != timestamp{}) span.end = std::max(span.start, span.end);
  if (span.type != span_type::publish) return;
  // Its artifact was on the board by then.
  auto& own = decided_of(span.context.span);
  if (own.first_child == timestamp{} || span.start < own.first_child) own.first_child = span.start;
}

void remote_spans::put_right(span_batch& all, span_view span, std::chrono::nanoseconds offset, timestamp arrived) {
  auto const sent = span.start();
  auto start = start_below(span.parent(), std::min(sent + offset, arrived));
  auto& own = decided_of(span.context().span);
  if (own.start != timestamp{} && own.sent == sent) {
    start = own.start;  // it was shown while it was running
  } else if (own.first_child != timestamp{}) {
    start = std::min(start, own.first_child);
  }
  own.sent = sent;
  own.ended = span.status() != status_code::running;
  own.start = start;
  all.move_to(span, start, arrived);
}

bool remote_spans::has(span_id const& id) {
  std::lock_guard const held{mutex_};
  return decided_of(id).ended;
}

span_batch remote_spans::take(bus::remote_record&& what) {
  auto all = with_service(std::move(what.spans), what.host);
  auto const in_order = parents_first(all);
  std::lock_guard const held{mutex_};
  auto const offset = offsets_.heard(what.host, what.from, what.sent_at, what.received_at);
  auto const known = running_.empty() ? running_.end() : running_.find(what.host);
  auto* running = known == running_.end() ? nullptr : &known->second;
  for (auto const& placed : in_order) {
    auto const span = placed.span;
    put_right(all, span, offset, what.received_at);
    auto const id = span.context().span;
    if (span.status() != status_code::running) {
      if (running) running->erase(id);
      continue;
    }
    if (!running) running = &running_[what.host];
    if (running->size() < running_max) running->insert_or_assign(id, span.record());
  }
  if (running && running->empty()) running_.erase(what.host);
  return all;
}

std::vector<span_record> remote_spans::interrupt(std::string_view host, span_id const& top, timestamp at) {
  std::lock_guard const held{mutex_};
  std::vector<span_record> ended;
  auto const known = running_.find(std::string{host});
  if (known == running_.end()) return ended;
  auto& running = known->second;
  running.erase(top);
  std::unordered_multimap<span_id, span_id> children;
  for (auto const& [id, span] : running) children.emplace(span.parent, id);
  std::vector<span_id> parents{top};
  while (!parents.empty()) {
    auto const [first, last] = children.equal_range(parents.back());
    parents.pop_back();
    for (auto child = first; child != last; ++child) {
      auto node = running.extract(child->second);
      if (node.empty()) continue;
      parents.push_back(child->second);
      interrupt_at(node.mapped(), at);
      ended.push_back(std::move(node.mapped()));
    }
  }
  if (running.empty()) running_.erase(known);
  return ended;
}

std::vector<span_record> remote_spans::interrupt_all(timestamp at) {
  std::lock_guard const held{mutex_};
  std::vector<span_record> ended;
  for (auto& [host, running] : running_) {
    for (auto& [id, span] : running) {
      interrupt_at(span, at);
      ended.push_back(std::move(span));
    }
  }
  running_.clear();
  return ended;
}

}  // namespace skein
