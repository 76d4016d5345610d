// Code that takes part in the life of a hub, as agent_component does in that of an agent:
//
//   struct no_secrets : skein::hub_component {
//     void on_artifact_published(skein::published_artifact& one) override {
//       if (auto const* note = one.value<memo>(); note && note->secret) one.block("it is marked as secret");
//     }
//   };
//   hub.with(no_secrets{});
//
// docs/components.md says of every hook when it runs and what becomes of what it throws.
#pragma once

#include <skein/agents/artifact.hpp>
#include <skein/bus/message.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace skein {

namespace agents {
class host_environment;
}

/// An artifact on its way to the board. Valid inside the hook only.
class published_artifact {
 public:
  /// For the hub: what is to be published, and who says whether the board can take another value.
  published_artifact(artifact_meta& meta, agents::host_environment const& around) noexcept : meta_(meta), around_(around) {}
  published_artifact(published_artifact const&) = delete;
  published_artifact& operator=(published_artifact const&) = delete;

  /// Wire name.
  [[nodiscard]] std::string const& type() const noexcept { return meta_.type; }
  /// What is known of it. The board has not given seq and created_at yet.
  [[nodiscard]] artifact_meta const& meta() const noexcept { return meta_; }
  /// The value, decoded; nullptr when it is of another type, or its bytes are no T. Lives until the value is replaced, or the hook returns.
  template <artifact_value T>
  [[nodiscard]] T const* value() {
    if (meta_.type != type_of<T>().name) return nullptr;
    auto found = value_of<T>(meta_.payload);
    if (!found) return nullptr;
    auto const* const seen = found->get();
    held_ = std::move(*found);
    return seen;
  }
  /// Another value of the same type in place of this one. errc::misuse when T is another type; too_large, bad_payload as for publish().
  template <artifact_value T>
  void replace(T value) {
    replace(type_of<T>(), make_payload(std::move(value)));
  }
  /// One more tag.
  void tag(std::string word);
  /// Keeps it off the board; the first reason counts. No later component sees it.
  void block(std::string reason);

  /// Whether a component has blocked it.
  [[nodiscard]] bool is_blocked() const noexcept { return blocked_; }
  /// Why; for people.
  [[nodiscard]] std::string const& reason() const noexcept { return reason_; }

 private:
  void replace(artifact_type const& type, payload value);

  artifact_meta& meta_;
  agents::host_environment const& around_;
  std::shared_ptr<void const> held_;
  std::string reason_;
  bool blocked_ = false;
};

/// One activation on its way to a host.
struct scheduled {
  std::string_view agent;                              ///< Whose handler will run.
  bus::attempt_ref activation;                         ///< Which attempt of which activation.
  std::vector<bus::artifact_ptr> const& inputs;        ///< Its artifacts, in declared order.
  bool local = true;                                   ///< To a host in the hub's own process; otherwise to a worker.
};

/// Derive, override what is wanted, and hand it to orchestrator::with. A hook that is not overridden is not called and makes no span; every other call is
/// a child span, named `<component> <hook>`, of the publish span of the artifact that it is about, or of the caller's. Hooks run outside every lock, on
/// several threads at once; none may wait for the hub (run_until_idle, invoke).
class hub_component {
 public:
  virtual ~hub_component() = default;

  /// An artifact of the program or of a handler, here or in a worker, is about to come onto the board: the hook may replace its value, tag it or block it. Runs
  /// on the thread that brings it, before predicates are asked. What the board itself publishes (skein.failure, skein.expired, skein.tick) is not shown. A
  /// throw fails the publication: publish() throws it as errc::handler_failed, an attempt that published it has failed.
  virtual void on_artifact_published(published_artifact&) {}
  /// An activation has been leased, and is about to leave for its host. A throw is logged.
  virtual void on_before_schedule(scheduled const&) {}
  /// It has left; the handler may already run. A throw is logged.
  virtual void on_agent_scheduled(scheduled const&) {}
  /// A run_until_idle() of the whole board has found it idle and returns after this; what is published here is for the next wait. A throw is logged.
  virtual void on_idle() {}
  /// The hub is being destroyed; handlers may still run. A throw is logged.
  virtual void on_shutdown() {}

  /// Lower runs first; equal ones in the order in which they were given. Asked once, by orchestrator::with.
  [[nodiscard]] virtual int priority() const { return 0; }
  /// What its spans are called by; empty (the default) = its C++ type. Asked once, by orchestrator::with.
  [[nodiscard]] virtual std::string_view name() const { return {}; }
};

namespace detail {

/// The hooks of a hub's component, as bits.
enum class hub_hook : std::uint8_t {
  artifact_published = 1,
  before_schedule = 2,
  agent_scheduled = 4,
  idle = 8,
  shutdown = 16,
};

/// A component of a hub and what is known of it.
struct installed_hub_component {
  std::shared_ptr<hub_component> code;     ///< The hub's.
  std::uint8_t hooks = 0;                  ///< Which it overrides.
  int priority = 0;                        ///< Lower runs first.
  std::string name;                        ///< For spans and messages.

  /// Whether it overrides the hook.
  [[nodiscard]] bool has(hub_hook hook) const noexcept { return (hooks & static_cast<std::uint8_t>(hook)) != 0; }
};

// As for agent_component: what C inherits from hub_component has the type of a member of hub_component; what cannot be looked at counts as overridden.
#define SKEIN_DETAIL_HOOK(hook, ...)                                                                 \
  (requires { requires std::same_as<decltype(&C::on_##hook), void (hub_component::*)(__VA_ARGS__)>; } \
       ? 0                                                                                           \
       : static_cast<int>(hub_hook::hook))

/// The hooks that C overrides.
template <std::derived_from<hub_component> C>
[[nodiscard]] constexpr std::uint8_t hub_hooks_of() {
  if constexpr (std::same_as<C, hub_component>) return 31;   // which they are shows at run time only
  return static_cast<std::uint8_t>(SKEIN_DETAIL_HOOK(artifact_published, published_artifact&) | SKEIN_DETAIL_HOOK(before_schedule, scheduled const&) |
                                   SKEIN_DETAIL_HOOK(agent_scheduled, scheduled const&) | SKEIN_DETAIL_HOOK(idle) | SKEIN_DETAIL_HOOK(shutdown));
}
#undef SKEIN_DETAIL_HOOK

/// Asks the component its name and priority.
template <std::derived_from<hub_component> C>
[[nodiscard]] installed_hub_component install(std::shared_ptr<C> component) {
  std::string name{component->name()};
  if (name.empty()) {
    hub_component const& object = *component;
    name = cpp_name(typeid(object));
  }
  int const priority = component->priority();
  return {std::move(component), hub_hooks_of<C>(), priority, std::move(name)};
}

}  // namespace detail
}  // namespace skein
