// output<T>(): what an agent publishes of a type, and by which rules.
#pragma once

#include <skein/agents/publish_options.hpp>
#include <skein/registry/artifact_traits.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace skein {

namespace agents {

/// The rules of one declared output, without its C++ type.
struct output_rule {
  artifact_type const* type = nullptr;                                        ///< What it is about.
  std::function<bool(payload const&)> keeps = nullptr;                        ///< One that it says no to is dropped; empty = keeps all.
  std::function<bool(payload const&)> valid = nullptr;                        ///< One that it says no to fails the attempt; empty = all are.
  std::uint32_t count_min = 0;                                                ///< So many at least, of what was kept, by one activation.
  std::uint32_t count_max = std::numeric_limits<std::uint32_t>::max();        ///< So many at most.
  visibility_choice visibility;                                               ///< Unless the publish says another.
  std::vector<std::string> tags;                                              ///< Added to those of the publish.

  /// Whether it says anything beyond the type.
  [[nodiscard]] bool is_plain() const noexcept { return !keeps && !valid && !is_counted() && visibility.empty() && tags.empty(); }
  /// Whether it says how many there may be.
  [[nodiscard]] bool is_counted() const noexcept { return count_min > 0 || count_max < std::numeric_limits<std::uint32_t>::max(); }
};

/// Both must hold.
[[nodiscard]] std::function<bool(payload const&)> both(std::function<bool(payload const&)> first, std::function<bool(payload const&)> second);

}  // namespace agents

/// Declares that handlers may publish a type, and what holds for it, however it is published (returned, or by ctx.publish). A value:
/// `.publishes(skein::output<idea>().where(…).visible_to("pairing"))`. Rules are applied in this order: where, validate, then the rest.
template <artifact_value T>
class output {
 public:
  output() { rule_.type = &type_of<T>(); }

  /// What the predicate says no to is dropped: it is not published, and the span `invoke_agent` says how many (event `skein.output_dropped`). One that throws
  /// fails the attempt.
  template <std::predicate<T const&> Predicate>
  output& where(Predicate predicate) {
    rule_.keeps = agents::both(std::move(rule_.keeps), on_value(std::move(predicate)));
    return *this;
  }
  /// What the predicate says no to fails the attempt (`skein.invalid_output`), which is tried again within the retry policy.
  template <std::predicate<T const&> Predicate>
  output& validate(Predicate predicate) {
    rule_.valid = agents::both(std::move(rule_.valid), on_value(std::move(predicate)));
    return *this;
  }
  /// Each activation publishes exactly so many, after where(); otherwise the attempt fails (`skein.fan_out`).
  output& fan_out(std::uint32_t count) { return fan_out(count, count); }
  /// At least `min` and at most `max`.
  output& fan_out(std::uint32_t min, std::uint32_t max) {
    rule_.count_min = min;
    rule_.count_max = max;
    return *this;
  }
  /// Only the named agents may see it.
  template <std::convertible_to<std::string>... Names>
  requires(sizeof...(Names) > 0)
  output& visible_to(Names&&... agents) { return visible_to(visible_to_agents{{std::string{std::forward<Names>(agents)}...}}); }
  /// Who may see it: any visible_to_…, or several with &&. A publish that names a visibility of its own has that instead.
  output& visible_to(visibility_choice who) {
    rule_.visibility = std::move(who);
    return *this;
  }
  /// Tags that are added to those of the publish.
  template <std::convertible_to<std::string>... Tags>
  output& tagged(Tags&&... tags) {
    (rule_.tags.emplace_back(std::forward<Tags>(tags)), ...);
    return *this;
  }

  /// The rules without the C++ type; for agents.
  [[nodiscard]] agents::output_rule const& rule() const noexcept { return rule_; }

 private:
  template <class Predicate>
  static std::function<bool(payload const&)> on_value(Predicate predicate) {
    return [predicate = std::move(predicate)](payload const& of) { return static_cast<bool>(predicate(value_in<T>(of))); };
  }

  agents::output_rule rule_;
};

}  // namespace skein
