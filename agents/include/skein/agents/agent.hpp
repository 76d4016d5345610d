// The agent builder: a name, subscriptions with handlers, publications, limits.
#pragma once

#include <skein/agents/handler.hpp>
#include <skein/agents/when.hpp>
#include <skein/registry/agent_descriptor.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace skein {

/// Describes an agent; `hub.add` takes a copy. A value: build it in one expression or step by step. Not thread-safe.
///
///   hub.add(skein::agent{"critic"}.on<pizza>([](pizza const& p) { return review{p.name}; }).publishes<review>());
class agent {
 public:
  /// The name is unique on a hub: 1 to 255 printable characters without spaces.
  explicit agent(std::string name) { descriptor_.name = std::move(name); }

  /// What it is for, for people who look at the hub. Routing does not depend on it.
  agent& description(std::string text) {
    descriptor_.description = std::move(text);
    return *this;
  }
  /// Handles every artifact of type T.
  template <artifact_value T, class Handler>
  agent& on(Handler handler) {
    return on(when<T>(), std::move(handler));
  }
  /// Handles the artifacts that the subscription takes. Several subscriptions of one agent are independent of each other.
  template <artifact_value T, class Handler>
  agent& on(subscription<T> const& which, Handler handler) {
    return add(which.descriptor(), which.predicate(), type_of<T>(), agents::make_handler<T>(std::move(handler)));
  }
  /// Declares that handlers may publish artifacts of these types; any other fails the activation.
  template <artifact_value... T>
  agent& publishes() {
    (add_output(type_of<T>()), ...);
    return *this;
  }
  /// How many activations run at once on one host; default 1.
  agent& max_concurrency(std::uint32_t activations) {
    descriptor_.max_concurrency = activations;
    return *this;
  }
  /// How failures are repeated; default: not at all.
  agent& retry(retry_policy policy) {
    descriptor_.retry = policy;
    return *this;
  }

  /// One subscription with its code; for hosts.
  struct reaction {
    std::function<bool(bus::artifact_data const&)> predicate;   ///< Empty = accepts all.
    agents::handler handler;                                    ///< Runs one attempt.
  };
  /// What the hub routes by, without code.
  [[nodiscard]] agent_descriptor const& descriptor() const noexcept { return descriptor_; }
  /// One for each subscription, in the order of their ordinals.
  [[nodiscard]] std::vector<reaction> const& reactions() const noexcept { return reactions_; }
  /// The types that it takes and publishes.
  [[nodiscard]] std::vector<artifact_type const*> const& types() const noexcept { return types_; }

 private:
  agent& add(subscription_descriptor which, std::function<bool(bus::artifact_data const&)> predicate, artifact_type const& type, agents::handler handler);
  void add_output(artifact_type const& type);

  agent_descriptor descriptor_;
  std::vector<reaction> reactions_;
  std::vector<artifact_type const*> types_;
};

}  // namespace skein
