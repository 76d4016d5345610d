#include "component_hooks.hpp"

#include <skein/tracing/current.hpp>
#include <skein/tracing/exception_text.hpp>
#include <skein/tracing/log.hpp>

namespace skein::agents {

namespace {

std::string_view name_of(component_hook which) {
  switch (which) {
    case component_hook::initialize: return "on_initialize";
    case component_hook::pre_consume: return "on_pre_consume";
    case component_hook::pre_evaluate: return "on_pre_evaluate";
    case component_hook::post_evaluate: return "on_post_evaluate";
    case component_hook::post_publish: return "on_post_publish";
    case component_hook::error: return "on_error";
    case component_hook::terminate: return "on_terminate";
  }
  return "";
}

std::string span_name(installed_component const& one, component_hook which) { return one.name + ' ' + std::string{name_of(which)}; }

/// Calls one hook in a span under the current one. What it throws is in the span, and thrown on.
template <class Call>
void call_in_span(activation_frame& frame, installed_component const& one, component_hook which, Call&& call) {
  span_start start;
  start.name = span_name(one, which);
  start.parent = frame.span.context();
  start.scope = "skein";
  auto span = start_span(frame.inside().run, std::move(start));
  ambient_scope const inside{span.as_ambient()};
  try {
    call(*one.code);
  } catch (...) {
    span.record_exception(std::current_exception());
    span.end();
    throw;
  }
  span.end();
}

void log_throw(agent const& of, installed_component const& one, component_hook which) noexcept {
  try {
    auto const text = describe_exception(std::current_exception());
    log_warn("agent " + of.descriptor().name + ": " + span_name(one, which) + " threw " + text.type + ": " + text.message + "; this changes nothing else");
  } catch (...) {  // no memory for the line
  }
}

/// Calls the hook of every component that overrides it; what they throw is logged.
template <class Call>
void tell_all(activation_frame& frame, component_hook which, Call&& call) noexcept {
  for (auto const& one : frame.definition.components()) {
    if (!one.has(which)) continue;
    try {
      call_in_span(frame, one, which, call);
    } catch (...) {
      log_throw(frame.definition, one, which);
    }
  }
}

void terminate_from(agent const& of, std::size_t count) noexcept {
  auto const& all = of.components();
  while (count > 0) {
    auto const& one = all[--count];
    if (!one.has(component_hook::terminate)) continue;
    try {
      in_span(span_name(one, component_hook::terminate), [&] { one.code->on_terminate(); });
    } catch (...) {
      log_throw(of, one, component_hook::terminate);
    }
  }
}

}  // namespace

result<void> initialize_components(agent const& of) {
  auto const& all = of.components();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i].has(component_hook::initialize)) continue;
    try {
      in_span(span_name(all[i], component_hook::initialize), [&] { all[i].code->on_initialize(); });
    } catch (...) {
      auto const text = describe_exception(std::current_exception());
      terminate_from(of, i);
      return error{errc::misuse, "its component " + all[i].name + " could not be initialized (" + text.type + ": " + text.message + "); the agent was not added",
                   of.descriptor().name};
    }
  }
  return {};
}

void terminate_components(agent const& of) noexcept { terminate_from(of, of.components().size()); }

void call_hooks(activation_frame& frame, context& ctx, component_hook which) {
  for (auto const& one : frame.definition.components()) {
    if (frame.skipped) return;
    if (!one.has(which)) continue;
    call_in_span(frame, one, which, [&](agent_component& code) {
      if (which == component_hook::pre_consume) return code.on_pre_consume(ctx);
      if (which == component_hook::pre_evaluate) return code.on_pre_evaluate(ctx);
      code.on_post_evaluate(ctx);
    });
  }
}

void tell_published(activation_frame& frame, context& ctx) noexcept {
  tell_all(frame, component_hook::post_publish, [&](agent_component& code) { code.on_post_publish(ctx, ctx.outputs()); });
}

void tell_error(activation_frame& frame, context& ctx, bus::done const& how) noexcept {
  tell_all(frame, component_hook::error, [&](agent_component& code) {
    auto const& newest = frame.newest;
    code.on_error(ctx, {frame.agent().name, how.error_type, how.what, how.activation.id.to_string(), newest.run.to_string(), newest.type, how.activation.attempt});
  });
}

}  // namespace skein::agents
