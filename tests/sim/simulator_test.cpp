#include "simulator.hpp"

#include <gtest/gtest.h>

#include <cstdio>

namespace skein::sim {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t seeds = 40;
#else
constexpr std::uint64_t seeds = 300;
#endif

TEST(simulator, keeps_every_promise_under_faults) {
  std::uint64_t steps = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    auto const result = simulate(seed);
    steps += result.steps;
    ASSERT_EQ(result.broken, "") << "seed " << seed << " (" << result.rates << "); again: " << replay_command(seed, {});
    if (seed % 100 == 0) std::printf("%llu seeds, %llu steps\n", static_cast<unsigned long long>(seed), static_cast<unsigned long long>(steps));
  }
}

TEST(simulator, repeats_a_seed_exactly) {
  auto const first = simulate(7), second = simulate(7);
  EXPECT_EQ(first.steps, second.steps);
  EXPECT_EQ(first.artifacts, second.artifacts);
  EXPECT_EQ(first.activations, second.activations);
}

}  // namespace
}  // namespace skein::sim
