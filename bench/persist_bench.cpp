// Spans from two threads at full speed to their rows on the disk: made, recorded, encoded, written, until the flush that follows the last.
// Floor: floors/sqlite.cpp inserts as many rows with the columns of the view, ready made, by one thread.
#include "floors/span_load.hpp"
#include "recorded_run.hpp"
#include "temporary_file.hpp"

#include <skein/tracing/clock.hpp>
#include <skein/tracing/recorder.hpp>
#include <skein/tracing/span.hpp>
#include <skein/tracing/sqlite_sink.hpp>

#include <benchmark/benchmark.h>

#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace {

void produce(std::shared_ptr<skein::recorder> const& to) {
  for (std::size_t run = 0; run < floors::load_runs_per_thread; ++run) {
    bench::recorded_run one{to};
    bench::set_five(one.root);
    skein::ambient_scope const scope{one.root.as_ambient()};
    for (std::size_t i = 1; i < floors::load_spans_per_run; ++i) {
      skein::span span{"invoke_agent critic"};
      bench::set_five(span);
    }
    one.root.end();
  }
}

void spans_persisted(benchmark::State& state) {
  bench::temporary_file const path{"spans"};
  for (auto _ : state) {
    state.PauseTiming();
    path.clear();
    auto sink = skein::open_sqlite_sink({.path = path.path(), .service = "pizza"}).value();
    auto recorder = skein::recorder::make({std::move(sink)}, skein::system_clock(), {.batch_spans_max = floors::load_batch_spans});
    state.ResumeTiming();
    std::vector<std::thread> producers;
    for (std::size_t i = 0; i < floors::load_threads; ++i) producers.emplace_back([&] { produce(recorder); });
    for (auto& one : producers) one.join();
    auto const flushed = recorder->flush(std::chrono::minutes{1});
    state.PauseTiming();
    auto const written = recorder->counters().written;
    if (!flushed || written != floors::load_spans) {
      return state.SkipWithError(
          ("of " + std::to_string(floors::load_spans) + " spans " + std::to_string(written) + " were written").c_str());
    }
    recorder.reset();
    state.counters["bytes_per_span"] = static_cast<double>(path.size()) / static_cast<double>(floors::load_spans);
    state.ResumeTiming();
  }
  state.counters["items"] = static_cast<double>(floors::load_spans);
}
BENCHMARK(spans_persisted)->Iterations(1)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
