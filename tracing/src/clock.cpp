#include <skein/tracing/clock.hpp>

#include <time.h>

namespace skein {
namespace {

std::int64_t read_ns(clockid_t which) noexcept {
  timespec now{};
  clock_gettime(which, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

class anchored_clock final : public clock {
 public:
  [[nodiscard]] timestamp now() const noexcept override {
    return timestamp{std::chrono::nanoseconds{read_ns(CLOCK_MONOTONIC) + offset_ns_}};
  }

 private:
  std::int64_t offset_ns_ = read_ns(CLOCK_REALTIME) - read_ns(CLOCK_MONOTONIC);
};

}  // namespace

bool clock::advance_to(timestamp) noexcept { return false; }

clock& system_clock() noexcept {
  // Never destroyed: spans may still end while static objects are.
  static anchored_clock& clock = *new anchored_clock;
  return clock;
}

}  // namespace skein
