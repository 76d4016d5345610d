#include "codec_values.hpp"

#include <algorithm>
#include <variant>

namespace skein::bus::wire {

void write(writer& out, attempt_ref const& value) {
  out.fields(3);
  out.uint(value.no);
  out.id(value.id);
  out.uint(value.attempt);
}

attempt_ref read_attempt(reader& in) {
  attempt_ref value;
  in.fields(3, [&] {
    value.no = in.uint();
    value.id = in.id<activation_id>();
    value.attempt = in.as_uint<std::uint32_t>(1);
  });
  return value;
}

void write(writer& out, std::shared_ptr<visibility const> const& value) {
  if (!value) return out.nil();
  out.fields(4);
  out.texts(value->agents, "agents in one visibility");
  out.texts(value->labels, "labels in one visibility");
  out.text(value->tenant);
  out.sint(value->not_before.time_since_epoch().count());
}

std::shared_ptr<visibility const> read_visibility(reader& in) {
  if (in.nil()) return nullptr;
  auto value = std::make_shared<visibility>();
  in.fields(4, [&] {
    in.texts(value->agents);
    in.texts(value->labels);
    value->tenant = in.text();
    value->not_before = in.time();
  });
  return value;
}

void write(writer& out, std::shared_ptr<trace_headers const> const& value) {
  if (!value) return out.nil();
  out.fields(2);
  out.text(value->tracestate);
  out.text(value->baggage);
}

std::shared_ptr<trace_headers const> read_headers(reader& in) {
  if (in.nil()) return nullptr;
  auto value = std::make_shared<trace_headers>();
  in.fields(2, [&] {
    value->tracestate = in.text();
    value->baggage = in.text();
  });
  return value;
}

// ---- spans and runs ----

namespace {

void write(writer& out, attributes const& all) {
  out.items(all.size(), "attributes in one place");
  for (auto const& one : all) {
    out.fields(2);
    out.text(one.key);
    auto const& value = one.value.get();
    if (auto const* flag = std::get_if<bool>(&value)) out.boolean(*flag);
    if (auto const* number = std::get_if<std::int64_t>(&value)) out.sint(*number);
    if (auto const* number = std::get_if<double>(&value)) out.real(*number);
    if (auto const* text = std::get_if<std::string>(&value)) out.text(*text);
    if (auto const* list = std::get_if<std::vector<std::string>>(&value)) out.texts(*list, "texts in one attribute");
  }
}

attribute_value read_attribute_value(reader& in) {
  switch (in.next_type()) {
    case reader::wire_type::boolean: return in.boolean();
    case reader::wire_type::integer: return in.sint();
    case reader::wire_type::real: return in.real();
    case reader::wire_type::text: return in.text_view();
    case reader::wire_type::array: {
      std::vector<std::string> all;
      in.texts(all);
      return all;
    }
    default: in.fail_here("expected a bool, an integer, a float, a string or an array of strings"); return {};
  }
}

void read(reader& in, attributes& all) {
  in.list_in_place(all, 3, [&](attribute& one) {
    in.fields(2, [&] {
      one.key = in.text_view();
      one.value = read_attribute_value(in);
    });
  });
}

}  // namespace

void write(writer& out, span_record const& value) {
  out.fields(17);
  out.context(value.context);
  out.optional_id(value.parent);
  out.optional_id(value.run);
  out.text(value.name);
  out.enumerator(value.kind);
  out.enumerator(value.type);
  out.enumerator(value.status);
  out.text(value.status_message);
  out.sint(value.start.time_since_epoch().count());
  out.sint(value.end.time_since_epoch().count());
  out.text(value.service);
  out.text(value.scope);
  write(out, value.attributes);
  out.items(value.events.size(), "events of one span");
  for (auto const& event : value.events) {
    out.fields(3);
    out.sint(event.time.time_since_epoch().count());
    out.text(event.name);
    write(out, event.attributes);
  }
  // A link to nothing says nothing, and would make the frame unreadable.
  auto const is_valid = [](span_link const& link) { return link.target.valid(); };
  out.items(static_cast<std::size_t>(std::ranges::count_if(value.links, is_valid)), "links of one span");
  for (auto const& link : value.links) {
    if (!is_valid(link)) continue;
    out.fields(2);
    out.context(link.target);
    write(out, link.attributes);
  }
  out.text(value.inputs);
  out.text(value.outputs);
}

namespace {

span_context read_required_context(reader& in) {
  auto const value = in.context();
  if (in.ok() && !value.valid()) in.fail_before("expected a trace context, found nil");
  return value;
}

span_event read_event(reader& in) {
  span_event event;
  in.fields(3, [&] {
    event.time = in.time();
    event.name = in.text();
    read(in, event.attributes);
  });
  return event;
}

span_link read_link(reader& in) {
  span_link link;
  in.fields(2, [&] {
    link.target = read_required_context(in);
    read(in, link.attributes);
  });
  return link;
}

}  // namespace

void read_span(reader& in, span_record& value) {
  in.fields(10, [&] {
    value.context = read_required_context(in);
    value.parent = in.optional_id<span_id>();
    value.run = in.optional_id<run_id>();
    value.name = in.text_view();
    value.kind = in.enumerator(last_span_kind);
    value.type = in.enumerator(last_span_type);
    value.status = in.enumerator(last_status);
    value.status_message = in.text_view();
    value.start = in.time();
    value.end = in.time();
    if (in.more()) value.service = in.text_view();
    if (in.more()) value.scope = in.text_view();
    if (in.more()) read(in, value.attributes);
    if (in.more()) in.list(value.events, 4, [&] { return read_event(in); });
    if (in.more()) in.list(value.links, 4 + context_bytes, [&] { return read_link(in); });
    if (in.more()) value.inputs = in.text_view();
    if (in.more()) value.outputs = in.text_view();
  });
}

void write(writer& out, run_record const& value) {
  out.fields(13);
  out.id(value.run);
  out.optional_id(value.trace);
  out.text(value.name);
  out.enumerator(value.status);
  out.sint(value.start.time_since_epoch().count());
  out.sint(value.end.time_since_epoch().count());
  out.uint(value.failures);
  write(out, value.attributes);
  write(out, value.tags);
  out.text(value.session);
  out.text(value.user);
  out.text(value.request_preview);
  out.text(value.response_preview);
}

run_record read_run(reader& in) {
  run_record value;
  in.fields(2, [&] {
    value.run = in.id<run_id>();
    value.trace = in.optional_id<trace_id>();
    if (in.more()) value.name = in.text();
    if (in.more()) value.status = in.enumerator(last_run_status);
    if (in.more()) value.start = in.time();
    if (in.more()) value.end = in.time();
    if (in.more()) value.failures = in.uint();
    if (in.more()) read(in, value.attributes);
    if (in.more()) read(in, value.tags);
    if (in.more()) value.session = in.text();
    if (in.more()) value.user = in.text();
    if (in.more()) value.request_preview = in.text();
    if (in.more()) value.response_preview = in.text();
  });
  return value;
}

}  // namespace skein::bus::wire
