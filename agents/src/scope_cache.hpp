// The runs that a worker has seen: their scopes by id, the newest so many.
#pragma once

#include <skein/registry/ids.hpp>
#include <skein/tracing/run_scope.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace skein::agents {

/// Thread-safe. A worker is not told that a run has ended, so the oldest ones go when there are too many; one that is needed again is
/// made again, equal to what it was.
class scope_cache {
 public:
  explicit scope_cache(std::size_t scopes_max) : max_(scopes_max) {}

  template <class Make>
  [[nodiscard]] std::shared_ptr<run_scope> find_or_make(run_id const& id, Make&& make) {
    std::lock_guard const held{mutex_};
    if (auto const found = scopes_.find(id); found != scopes_.end()) return found->second;
    auto made = make();
    scopes_.emplace(id, made);
    order_.push_back(id);
    while (order_.size() > max_) {
      scopes_.erase(order_.front());
      order_.pop_front();
    }
    return made;
  }

 private:
  std::size_t const max_;
  std::mutex mutex_;
  std::unordered_map<run_id, std::shared_ptr<run_scope>> scopes_;
  std::deque<run_id> order_;
};

}  // namespace skein::agents
