// when<T>(): which artifacts a subscription takes.
#pragma once

#include <skein/bus/artifact.hpp>
#include <skein/registry/agent_descriptor.hpp>
#include <skein/registry/artifact_traits.hpp>

#include <concepts>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace skein {

/// A subscription to single artifacts of type T. A value: `when<invoice>().where(…).from("cashier").tagged("eu")`; several
/// conditions must all hold, several names or tags mean any of them.
template <artifact_value T>
class subscription {
 public:
  subscription() { descriptor_.types = {std::string{type_of<T>().name}}; }

  /// Only artifacts for which the predicate is true. It runs on the thread that publishes, outside every lock; one that throws says no.
  template <std::predicate<T const&> Predicate>
  subscription& where(Predicate predicate) {
    descriptor_.has_predicate = true;
    auto const all_before = predicate_;
    predicate_ = [all_before, predicate = std::move(predicate)](bus::artifact_data const& candidate) {
      if (all_before && !all_before(candidate)) return false;
      auto const value = value_of<T>(candidate.payload);
      return value && predicate(**value);
    };
    return *this;
  }
  /// Only what these agents published ("external": what came from outside).
  template <std::convertible_to<std::string>... Names>
  subscription& from(Names&&... producers) {
    (descriptor_.from.emplace_back(std::forward<Names>(producers)), ...);
    return *this;
  }
  /// Only artifacts with any of these tags.
  template <std::convertible_to<std::string>... Tags>
  subscription& tagged(Tags&&... tags) {
    (descriptor_.tagged.emplace_back(std::forward<Tags>(tags)), ...);
    return *this;
  }
  /// Higher starts first among what waits on a host; default 0.
  subscription& priority(std::int32_t value) {
    descriptor_.priority = value;
    return *this;
  }
  /// Also takes what its own agent published; by default an agent never triggers itself.
  subscription& self_trigger(bool value = true) {
    descriptor_.self_trigger = value;
    return *this;
  }

  /// What the hub routes by, without code.
  [[nodiscard]] subscription_descriptor const& descriptor() const noexcept { return descriptor_; }
  /// All conditions of where() as one function; empty when there are none.
  [[nodiscard]] std::function<bool(bus::artifact_data const&)> const& predicate() const noexcept { return predicate_; }

 private:
  subscription_descriptor descriptor_;
  std::function<bool(bus::artifact_data const&)> predicate_;
};

/// Starts a subscription to single artifacts of type T.
template <artifact_value T>
[[nodiscard]] subscription<T> when() {
  return {};
}

}  // namespace skein
