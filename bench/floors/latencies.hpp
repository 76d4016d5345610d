// How long single items took: the median and the 99th percentile of a repetition, as counters.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace floors {

class latencies {
 public:
  using clock = std::chrono::steady_clock;

  latencies() { took_ns_.reserve(1 << 16); }
  [[nodiscard]] static clock::time_point now() { return clock::now(); }
  /// From `begin` until now, shared evenly by so many hops.
  void add(clock::time_point begin, std::size_t hops) {
    took_ns_.push_back(std::chrono::duration<double, std::nano>(clock::now() - begin).count() / static_cast<double>(hops));
  }
  /// Sets the counters p50 and p99, in nanoseconds.
  void report(benchmark::State& state) {
    if (took_ns_.empty()) return;
    state.counters["p50"] = quantile(0.5);
    state.counters["p99"] = quantile(0.99);
  }

 private:
  double quantile(double of) {
    auto const place = took_ns_.begin() + static_cast<std::ptrdiff_t>(of * static_cast<double>(took_ns_.size() - 1));
    std::nth_element(took_ns_.begin(), place, took_ns_.end());
    return *place;
  }

  std::vector<double> took_ns_;
};

}  // namespace floors
