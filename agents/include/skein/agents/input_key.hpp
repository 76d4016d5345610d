// What components tell activations apart by: a field of the inputs, or code.
#pragma once

#include <skein/agents/context.hpp>
#include <skein/registry/artifact_traits.hpp>
#include <skein/registry/field.hpp>

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace skein {

/// The key of an activation: made of those of its inputs, in their order. A value.
class input_key {
 public:
  /// The value of the field (numbers by value). An input without it has no key.
  input_key(field which);  // NOLINT: implicit by purpose
  /// What `make` says of each input; nullopt = it has no key.
  explicit input_key(std::function<std::optional<std::string>(bus::artifact_data const&)> make) : make_(std::move(make)) {}
  /// What `make`, called with the T of each input of that type, says as a text; other inputs have no key.
  template <artifact_value T, std::invocable<T const&> Make>
  [[nodiscard]] static input_key of(Make make) {
    return input_key{[make = std::move(make)](bus::artifact_data const& input) -> std::optional<std::string> {
      if (input.type != type_of<T>().name) return std::nullopt;
      return std::string{make(value_in<T>(input.payload))};
    }};
  }

  /// nullopt when no input has a key. Throws what the code throws.
  [[nodiscard]] std::optional<std::string> get(context const& ctx) const;

 private:
  std::function<std::optional<std::string>(bus::artifact_data const&)> make_;
};

}  // namespace skein
