// A component that holds every output of an agent against one condition, whatever its type.
#pragma once

#include <skein/agents/component.hpp>
#include <skein/registry/field.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skein {

/// What output_guard asks. Members in the order of designated initialisers.
struct output_guard_options {
  std::vector<std::string> types = {};                                               ///< Wire names of the outputs that it looks at; empty = all.
  std::optional<field_expression> where = {};                                        ///< Must hold of the output's fields.
  std::function<bool(std::string_view type, std::string_view json)> allows = {};     ///< Must say yes to the output; `json` is its value in one line.
  bool drop = false;                                                                 ///< What does not pass is dropped and counted; otherwise it fails the attempt.
};

/// `.with(skein::output_guard{{.where = skein::field("cents") >= 0}})`. Fails the attempt as `skein.output_guard`, or drops with an event
/// `skein.output_dropped`. What `allows` throws fails the attempt. Thread-safe as far as `allows` is.
class output_guard : public agent_component {
 public:
  /// errc::invalid_argument, thrown: a condition that check(field_expression) refuses, or none at all.
  explicit output_guard(output_guard_options options);

  void on_pre_evaluate(context& ctx) override;
  [[nodiscard]] std::string_view name() const override { return "output_guard"; }

 private:
  output_guard_options options_;
};

}  // namespace skein
