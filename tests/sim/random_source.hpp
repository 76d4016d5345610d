// The one source of chance of a simulated seed: splitmix64, the same numbers on every machine.
#pragma once

#include <chrono>
#include <cstdint>

namespace skein::sim {

class random_source {
 public:
  explicit random_source(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// Below `n`, which is not 0.
  std::uint64_t below(std::uint64_t n) noexcept { return next() % n; }
  bool chance(double probability) noexcept { return static_cast<double>(next() >> 11) / 9007199254740992.0 < probability; }
  std::chrono::nanoseconds between(std::chrono::nanoseconds low, std::chrono::nanoseconds high) noexcept {
    return low + std::chrono::nanoseconds{static_cast<std::int64_t>(below(static_cast<std::uint64_t>((high - low).count()) + 1))};
  }

 private:
  std::uint64_t state_;
};

}  // namespace skein::sim
