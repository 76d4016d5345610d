// What a span costs the thread that makes it: start, five attributes, end, handed to a recorder whose sink throws it away. Nothing is
// dropped: at full speed a producer waits for the writer; that is in the wall time, not in its CPU time. Floors: floors/plain_span_ring.cpp.
#include "counted.hpp"
#include "recorded_run.hpp"

#include <skein/tracing/clock.hpp>
#include <skein/tracing/recorder.hpp>
#include <skein/tracing/span.hpp>

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

namespace {

class discarding_sink final : public skein::span_sink {
 public:
  skein::result<void> write(skein::trace_batch const&) override { return {}; }
  std::string describe() const override { return "nowhere"; }
};

std::shared_ptr<skein::recorder> discarding_recorder() {
  return skein::recorder::make({std::make_shared<discarding_sink>()}, skein::system_clock());
}

/// One for all threads of a benchmark; made before they start.
std::unique_ptr<bench::recorded_run> shared_run;

void span(benchmark::State& state) {
  skein::ambient_scope const scope{shared_run->root.as_ambient()};
  for (auto _ : state) {
    skein::span measured{"invoke_agent critic"};
    bench::set_five(measured);
  }
}

void span_tracing_off(benchmark::State& state) {
  bench::recorded_run const off{discarding_recorder(), false};
  skein::ambient_scope const scope{off.root.as_ambient()};
  for (auto _ : state) {
    skein::span measured{"invoke_agent critic"};
    bench::set_five(measured);
  }
}

void span_outside_any_run(benchmark::State& state) {
  for (auto _ : state) skein::span const unseen{"unseen"};
}

void make_run(benchmark::State const&) { shared_run = std::make_unique<bench::recorded_run>(discarding_recorder()); }
void end_run(benchmark::State const&) { shared_run.reset(); }

BENCHMARK(span)->Setup(make_run)->Teardown(end_run)->UseRealTime()->Apply(bench::counted);
BENCHMARK(span)->Setup(make_run)->Teardown(end_run)->UseRealTime()->Threads(2)->Apply(bench::counted);
BENCHMARK(span_tracing_off)->Apply(bench::counted);
BENCHMARK(span_outside_any_run);

}  // namespace

BENCHMARK_MAIN();
