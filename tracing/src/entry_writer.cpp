#include "entry_writer.hpp"

#include "nanoseconds.hpp"

namespace skein::flat {
namespace {

/// Writes an entry whose value is `fixed`, then attributes.
void append_with(std::string& out, tag kind, std::string_view key, std::string_view fixed, attributes const& all) {
  key = key.substr(0, key_bytes_max);
  auto const at = out.size();
  out.append(word_bytes, '\0');
  out.append(key).append(fixed);
  append(out, all);
  auto const word = word_of(kind, key.size(), out.size() - at - word_bytes - key.size());
  std::memcpy(out.data() + at, &word, sizeof word);
}

void append_unless_empty(std::string& out, head& of, tag kind, std::string_view value) {
  if (value.empty()) return;
  of.has |= bit(kind);
  append(out, kind, {}, value);
}

}  // namespace

void append(std::string& out, tag kind, std::string_view key, std::string_view value) {
  key = key.substr(0, key_bytes_max);
  value = value.substr(0, value_bytes_max);
  auto const word = word_of(kind, key.size(), value.size());
  out.append(bytes_of(word)).append(key).append(value);
}

void append(std::string& out, attribute const& one) {
  with_bytes(one.value, [&](tag kind, std::string_view value) { append(out, kind, one.key, value); });
}

void append(std::string& out, attributes const& all) {
  for (auto const& each : all) append(out, each);
}

void append(std::string& out, span_event const& event) {
  append_with(out, tag::event, event.name, bytes_of(ns(event.time)), event.attributes);
}

void append(std::string& out, span_link const& link) {
  link_head const target{link.target.trace, link.target.span, link.target.flags};
  append_with(out, tag::link, {}, bytes_of(target), link.attributes);
}

std::string texts_bytes(std::vector<std::string> const& all) {
  std::string out;
  for (auto const& each : all) out.append(bytes_of(std::uint64_t{each.size()})).append(each);
  return out;
}

void append(std::string& out, span_record const& span) {
  auto const at = out.size();
  head top;
  top.trace = span.context.trace;
  top.span = span.context.span;
  top.parent = span.parent;
  top.run = span.run;
  top.start_ns = ns(span.start);
  top.end_ns = ns(span.end);
  top.flags = span.context.flags;
  top.kind = span.kind;
  top.type = span.type;
  top.status = span.status;
  out.append(sizeof top, '\0');
  append(out, tag::name, {}, span.name);
  append_unless_empty(out, top, tag::scope, span.scope);
  append_unless_empty(out, top, tag::service, span.service);
  append_unless_empty(out, top, tag::message, span.status_message);
  append(out, span.attributes);
  for (auto const& event : span.events) append(out, event);
  for (auto const& link : span.links) append(out, link);
  if (!span.events.empty()) top.has |= bit(tag::event);
  if (!span.links.empty()) top.has |= bit(tag::link);
  append_unless_empty(out, top, tag::inputs, span.inputs);
  append_unless_empty(out, top, tag::outputs, span.outputs);
  top.bytes = out.size() - at;
  std::memcpy(out.data() + at, &top, sizeof top);
}

}  // namespace skein::flat
