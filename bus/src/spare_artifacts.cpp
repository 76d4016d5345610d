#include <skein/bus/spare_artifacts.hpp>

#include <atomic>
#include <utility>
#include <vector>

namespace skein::bus {

namespace {

constexpr std::size_t spare_max = 1'024;   // of a thread: a burst publishes that many at once

using artifacts = std::vector<std::shared_ptr<artifact_data>>;

// Trivially destroyed, so that a thread may still publish while its other locals are destroyed.
struct spares {
  artifacts* all = nullptr;   // null: there are none
  bool gone = false;
};
constinit thread_local spares kept_back{};

/// What the thread keeps, until it ends.
struct keeper {
  artifacts all;
  keeper() noexcept { kept_back.all = &all; }
  ~keeper() { kept_back = {nullptr, true}; }
};

void begin_keeping() noexcept {
  thread_local keeper const until_end;
  static_cast<void>(&until_end);
}

}  // namespace

std::shared_ptr<artifact_data> make_artifact() {
  auto* const all = kept_back.all;
  if (all == nullptr || all->empty()) return std::make_shared<artifact_data>();
  auto made = std::move(all->back());
  all->pop_back();
  return made;
}

void give_back(std::shared_ptr<artifact_data>&& one) noexcept {
  if (!one) return;
  auto mine = std::move(one);
  if (kept_back.all == nullptr && !kept_back.gone) begin_keeping();
  if (kept_back.all == nullptr || kept_back.all->size() >= spare_max) return;
  try {
    kept_back.all->push_back(std::move(mine));
  } catch (...) {   // no memory to keep it in
  }
}

std::shared_ptr<artifact_data> taken_back(artifact_ptr&& last) noexcept {
  // What other threads did with it came before they let go of it by a release of the count, which the caller has read: a fence behind that is enough.
#if defined(__SANITIZE_THREAD__)
  artifact_ptr{last}.reset();   // it knows no fences: the count goes up and down once more
#else
  std::atomic_thread_fence(std::memory_order_acquire);
#endif
  auto mine = std::const_pointer_cast<artifact_data>(std::move(last));
  renew(*mine);
  return mine;
}

}  // namespace skein::bus
