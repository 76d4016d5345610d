// What hub.run_until waits for, as a value:
//
//   hub.run_until(skein::until::count<result>(3) || skein::until::any_failure(), 5s);
#pragma once

#include <skein/bus/blackboard_io.hpp>
#include <skein/registry/artifact_traits.hpp>
#include <skein/registry/field.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace skein {

/// A condition over the board. A value. Artifacts and failures count from the start of the hub's session (what earlier processes left in the ledger does
/// not), over all runs, whether they are still kept in memory or not. The board itself watches for it: nothing polls, and nothing that held for a moment is
/// missed.
class until {
 public:
  /// At least `artifacts` of type T have been published.
  template <artifact_value T>
  [[nodiscard]] static until count(std::uint64_t artifacts) {
    return count(std::string{type_of<T>().name}, artifacts, std::nullopt);
  }
  /// At least `artifacts` of type T for which `where` holds have been published.
  template <artifact_value T>
  [[nodiscard]] static until count(std::uint64_t artifacts, field_expression where) {
    return count(std::string{type_of<T>().name}, artifacts, std::move(where));
  }
  /// An artifact of type T has been published.
  template <artifact_value T>
  [[nodiscard]] static until exists() {
    return count<T>(1);
  }
  /// One for which `where` holds has been published.
  template <artifact_value T>
  [[nodiscard]] static until exists(field_expression where) {
    return count<T>(1, std::move(where));
  }
  /// An activation of any agent has failed for good.
  [[nodiscard]] static until any_failure() { return failure_of({}); }
  /// An activation of this agent has failed for good.
  [[nodiscard]] static until failure_of(std::string agent);
  /// No awaited work is open on the whole board. Partial batches start first, as for run_until_idle.
  [[nodiscard]] static until idle();

  /// Both hold at the same moment.
  friend until operator&&(until left, until right) { return combined(bus::board_condition::kind::all_of, std::move(left), std::move(right)); }
  /// One of them holds.
  friend until operator||(until left, until right) { return combined(bus::board_condition::kind::any_of, std::move(left), std::move(right)); }
  /// It does not hold.
  friend until operator!(until one) { return negated(std::move(one)); }

  /// As the board knows it.
  [[nodiscard]] bus::board_condition const& condition() const noexcept { return condition_; }

 private:
  explicit until(bus::board_condition condition) : condition_(std::move(condition)) {}
  [[nodiscard]] static until count(std::string type, std::uint64_t artifacts, std::optional<field_expression> where);
  [[nodiscard]] static until combined(bus::board_condition::kind how, until left, until right);
  [[nodiscard]] static until negated(until one);

  bus::board_condition condition_;
};

}  // namespace skein
