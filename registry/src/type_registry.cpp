#include <skein/registry/type_registry.hpp>

#include <skein/registry/shape.hpp>

#include <cstdint>
#include <mutex>

namespace skein {
namespace {

std::string description(artifact_type const& type) {
  std::string text = type.cpp_type != nullptr ? cpp_name(*type.cpp_type) : std::string{"a type without a name"};
  text.append(" (version ").append(std::to_string(type.version));
  if (type.shape != nullptr) text.append("; ").append(codec::describe(type.shape()));
  return text.append(")");
}

}  // namespace

std::atomic<artifact_type const*>& type_registry::place_of(artifact_type const& type) noexcept {
  return seen_[reinterpret_cast<std::uintptr_t>(&type) / alignof(artifact_type) % seen_.size()];
}

result<void> type_registry::add(artifact_type const& type) {
  auto& seen = place_of(type);
  if (seen.load(std::memory_order_relaxed) == &type) return {};
  std::unique_lock const writing{mutex_};
  auto const [known, fresh] = types_.try_emplace(type.name, &type);
  if (fresh || known->second->same_as(type)) {
    seen.store(&type, std::memory_order_relaxed);
    return {};
  }
  return error{errc::type_conflict, "two C++ types claim the wire name '" + std::string{type.name} +
                                        "' and differ: " + description(*known->second) + " and " + description(type) +
                                        "; give one of them another wire name, or make them the same"};
}

artifact_type const* type_registry::find(std::string_view name) const {
  std::shared_lock const reading{mutex_};
  auto const known = types_.find(name);
  return known != types_.end() ? known->second : nullptr;
}

std::vector<artifact_type const*> type_registry::all() const {
  std::shared_lock const reading{mutex_};
  std::vector<artifact_type const*> found;
  found.reserve(types_.size());
  for (auto const& [name, type] : types_) found.push_back(type);
  return found;
}

}  // namespace skein
