// when<T>(), when<A, B>(): which artifacts a subscription takes, and how it puts them together.
#pragma once

#include <skein/agents/join_key.hpp>
#include <skein/bus/artifact.hpp>
#include <skein/registry/agent_descriptor.hpp>
#include <skein/registry/artifact_traits.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skein {

namespace agents {

/// Code of a subscription about artifacts of one of its types.
struct type_code {
  std::string type;                                                   ///< Wire name.
  std::function<bool(bus::artifact_data const&)> accepts = nullptr;   ///< Whether it takes the artifact; empty = it does.
  std::function<std::string(bus::artifact_data const&)> key = nullptr;   ///< Its key in a join whose keys are code; empty otherwise.
};

/// A subscription without its C++ types: what the builder has gathered.
struct subscription_plan {
  subscription_descriptor descriptor;            ///< What the hub routes by.
  std::vector<type_code> code;                   ///< One for each type that has code, in the order in which they got it.
  std::vector<artifact_type const*> types;       ///< Those of descriptor.types, in their order.
  std::string problem;                           ///< Not empty: what was asked for that no host can do, and the way out.

  /// The code about artifacts of a type; made when there is none.
  type_code& code_of(std::string_view type);
  /// Adds a condition to those that artifacts of the type must meet.
  void accept(std::string_view type, std::function<bool(bus::artifact_data const&)> one);
  /// Remembers the first problem.
  void refuse(std::string what);
};

}  // namespace agents

/// A subscription to single artifacts (one T), or to groups of one of each of T, in their order; a type that stands twice needs two. A value:
/// `when<invoice>().where(…).from("cashier").tagged("eu")`. Several conditions must all hold, several names or tags mean any of them. What cannot be
/// does not compile, or is refused when the agent is added.
template <artifact_value... T>
class subscription {
  static_assert(sizeof...(T) > 0, "when<…>() names at least one artifact type");

  template <class A>
  static constexpr bool takes = (std::same_as<A, T> || ...);
  static constexpr bool is_group = sizeof...(T) > 1;

 public:
  subscription() {
    (plan_.descriptor.types.emplace_back(type_of<T>().name), ...);
    (plan_.types.push_back(&type_of<T>()), ...);
    if constexpr (is_group) plan_.descriptor.grouping = grouping::all;
  }

  /// Only artifacts for which the predicate is true. It runs on the thread that publishes, outside every lock; in a worker, before the handler. One that
  /// throws says no, and is counted.
  template <class Predicate>
  requires(!is_group && (std::predicate<Predicate&, T const&> && ...))
  subscription& where(Predicate predicate) {
    return (where<T>(std::move(predicate)), ...);
  }
  /// The same about one type of a group; refused for agents in workers (their hub has no such code: use skein::field).
  template <artifact_value A, std::predicate<A const&> Predicate>
  requires takes<A>
  subscription& where(Predicate predicate) {
    plan_.descriptor.has_predicate = true;
    plan_.accept(type_of<A>().name, [predicate = std::move(predicate)](bus::artifact_data const& candidate) {
      auto const value = value_of<A>(candidate.payload);
      return value && predicate(**value);
    });
    return *this;
  }
  /// Only artifacts whose fields meet the condition (skein::field). It is data: the hub evaluates it, wherever the agent runs.
  subscription& where(field_expression condition) requires(!is_group) { return (where<T>(std::move(condition)), ...); }
  /// The same about one type of a group.
  template <artifact_value A>
  requires takes<A>
  subscription& where(field_expression condition) {
    plan_.descriptor.filters.push_back({std::string{type_of<A>().name}, std::move(condition)});
    return *this;
  }
  /// Only what these agents published ("external": what came from outside).
  template <std::convertible_to<std::string>... Names>
  subscription& from(Names&&... producers) {
    (plan_.descriptor.from.emplace_back(std::forward<Names>(producers)), ...);
    return *this;
  }
  /// Only artifacts with any of these tags.
  template <std::convertible_to<std::string>... Tags>
  subscription& tagged(Tags&&... tags) {
    (plan_.descriptor.tagged.emplace_back(std::forward<Tags>(tags)), ...);
    return *this;
  }
  /// Higher starts first among what waits on a host; default 0.
  subscription& priority(std::int32_t value) {
    plan_.descriptor.priority = value;
    return *this;
  }
  /// Also takes what its own agent published; by default an agent never triggers itself.
  subscription& self_trigger(bool value = true) {
    plan_.descriptor.self_trigger = value;
    return *this;
  }

