// The setters: each takes the span's lock, and leaves a span alone that has ended.
#include <skein/tracing/span.hpp>

#include "span_state.hpp"

namespace skein::detail {
namespace {

constexpr std::size_t usual_attributes = 8;

template <class Change>
void change(ambient const& target, Change&& apply) {
  if (!target.span) return;
  std::lock_guard const lock{target.span->mutex};
  if (!target.span->ended) apply(*target.span);
}

/// Sets an attribute within the limit; false when there was no room.
bool set_within(attributes& all, std::size_t attributes_max, std::string_view key, attribute_value&& value) {
  if (all.size() >= attributes_max && find_attribute(all, key) == nullptr) return false;
  if (all.capacity() == 0) all.reserve(usual_attributes);
  set_attribute(all, key, std::move(value));
  return true;
}

std::uint32_t cut_to(attributes& all, std::size_t attributes_max) {
  if (all.size() <= attributes_max) return 0;
  auto const over = all.size() - attributes_max;
  all.resize(attributes_max);
  return static_cast<std::uint32_t>(over);
}

void set(span_state& state, std::string_view key, attribute_value&& value) {
  if (!set_within(state.record.attributes, state.run->limits.attributes_max, key, std::move(value))) ++state.dropped_attributes;
}

void add_event(span_state& state, span_event&& event) {
  if (state.record.events.size() >= state.run->limits.events_max) {
    ++state.dropped_events;
    return;
  }
  state.dropped_attributes += cut_to(event.attributes, state.run->limits.attributes_max);
  state.record.events.push_back(std::move(event));
}

void record_exception(ambient const& target, exception_text&& thrown) {
  auto const when = target.run->recorder->time().now();
  change(target, [&](span_state& state) {
    state.record.status = status_code::error;
    state.record.status_message = thrown.message;
    set(state, "error.type", thrown.type);
    if (state.seen && *state.seen == thrown) return;
    add_event(state, {when, "exception", {{"exception.type", thrown.type}, {"exception.message", thrown.message}}});
    state.seen = std::make_unique<exception_text>(std::move(thrown));
  });
}

}  // namespace

span_context span_target::context() const noexcept {
  if (target_.span) return target_.span->record.context;
  if (unrecorded_.valid() || !target_.run) return unrecorded_;
  return target_.run->context();
}

void span_target::put_attribute(std::string_view key, attribute_value&& value) const {
  change(target_, [&](span_state& state) { set(state, key, std::move(value)); });
}

void span_target::put_inputs(std::string&& json) const {
  change(target_, [&](span_state& state) { state.record.inputs = json::cut(std::move(json), state.run->limits.payload_bytes_max); });
}

void span_target::put_outputs(std::string&& json) const {
  change(target_, [&](span_state& state) { state.record.outputs = json::cut(std::move(json), state.run->limits.payload_bytes_max); });
}

void span_target::put_event(std::string_view name, attributes&& all) const {
  if (!target_.span) return;
  auto const when = target_.run->recorder->time().now();
  change(target_, [&](span_state& state) { skein::detail::add_event(state, {when, std::string{name}, std::move(all)}); });
}

void span_target::put_link(span_context const& to, attributes&& all) const {
  change(target_, [&](span_state& state) {
    if (state.record.links.size() >= state.run->limits.links_max) {
      ++state.dropped_links;
      return;
    }
    state.dropped_attributes += cut_to(all, state.run->limits.attributes_max);
    state.record.links.push_back({to, std::move(all)});
  });
}

void span_target::put_status(skein::status&& status) const {
  change(target_, [&](span_state& state) {
    state.record.status = status.code;
    state.record.status_message = std::move(status.message);
  });
}

void span_target::put_exception(std::exception_ptr exception) const {
  if (target_.span && exception) record_exception(target_, describe_exception(std::move(exception)));
}

void span_target::put_exception(std::exception const& exception) const {
  if (target_.span) record_exception(target_, describe_exception(exception));
}

void span_target::put_name(std::string_view name) const {
  change(target_, [&](span_state& state) { state.record.name = name; });
}

}  // namespace skein::detail
