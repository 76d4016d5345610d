#include <skein/tracing/current.hpp>

#include "current_slot.hpp"

#include <utility>

namespace skein {
namespace {

struct kept_ambient {
  ambient value;
  kept_ambient() { this_slot.kept = &value; }
  ~kept_ambient() {
    this_slot.settle();
    this_slot.kept = nullptr;
    this_slot.gone = true;
  }
};

ambient& kept() noexcept {
  thread_local kept_ambient storage;
  return storage.value;
}

}  // namespace

void current_slot::own() noexcept {
  if (innermost == nullptr || innermost->owns_run_) return;
  innermost->target_.run = kept->run;
  innermost->owns_run_ = true;
}

void current_slot::settle() noexcept {
  if (innermost == nullptr) return;
  for (span* each = innermost; each != nullptr; each = each->outer_) {
    each->target_.run = kept->run;
    each->owns_run_ = true;
    each->linked_ = false;
  }
  ambient now = innermost->target_;
  for (span* each = std::exchange(innermost, nullptr); each != nullptr; each = std::exchange(each->outer_, nullptr)) {
    each->previous_ = each->outer_ != nullptr ? each->outer_->target_ : *kept;
  }
  *kept = std::move(now);
}

ambient exchange_current(ambient next) noexcept {
  if (this_slot.gone) return {};
  swap_current(next);
  return next;
}

void swap_current(ambient& with) noexcept {
  if (this_slot.gone) return;
  this_slot.settle();
  ambient& current = this_slot.kept ? *this_slot.kept : kept();
  current.span.swap(with.span);
  current.run.swap(with.run);
}

ambient const& current_ambient() noexcept {
  static constinit ambient const none{};
  this_slot.own();
  auto const* const current = this_slot.current();
  return current == nullptr ? none : *current;
}

}  // namespace skein
