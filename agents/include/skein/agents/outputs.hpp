// What an attempt publishes, before it is on the board: for components, for best_of.
#pragma once

#include <skein/bus/message.hpp>
#include <skein/registry/artifact_traits.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace skein {

/// A view of what an attempt has published so far, in order; valid during the call that it was handed to, or until the context publishes more.
class outputs {
 public:
  /// For hosts: `made` must outlive this.
  explicit outputs(std::span<bus::child const> made) noexcept : made_(made) {}

  /// The values of type T, in the order of publication. errc::bad_payload, thrown: one of that type does not decode as T.
  template <artifact_value T>
  [[nodiscard]] std::vector<std::shared_ptr<T const>> get() const {
    std::vector<std::shared_ptr<T const>> found;
    for (auto const& one : made_) {
      if (one.type == type_of<T>().name) found.push_back(value_of<T>(one.payload).value());
    }
    return found;
  }
  /// The wire name of each, in the order of publication; a type stands as often as it was published.
  [[nodiscard]] std::vector<std::string> types() const {
    std::vector<std::string> names;
    for (auto const& one : made_) names.push_back(one.type);
    return names;
  }
  /// How many there are.
  [[nodiscard]] std::size_t size() const noexcept { return made_.size(); }
  /// Whether there are none.
  [[nodiscard]] bool empty() const noexcept { return made_.empty(); }
  /// Each as it will be published: type, payload, tags, visibility.
  [[nodiscard]] std::span<bus::child const> children() const noexcept { return made_; }

 private:
  std::span<bus::child const> made_;
};

}  // namespace skein
