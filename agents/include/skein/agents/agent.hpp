// The agent builder: a name, subscriptions with handlers, publications, limits.
#pragma once

#include <skein/agents/component.hpp>
#include <skein/agents/handler.hpp>
#include <skein/agents/output.hpp>
#include <skein/agents/when.hpp>
#include <skein/registry/agent_descriptor.hpp>

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace skein {

class engine;

/// Describes an agent; `hub.add` takes a copy. A value: build it in one expression or step by step; copies share components and what handlers captured.
/// What cannot be is refused when it is added (errc::invalid_argument, naming the subscription). Not thread-safe.
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
  /// Handles every artifact of type T; with several types, groups of one of each in arrival order (`on<A, B>` is `on(when<A, B>(), …)`).
  template <artifact_value T, artifact_value... More, class Handler>
  agent& on(Handler handler) {
    return on(when<T, More...>(), std::move(handler));
  }
  /// Handles what the subscription takes. Several subscriptions of one agent are independent of each other. The handler takes a T const& (or artifact<T>
  /// const&) for each type in order; for batches one std::span<T const>, of groups std::span<std::tuple<A, B> const>; then, if it wants, context&.
  template <artifact_value... T, class Handler>
  agent& on(subscription<T...> const& which, Handler handler) {
    if constexpr (agents::handles_groups<Handler, T...>) {
      return add(which.plan(), agents::make_handler<T...>(std::move(handler)), form::groups);
    } else {
      return add(which.plan(), agents::make_batch_handler<T...>(std::move(handler)), form::batches);
    }
  }
  /// Handles skein.tick again and again; first after `period`, which is above 0. Ticks keep nobody from being idle; what was missed while the hub was down fires once.
  template <class Handler>
  agent& every(std::chrono::nanoseconds period, Handler handler) {
    return on_timer({period, {}, {}}, agents::make_handler<tick>(std::move(handler)));
  }
  /// Handles one skein.tick, at that time; at once if it has passed.
  template <class Handler>
  agent& at(std::chrono::sys_time<std::chrono::nanoseconds> time, Handler handler) {
    return on_timer({{}, time, {}}, agents::make_handler<tick>(std::move(handler)));
  }
  /// Handles skein.tick by five fields (minute hour day month weekday), UTC, as in crontab(5).
  template <class Handler>
  agent& cron(std::string fields, Handler handler) {
    return on_timer({{}, {}, std::move(fields)}, agents::make_handler<tick>(std::move(handler)));
  }
  /// What the engine that follows takes: `.consumes(when<A>()).engine(e).publishes<B>()`.
  template <artifact_value... T>
  agent& consumes(subscription<T...> const& which) {
    return add(which.plan(), nullptr, form::anything);
  }
  /// The engine makes the outputs of every consumes() before it that has no engine yet. It is shared by all copies of the agent, and runs on
  /// as many threads at once as max_concurrency says. Needs <skein/agents/engine.hpp>.
  agent& engine(std::shared_ptr<skein::engine> maker);
  /// The same for an engine by value.
  template <class Engine>
  requires std::derived_from<Engine, skein::engine>
  agent& engine(Engine maker) { return engine(std::shared_ptr<skein::engine>{std::make_shared<Engine>(std::move(maker))}); }

  /// Declares that handlers may publish artifacts of these types; any other fails the activation.
  template <artifact_value... T>
  agent& publishes() {
    (add_output(output<T>().rule()), ...);
    return *this;
  }
  /// The same, with rules: `publishes(skein::output<idea>().where(…))`. A type has rules once.
  template <artifact_value T, artifact_value... More>
  agent& publishes(output<T> const& first, output<More> const&... more) {
    add_output(first.rule());
    (add_output(more.rule()), ...);
    return *this;
  }

  /// Takes part in the life of this agent. The component moves into one object that all copies of the agent share.
  template <std::derived_from<agent_component> Component>
  agent& with(Component component) {
    return with(std::make_shared<Component>(std::move(component)));
  }
  /// The same for one that the caller keeps to look at.
  template <std::derived_from<agent_component> Component>
  agent& with(std::shared_ptr<Component> component) {
    return add_component(agents::install(std::move(component)));
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
  /// Runs the handler `count` times in each attempt, one after the other, and publishes what the best one made, by `worth`; the first of equals. One that throws is no
  /// candidate; when all throw, the attempt fails with what the last one threw.
  template <std::invocable<outputs const&> Score>
  agent& best_of(std::uint32_t count, Score worth) {
    candidates_ = count;
    score_ = [worth = std::move(worth)](outputs const& made) { return static_cast<double>(worth(made)); };
    return *this;
  }
  /// How long one attempt may take, from when a host is given it. Then ctx.cancelled() is true and the attempt counts as failed (`skein.deadline_exceeded`).
  agent& deadline(std::chrono::nanoseconds of_an_attempt) {
    if (of_an_attempt.count() <= 0) refuse("deadline() needs a time above 0; leave it out for attempts that may take as long as they take");
    descriptor_.rules.deadline = of_an_attempt;
    return *this;
  }
  /// Leaves the agent alone for a while when it keeps failing; what arrives waits.
  agent& breaker(breaker_policy policy) {
    descriptor_.rules.breaker = policy;
    return *this;
  }
  /// Starts it at most so often; the rest waits.
  agent& rate_limit(rate_policy policy) {
    descriptor_.rules.rate = policy;
    return *this;
  }
  /// A run that would start this agent once more than that fails instead: a loop of agents ends.
  agent& activations_max_per_workflow(std::uint64_t activations) {
    descriptor_.rules.activations_max_per_workflow = activations;
    return *this;
  }
  /// What visible_to_labels asks for.
  agent& labels(std::vector<std::string> words) {
    descriptor_.rules.labels = std::move(words);
    return *this;
  }
  /// What visible_to_tenant asks for.
  agent& tenant(std::string name) {
    descriptor_.rules.tenant = std::move(name);
    return *this;
  }

  /// One subscription with its code; for hosts.
  struct reaction {
    std::vector<agents::type_code> code;            ///< Predicates and keys by type; empty = accepts all.
    agents::handler handler;                        ///< Runs one attempt.
    std::vector<artifact_type const*> takes;        ///< The types of a group, in declared order.
  };
  /// What the hub routes by, without code.
  [[nodiscard]] agent_descriptor const& descriptor() const noexcept { return descriptor_; }
  /// One for each subscription, in the order of their ordinals.
  [[nodiscard]] std::vector<reaction> const& reactions() const noexcept { return reactions_; }
  /// The types that it takes and publishes.
  [[nodiscard]] std::vector<artifact_type const*> const& types() const noexcept { return types_; }
  /// What it may publish, in the order of declaration.
  [[nodiscard]] std::vector<agents::output_rule> const& output_rules() const noexcept { return outputs_; }
  /// In the order in which their hooks run.
  [[nodiscard]] std::vector<agents::installed_component> const& components() const noexcept { return components_; }
  /// How many candidates an attempt has; 1 = there is nothing to choose from.
  [[nodiscard]] std::uint32_t candidates() const noexcept { return candidates_; }
  /// What best_of chooses by; empty without it.
  [[nodiscard]] std::function<double(outputs const&)> const& score() const noexcept { return score_; }
  /// What was asked for that cannot be, and the way out; empty when there is nothing.
  [[nodiscard]] std::string const& problem() const noexcept { return problem_; }

  /// For engines: gives every consumes() that has no code yet the handler that `make` makes for its types.
  agent& react(std::function<agents::handler(std::vector<artifact_type const*> const& takes)> const& make);

 private:
  /// What a handler was written for.
  enum class form : std::uint8_t { groups = 0, batches, anything };
  agent& add(agents::subscription_plan plan, agents::handler handler, form written_for);
  agent& on_timer(timer_schedule when, agents::handler handler);
  agent& add_component(agents::installed_component component);
  void add_output(agents::output_rule rule);
  void refuse(std::string what);

  agent_descriptor descriptor_;
  std::vector<reaction> reactions_;
  std::vector<artifact_type const*> types_;
  std::vector<agents::output_rule> outputs_;
  std::vector<agents::installed_component> components_;
  std::uint32_t candidates_ = 1;
  std::function<double(outputs const&)> score_;
  std::string problem_;
};

}  // namespace skein
