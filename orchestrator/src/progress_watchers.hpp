// Who watches what handlers say while they work.
#pragma once

#include <skein/orchestrator/watching.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace skein {

/// Thread-safe. A watcher is called on the thread that tells, one call at a time.
class progress_watchers {
 public:
  [[nodiscard]] watching add(std::function<void(progress const&)> call);
  /// What a watcher throws is logged, and ends its watch.
  void tell(progress const& what) noexcept;

 private:
  struct watcher {
    std::recursive_mutex calling;   // recursive: it may end its own watch, or cause more progress
    std::function<void(progress const&)> call;
    bool ended = false;
  };
  struct list {
    std::mutex mutex;
    std::vector<std::shared_ptr<watcher>> all;
    std::atomic<bool> any = false;
  };
  static void remove(list& from, std::shared_ptr<watcher> const& one) noexcept;

  std::shared_ptr<list> const list_ = std::make_shared<list>();
};

}  // namespace skein
