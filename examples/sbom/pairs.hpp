// Brings together two results about the same thing, whichever comes first.
#pragma once

#include <skein/registry/error.hpp>

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace sbom {

/// Thread-safe. Holds at most `waiting_max` halves: one more throws skein::error (limit_reached). A half that comes again replaces itself.
template <class Left, class Right>
class pairs {
 public:
  using pair = std::pair<Left, Right>;

  explicit pairs(std::size_t waiting_max) : waiting_max_(waiting_max) {}

  /// The pair, when the other half was waiting for this one.
  [[nodiscard]] std::optional<pair> left(std::string const& key, Left value) {
    std::lock_guard const held{mutex_};
    if (auto other = rights_.extract(key)) return pair{std::move(value), std::move(other.mapped())};
    keep(lefts_, key, std::move(value));
    return std::nullopt;
  }
  [[nodiscard]] std::optional<pair> right(std::string const& key, Right value) {
    std::lock_guard const held{mutex_};
    if (auto other = lefts_.extract(key)) return pair{std::move(other.mapped()), std::move(value)};
    keep(rights_, key, std::move(value));
    return std::nullopt;
  }

 private:
  template <class Half>
  void keep(std::map<std::string, Half>& halves, std::string const& key, Half value) {
    if (lefts_.size() + rights_.size() >= waiting_max_ && !halves.contains(key)) {
      throw skein::error{skein::errc::limit_reached, "more than " + std::to_string(waiting_max_) + " halves wait for their other half", key};
    }
    halves.insert_or_assign(key, std::move(value));
  }

  std::size_t const waiting_max_;
  std::mutex mutex_;
  std::map<std::string, Left> lefts_;
  std::map<std::string, Right> rights_;
};

}  // namespace sbom
