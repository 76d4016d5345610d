// The artifact types that one hub or host knows, by wire name.
#pragma once

#include <skein/registry/artifact_type.hpp>

#include <array>
#include <atomic>
#include <map>
#include <shared_mutex>
#include <string_view>
#include <vector>

namespace skein {

/// Maps wire names to types. A resource: one per hub or host. Thread-safe.
class type_registry {
 public:
  type_registry() = default;
  type_registry(type_registry const&) = delete;
  type_registry& operator=(type_registry const&) = delete;

  /// Makes the type known; `type` must live as long as the registry (those of type_of<T>() live until exit). Again, or as another C++ type
  /// that is the same on the wire: no effect. A differing type under a known name: errc::type_conflict naming both C++ types.
  result<void> add(artifact_type const& type);

  /// The type of a wire name, or nullptr.
  [[nodiscard]] artifact_type const* find(std::string_view name) const;

  /// All types, by name.
  [[nodiscard]] std::vector<artifact_type const*> all() const;

 private:
  [[nodiscard]] std::atomic<artifact_type const*>& place_of(artifact_type const& type) noexcept;

  // Types that were added, each where its address says: found without a lock. They outlive this, so that an address never means another type.
  std::array<std::atomic<artifact_type const*>, 16> seen_{};
  mutable std::shared_mutex mutex_;
  std::map<std::string_view, artifact_type const*> types_;  // the names are the types' own
};

}  // namespace skein
