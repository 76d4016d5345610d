// Lets bench/instructions run a measurement a given number of times.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdlib>

namespace bench {

/// `BENCHMARK(x)->Apply(counted)`: where SKEIN_BENCH_ITERATIONS says how many, exactly so many iterations; elsewhere nothing changes.
inline void counted(benchmark::internal::Benchmark* what) {
  if (auto const* const iterations = std::getenv("SKEIN_BENCH_ITERATIONS")) what->Iterations(std::strtoll(iterations, nullptr, 10));
}

}  // namespace bench
