// The runs that this process knows: their scopes by id, from their first span until they have ended.
#pragma once

#include <skein/registry/ids.hpp>
#include <skein/tracing/run_scope.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace skein {

/// Thread-safe.
class run_table {
 public:
  void add(std::shared_ptr<run_scope> scope) {
    std::lock_guard const held{mutex_};
    last_ = scope;
    ++version_;
    scopes_[scope->id] = std::move(scope);
  }
  /// Changes whenever the scope of an id does that was known before.
  [[nodiscard]] std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }
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
    if (last_ && last_->id == id) return last_;
    auto& slot = scopes_[id];
    if (!slot) slot = make();
    last_ = slot;
    return slot;
  }
  [[nodiscard]] std::vector<std::shared_ptr<run_scope>> all() const {
    std::lock_guard const held{mutex_};
    std::vector<std::shared_ptr<run_scope>> found;
    for (auto const& [id, scope] : scopes_) found.push_back(scope);
    return found;
  }
  /// The run was ended by a signal, whatever becomes of its work; until it is removed.
  void mark_cancelled(run_id const& id) {
    std::lock_guard const held{mutex_};
    cancelled_.insert(id);
  }
  [[nodiscard]] bool is_cancelled(run_id const& id) const {
    std::lock_guard const held{mutex_};
    return cancelled_.contains(id);
  }
  std::shared_ptr<run_scope> remove(run_id const& id) {
    std::lock_guard const held{mutex_};
    cancelled_.erase(id);
    ++version_;
    if (last_ && last_->id == id) last_.reset();
    auto const node = scopes_.extract(id);
    return node.empty() ? nullptr : std::move(node.mapped());
  }

 private:
  mutable std::mutex mutex_;
  std::atomic<std::uint64_t> version_ = 0;   // changed under the lock
  std::unordered_map<run_id, std::shared_ptr<run_scope>> scopes_;
  std::shared_ptr<run_scope> last_;   // of them, that was asked for: one run's work comes in a row
  std::unordered_set<run_id> cancelled_;
};

}  // namespace skein
