#include "progress_watchers.hpp"

#include <skein/tracing/exception_text.hpp>
#include <skein/tracing/log.hpp>

#include <utility>

namespace skein {

watching progress_watchers::add(std::function<void(progress const&)> call) {
  auto one = std::make_shared<watcher>();
  one->call = std::move(call);
  {
    std::lock_guard const held{list_->mutex};
    list_->all.push_back(one);
    list_->any = true;
  }
  auto* const raw = one.get();
  return watching{std::shared_ptr<void>{raw, [from = list_, one = std::move(one)](void*) { remove(*from, one); }}};
}

void progress_watchers::remove(list& from, std::shared_ptr<watcher> const& one) noexcept {
  {
    std::lock_guard const held{from.mutex};
    std::erase(from.all, one);
    from.any = !from.all.empty();
  }
  // Not before a call on another thread has ended.
  std::lock_guard const held{one->calling};
  one->ended = true;
}

void progress_watchers::tell(progress const& what) noexcept {
  if (!list_->any.load(std::memory_order_relaxed)) return;
  std::vector<std::shared_ptr<watcher>> all;
  {
    std::lock_guard const held{list_->mutex};
    all = list_->all;
  }
  for (auto const& one : all) {
    std::lock_guard const held{one->calling};
    if (one->ended) continue;
    try {
      one->call(what);
    } catch (...) {
      auto const text = describe_exception(std::current_exception());
      log_warn("a watcher of progress threw " + text.type + ": " + text.message + "; it is not called any more");
      one->ended = true;
    }
  }
}

}  // namespace skein
