// What a span costs the thread that makes it: start, five attributes, end, handed to a recorder whose sink throws it away.
// The floor in the same run: a struct with the same data, built and moved into a ring. The ratio is the price of a span.
#include <skein/tracing/clock.hpp>
#include <skein/tracing/recorder.hpp>
#include <skein/tracing/span.hpp>
#include <skein/tracing/span_start.hpp>

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

namespace {

class discarding_sink final : public skein::span_sink {
 public:
  skein::result<void> write(skein::trace_batch const&) override { return {}; }
  std::string describe() const override { return "nowhere"; }
};

struct traced_run {
  std::shared_ptr<skein::run_scope> run = std::make_shared<skein::run_scope>();
  skein::span_handle root;

  explicit traced_run(bool recording) {
    run->recorder = skein::recorder::make({std::make_shared<discarding_sink>()}, skein::system_clock());
    run->recording = recording;
    run->id = run->recorder->new_run_id();
    run->trace = skein::trace_of(run->id);
    run->root = run->recorder->new_span_id();
    root = skein::start_span(run, {.name = "root", .id = run->root});
  }
};

/// One for all threads of a benchmark; made before they start.
std::unique_ptr<traced_run> shared_run;

template <class Span>
void set_five(Span& span) {
  span.set_attribute("gen_ai.operation.name", "invoke_agent");
  span.set_attribute("gen_ai.agent.name", "critic");
  span.set_attribute("messaging.system", "zeromq");
  span.set_attribute("skein.attempt", 1);
  span.set_attribute("idea.length", 42);
}

void a_struct_into_a_ring(benchmark::State& state) {
  std::vector<skein::span_record> ring(4096);
  skein::id_generator ids;
  std::size_t next = 0;
  for (auto _ : state) {
    skein::span_record record;
    record.context = {{}, ids.span(), 1};
    record.name = "invoke_agent critic";
    record.start = skein::system_clock().now();
    record.attributes.reserve(8);
    record.attributes.push_back({"gen_ai.operation.name", "invoke_agent"});
    record.attributes.push_back({"gen_ai.agent.name", "critic"});
    record.attributes.push_back({"messaging.system", "zeromq"});
    record.attributes.push_back({"skein.attempt", 1});
    record.attributes.push_back({"idea.length", 42});
    record.end = skein::system_clock().now();
    ring[next++ % ring.size()] = std::move(record);
  }
  state.SetItemsProcessed(state.iterations());
}

void a_span(benchmark::State& state) {
  skein::ambient_scope const scope{shared_run->root.as_ambient()};
  for (auto _ : state) {
    skein::span span{"invoke_agent critic"};
    set_five(span);
  }
  state.SetItemsProcessed(state.iterations());
}

void a_span_nobody_records(benchmark::State& state) {
  traced_run const off{false};
  skein::ambient_scope const scope{off.root.as_ambient()};
  for (auto _ : state) {
    skein::span span{"invoke_agent critic"};
    set_five(span);
  }
  state.SetItemsProcessed(state.iterations());
}

void a_span_outside_any_run(benchmark::State& state) {
  for (auto _ : state) skein::span const span{"unseen"};
  state.SetItemsProcessed(state.iterations());
}

void make_run(benchmark::State const&) { shared_run = std::make_unique<traced_run>(true); }
void end_run(benchmark::State const&) { shared_run.reset(); }

BENCHMARK(a_struct_into_a_ring);
BENCHMARK(a_span)->Setup(make_run)->Teardown(end_run);
BENCHMARK(a_span)->Setup(make_run)->Teardown(end_run)->Threads(2)->UseRealTime();
BENCHMARK(a_span_nobody_records);
BENCHMARK(a_span_outside_any_run);

}  // namespace

BENCHMARK_MAIN();