  /// Only artifacts with the same key form a group. One key for each type, in their order: a pointer to a listed member, skein::field, or a lambda that
  /// makes a string, integer or enum of a T const&. Members and fields are data; with one lambda among them all keys are code, on the hub's side only. An
  /// artifact without the field takes no part, which is counted.
  template <class... Keys>
  requires(is_group && sizeof...(Keys) == sizeof...(T))
  subscription& join_by(Keys... keys) {
    static_assert((agents::join_key<Keys, T> && ...),
                  "join_by takes, for each type in order, a pointer to a member of it, skein::field, or a lambda of it that returns a string, integer or enum");
    static_assert(!((agents::is_code_key<Keys, T> || ...) && (std::same_as<Keys, field> || ...)),
                  "a lambda's key and skein::field do not compare; use pointers to members beside lambdas");
    plan_.descriptor.grouping = grouping::join;
    plan_.descriptor.keys.clear();
    if constexpr ((agents::is_code_key<Keys, T> || ...)) {
      static_assert(agents::all_different<T...>, "a type joins itself by pointers to members or skein::field, not by a lambda");
      (void(plan_.code_of(type_of<T>().name).key = agents::code_key<T>(std::move(keys))), ...);
    } else {
      (add_key<T>(std::move(keys)), ...);
    }
    return *this;
  }
  /// A group that is not complete so long after its first member expires, with a record: skein.expired.
  subscription& within(std::chrono::nanoseconds duration) requires is_group {
    if (duration.count() <= 0) plan_.refuse("within() needs a duration above 0; leave it out for groups that never expire");
    plan_.descriptor.within = duration;
    return *this;
  }
  /// A group expires once the subscription has taken so many further artifacts since its first member.
  subscription& within(std::uint64_t artifacts) requires is_group {
    if (artifacts == 0) plan_.refuse("within() needs a count above 0; leave it out for groups that never expire");
    plan_.descriptor.within_count = artifacts;
    return *this;
  }
  /// Hands over so many artifacts (or groups) at once, or those that there are when the first of them is `age` old (0: whatever its age). The handler takes
  /// a span. What waits when everything else is done is handed over, too.
  subscription& batch(std::uint32_t size, std::chrono::nanoseconds age = {}) {
    if (size == 0) plan_.refuse("batch() needs a size above 0; leave it out to get artifacts one by one");
    if (age.count() < 0) plan_.refuse("the age of batch() cannot be below 0; 0 waits for the size however long it takes");
    plan_.descriptor.batch_max = size;
    plan_.descriptor.batch_age = age;
    return *this;
  }
  /// Groups and batches are made of the artifacts of all runs; otherwise only of those of one correlation.
  subscription& across_runs() {
    plan_.descriptor.across_runs = true;
    return *this;
  }
  /// Competes with all subscriptions of the same word: each artifact goes to one of them.
  subscription& exclusive(std::string word) requires(!is_group) {
    if (word.empty()) plan_.refuse("exclusive() needs a word that competing subscriptions share");
    plan_.descriptor.exclusive = std::move(word);
    return *this;
  }

  /// What the hub routes by, without code.
  [[nodiscard]] subscription_descriptor const& descriptor() const noexcept { return plan_.descriptor; }
  /// Everything, without C++ types; for agents.
  [[nodiscard]] agents::subscription_plan const& plan() const noexcept { return plan_; }

 private:
  template <class A, class Key>
  void add_key(Key key) {
    auto path = agents::key_path<A>(key);
    if (path.empty()) plan_.refuse("join_by() names a member of " + std::string{type_of<A>().name} + " that its SKEIN_ARTIFACT does not list; list it, or give a lambda");
    plan_.descriptor.keys.push_back(std::move(path));
  }

  agents::subscription_plan plan_;
};

/// Starts a subscription: `when<T>()` to single artifacts, `when<A, B>()` to groups of one of each.
template <artifact_value... T>
[[nodiscard]] subscription<T...> when() {
  return {};
}

}  // namespace skein
