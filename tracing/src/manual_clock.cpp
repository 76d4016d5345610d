#include <skein/tracing/manual_clock.hpp>

namespace skein::testing {

bool manual_clock::advance_to(timestamp when) noexcept {
  auto const wanted = when.time_since_epoch().count();
  auto present = ns_.load();
  while (present < wanted && !ns_.compare_exchange_weak(present, wanted)) {
  }
  return true;
}

void manual_clock::advance(std::chrono::nanoseconds by) noexcept {
  if (by.count() > 0) ns_.fetch_add(by.count());
}

}  // namespace skein::testing
