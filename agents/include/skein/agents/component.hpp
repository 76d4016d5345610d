// Components take part in the life of an agent: they measure, check, count. docs/components.md says when each hook runs and what a throw does.
#pragma once

#include <skein/agents/context.hpp>
#include <skein/agents/outputs.hpp>
#include <skein/registry/failure.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace skein {

/// Derive, override what is wanted, and hand it to agent::with. A hook that is not overridden is not called and makes no span; every other call is
/// a child span of the attempt's `invoke_agent`, named `<component> <hook>`. There is one object for all copies of an agent: with
/// max_concurrency above 1, or several hosts in one program, hooks run on several threads at once.
class agent_component {
 public:
  virtual ~agent_component() = default;

  /// The agent is added to a host. A throw refuses the agent. Outside any attempt: a span only where the caller has one.
  virtual void on_initialize() {}
  /// The inputs are there, nothing is decoded. A throw fails the attempt.
  virtual void on_pre_consume(context&) {}
  /// Right before the handler, once an attempt (not for each candidate of best_of). A throw fails the attempt.
  virtual void on_pre_evaluate(context&) {}
  /// The handler has returned: ctx.outputs() shows what it made, ctx.publish() adds to it. A throw fails the attempt.
  virtual void on_post_evaluate(context&) {}
  /// The outputs have passed every rule and leave with the result right after this; should the hub have given the attempt up by then, they do not
  /// reach the board. A throw is logged.
  virtual void on_post_publish(context&, outputs const&) {}
  /// The attempt has failed, in the handler, in a hook or by a rule; it may be tried again. A throw is logged.
  virtual void on_error(context&, failure const&) {}
  /// The host stops, after the last handler; also when a later component refused to initialize. A throw is logged.
  virtual void on_terminate() {}

  /// Lower runs first; equal ones in the order in which they were given. Asked once, by agent::with.
  [[nodiscard]] virtual int priority() const { return 0; }
  /// What its spans are called by; empty (the default) = its C++ type. Asked once, by agent::with.
  [[nodiscard]] virtual std::string_view name() const { return {}; }
};

namespace agents {

/// The hooks of a component, as bits.
enum class component_hook : std::uint8_t {
  initialize = 1,
  pre_consume = 2,
  pre_evaluate = 4,
  post_evaluate = 8,
  post_publish = 16,
  error = 32,
  terminate = 64,
};

/// A component and what is known of it.
struct installed_component {
  std::shared_ptr<agent_component> code;   ///< Shared by all copies of the agent.
  std::uint8_t hooks = 0;                  ///< Which it overrides.
  int priority = 0;                        ///< Lower runs first.
  std::string name;                        ///< For spans and messages.

  /// Whether it overrides the hook.
  [[nodiscard]] bool has(component_hook hook) const noexcept { return (hooks & static_cast<std::uint8_t>(hook)) != 0; }
};

// A hook that C inherits from agent_component has the type of a member of agent_component. What cannot be looked at (private, overloaded) counts as
// overridden: calling one that does nothing is no harm.
#define SKEIN_DETAIL_HOOK(hook, ...)                                                                 \
  (requires { requires std::same_as<decltype(&C::on_##hook), void (agent_component::*)(__VA_ARGS__)>; } \
       ? 0                                                                                           \
       : static_cast<int>(component_hook::hook))

/// The hooks that C overrides.
template <std::derived_from<agent_component> C>
[[nodiscard]] constexpr std::uint8_t hooks_of() {
  if constexpr (std::same_as<C, agent_component>) return 127;   // which they are shows at run time only
  return static_cast<std::uint8_t>(SKEIN_DETAIL_HOOK(initialize) | SKEIN_DETAIL_HOOK(pre_consume, context&) | SKEIN_DETAIL_HOOK(pre_evaluate, context&) |
                                   SKEIN_DETAIL_HOOK(post_evaluate, context&) | SKEIN_DETAIL_HOOK(post_publish, context&, outputs const&) |
                                   SKEIN_DETAIL_HOOK(error, context&, failure const&) | SKEIN_DETAIL_HOOK(terminate));
}
#undef SKEIN_DETAIL_HOOK

/// Asks the component its name and priority.
template <std::derived_from<agent_component> C>
[[nodiscard]] installed_component install(std::shared_ptr<C> component) {
  std::string name{component->name()};
  if (name.empty()) {
    agent_component const& object = *component;
    name = cpp_name(typeid(object));
  }
  int const priority = component->priority();
  return {std::move(component), hooks_of<C>(), priority, std::move(name)};
}

}  // namespace agents
}  // namespace skein
