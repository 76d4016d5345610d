// Calling the hooks of an agent's components, each in a span of its own.
#pragma once

#include "activation_frame.hpp"

#include <skein/agents/component.hpp>

namespace skein::agents {

/// Initializes them in order. errc::misuse: one threw; those before it are terminated.
[[nodiscard]] result<void> initialize_components(agent const& of);
/// Terminates them, the last one first. What they throw is logged.
void terminate_components(agent const& of) noexcept;

/// Calls the hook of every component that overrides it; throws what the first one throws.
void call_hooks(activation_frame& frame, context& ctx, component_hook which);
/// on_post_publish. What they throw is logged.
void tell_published(activation_frame& frame, context& ctx) noexcept;
/// on_error. What they throw is logged.
void tell_error(activation_frame& frame, context& ctx, bus::done const& how) noexcept;

}  // namespace skein::agents
