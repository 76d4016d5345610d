// The setters: each takes the span's lock, and leaves a span alone that has ended.
#include <skein/tracing/span.hpp>

#include "entry_writer.hpp"
#include "span_state.hpp"

#include <utility>

namespace skein::detail {
namespace {

template <class Change>
void change(ambient const& target, Change&& apply) {
  if (target.span) target.span->enter(std::forward<Change>(apply));
}

void record_exception(ambient const& target, exception_text&& thrown) {
  auto const when = target.run->recorder->time().now();
  change(target, [&](span_state& state) {
    state.put_status(status_code::error, thrown.message);
    state.put_attribute(flat::tag::text, "error.type", thrown.type);
    auto& seen = state.more().seen;
    if (seen && *seen == thrown) return;
    state.put_event({when, "exception", {{"exception.type", thrown.type}, {"exception.message", thrown.message}}});
    seen = std::make_unique<exception_text>(std::move(thrown));
  });
}

}  // namespace

span_context span_target::context() const noexcept {
  if (target_.span) return target_.span->context;
  if (unrecorded_.valid() || !target_.run) return unrecorded_;
  return target_.run->context();
}

void span_target::put_attribute(std::string_view key, attribute_value const& value) const {
  flat::with_bytes(value, [&](flat::tag kind, std::string_view one) { target_.span->set(kind, key, one); });
}

void span_target::put_text(std::string_view key, std::string_view value) const { target_.span->set(flat::tag::text, key, value); }
void span_target::put_integer(std::string_view key, std::int64_t value) const {
  target_.span->set(flat::tag::integer, key, flat::bytes_of(value));
}
void span_target::put_real(std::string_view key, double value) const { target_.span->set(flat::tag::real, key, flat::bytes_of(value)); }
void span_target::put_boolean(std::string_view key, bool value) const { target_.span->set(flat::tag::boolean, key, flat::bytes_of(value)); }

void span_target::put_id(std::string_view key, id_text form, std::string_view digits) const {
  target_.span->set(form == id_text::uuid ? flat::tag::uuid : flat::tag::hex_id, key, digits);
}

void span_target::put_inputs(std::string&& json) const {
  change(target_, [&](span_state& state) {
    state.put_only(flat::tag::inputs, json::cut(std::move(json), state.run.limits.payload_bytes_max));
  });
}

void span_target::put_outputs(std::string&& json) const {
  change(target_, [&](span_state& state) {
    state.put_only(flat::tag::outputs, json::cut(std::move(json), state.run.limits.payload_bytes_max));
  });
}

void span_target::put_event(std::string_view name, attributes&& all) const {
  if (!target_.span) return;
  auto const when = target_.run->recorder->time().now();
  change(target_, [&](span_state& state) { state.put_event({when, std::string{name}, std::move(all)}); });
}

void span_target::put_link(span_context const& to, attributes&& all) const {
  change(target_, [&](span_state& state) { state.put_link({to, std::move(all)}); });
}

void span_target::put_status(skein::status&& status) const {
  change(target_, [&](span_state& state) { state.put_status(status.code, status.message); });
}

void span_target::put_exception(std::exception_ptr exception) const {
  if (target_.span && exception) record_exception(target_, describe_exception(std::move(exception)));
}

void span_target::put_exception(std::exception const& exception) const {
  if (target_.span) record_exception(target_, describe_exception(exception));
}

void span_target::put_name(std::string_view name) const {
  change(target_, [&](span_state& state) { state.put_only(flat::tag::name, name); });
}

}  // namespace skein::detail
