#include <skein/tracing/span_view.hpp>

#include "span_bytes.hpp"

namespace skein {
namespace {

using flat::head_of;

std::string_view only(char const* bytes, flat::tag kind) noexcept {
  return (head_of(bytes).has & flat::bit(kind)) == 0 ? std::string_view{} : flat::find(flat::entries_of(bytes), kind);
}

timestamp at_ns(std::int64_t ns) noexcept { return timestamp{std::chrono::nanoseconds{ns}}; }

}  // namespace

std::string_view span_view::entries() const noexcept { return flat::entries_of(bytes_); }
std::string_view span_view::bytes() const noexcept { return {bytes_, static_cast<std::size_t>(head_of(bytes_).bytes)}; }

span_context span_view::context() const noexcept { return {head_of(bytes_).trace, head_of(bytes_).span, head_of(bytes_).flags}; }
span_id span_view::parent() const noexcept { return head_of(bytes_).parent; }
run_id span_view::run() const noexcept { return head_of(bytes_).run; }
span_kind span_view::kind() const noexcept { return head_of(bytes_).kind; }
span_type span_view::type() const noexcept { return head_of(bytes_).type; }
status_code span_view::status() const noexcept { return head_of(bytes_).status; }
timestamp span_view::start() const noexcept { return at_ns(head_of(bytes_).start_ns); }
timestamp span_view::end() const noexcept { return at_ns(head_of(bytes_).end_ns); }

std::string_view span_view::name() const noexcept { return flat::find(entries(), flat::tag::name); }
std::string_view span_view::status_message() const noexcept { return only(bytes_, flat::tag::message); }
std::string_view span_view::service() const noexcept { return only(bytes_, flat::tag::service); }
std::string_view span_view::scope() const noexcept { return only(bytes_, flat::tag::scope); }
std::string_view span_view::inputs() const noexcept { return only(bytes_, flat::tag::inputs); }
std::string_view span_view::outputs() const noexcept { return only(bytes_, flat::tag::outputs); }

attributes_view span_view::attributes() const noexcept { return attributes_view{entries()}; }
bool span_view::has_events() const noexcept { return (head_of(bytes_).has & flat::bit(flat::tag::event)) != 0; }
bool span_view::has_service() const noexcept { return (head_of(bytes_).has & flat::bit(flat::tag::service)) != 0; }
bool span_view::has_links() const noexcept { return (head_of(bytes_).has & flat::bit(flat::tag::link)) != 0; }

bool span_view::next(std::string_view& rest, event_view& out) noexcept {
  for (flat::entry each; flat::next(rest, each);) {
    if (each.kind != flat::tag::event) continue;
    out = {at_ns(flat::load<std::int64_t>(each.value.data())), each.key, attributes_view{each.value.substr(sizeof(std::int64_t))}};
    return true;
  }
  return false;
}

bool span_view::next(std::string_view& rest, link_view& out) noexcept {
  for (flat::entry each; flat::next(rest, each);) {
    if (each.kind != flat::tag::link) continue;
    auto const target = flat::load<flat::link_head>(each.value.data());
    out = {{target.trace, target.span, target.flags}, attributes_view{each.value.substr(sizeof target)}};
    return true;
  }
  return false;
}

void span_view::read(span_record& out) const {
  out.context = context();
  out.parent = parent();
  out.run = run();
  out.name = name();
  out.kind = kind();
  out.type = type();
  out.status = status();
  out.status_message = status_message();
  out.start = start();
  out.end = end();
  out.service = service();
  out.scope = scope();
  out.inputs = inputs();
  out.outputs = outputs();
  out.attributes.clear();
  out.events.clear();
  out.links.clear();
  attributes().append_to(out.attributes);
  if (has_events()) {
    for_each_event([&](event_view const& each) {
      out.events.push_back({each.time, std::string{each.name}, {}});
      each.attributes.append_to(out.events.back().attributes);
    });
  }
  if (has_links()) {
    for_each_link([&](link_view const& each) {
      out.links.push_back({each.target, {}});
      each.attributes.append_to(out.links.back().attributes);
    });
  }
}

span_record span_view::record() const {
  span_record made;
  read(made);
  return made;
}

}  // namespace skein
