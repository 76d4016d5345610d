// A run to start spans in, with everything that it records in memory.
#pragma once

#include <skein/tracing/manual_clock.hpp>
#include <skein/tracing/memory_sink.hpp>
#include <skein/tracing/span_start.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace skein::testing {

/// A recorder on a manual clock, a run, and its root span, which is current while this lives.
struct traced {
  manual_clock clock;
  memory_traces traces;
  std::shared_ptr<recorder> spans = recorder::make({traces.sink()}, clock);
  std::shared_ptr<run_scope> run = make_run();
  span_handle root = start_span(run, {.name = "root", .id = run->root, .ends_run = true});
  std::optional<ambient_scope> current{std::in_place, root.as_ambient()};

  /// Ends the root and returns what was recorded.
  span_list finish() {
    current.reset();
    root.end();
    return traces.spans();
  }

  [[nodiscard]] std::shared_ptr<run_scope> make_run() {
    auto made = std::make_shared<run_scope>();
    made->recorder = spans;
    made->id = spans->new_run_id();
    made->trace = trace_of(made->id);
    made->root = spans->new_span_id();
    made->begin("root", clock.now());
    return made;
  }
};

/// An ended span by hand.
inline span_record ended_span(recorder& by, std::string name = "work", run_id run = {}) {
  span_record span;
  span.run = run ? run : by.new_run_id();
  span.context = {trace_of(span.run), by.new_span_id(), span_context::sampled};
  span.name = std::move(name);
  span.start = span.end = by.time().now();
  return span;
}

}  // namespace skein::testing
