// The runs that this process knows: their scopes by id, from their first span until they have ended.
#pragma once

#include <skein/registry/ids.hpp>
#include <skein/tracing/run_scope.hpp>

#include <memory>
#include <mutex>
#include <unordered_map>

namespace skein {

/// Thread-safe.
class run_table {
 public:
  void add(std::shared_ptr<run_scope> scope) {
    std::lock_guard const held{mutex_};
    scopes_[scope->id] = std::move(scope);
  }
  /// Null when it is not known.
  [[nodiscard]] std::shared_ptr<run_scope> find(run_id const& id) const {
    std::lock_guard const held{mutex_};
    auto const found = scopes_.find(id);
    return found == scopes_.end() ? nullptr : found->second;
  }
  /// The scope of the id, made by `make` when it is not known.
  template <class Make>
  std::shared_ptr<run_scope> find_or_make(run_id const& id, Make&& make) {
    std::lock_guard const held{mutex_};
    auto& slot = scopes_[id];
    if (!slot) slot = make();
    return slot;
  }
  std::shared_ptr<run_scope> remove(run_id const& id) {
    std::lock_guard const held{mutex_};
    auto const node = scopes_.extract(id);
    return node.empty() ? nullptr : std::move(node.mapped());
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<run_id, std::shared_ptr<run_scope>> scopes_;
};

}  // namespace skein
