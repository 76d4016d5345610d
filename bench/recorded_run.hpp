// A run whose spans go to a recorder, made without a hub.
#pragma once

#include <skein/tracing/current.hpp>
#include <skein/tracing/run_scope.hpp>
#include <skein/tracing/span_start.hpp>

#include <memory>
#include <utility>

namespace bench {

/// Starts a run and its root span; the run ends with the root.
struct recorded_run {
  std::shared_ptr<skein::run_scope> run = std::make_shared<skein::run_scope>();
  skein::span_handle root;

  explicit recorded_run(std::shared_ptr<skein::recorder> to, bool recording = true) {
    run->recorder = std::move(to);
    run->recording = recording;
    run->id = run->recorder->new_run_id();
    run->trace = skein::trace_of(run->id);
    run->root = run->recorder->new_span_id();
    if (recording) run->begin("bench", run->recorder->time().now());
    skein::span_start start;
    start.name = "bench";
    start.id = run->root;
    start.ends_run = true;
    root = skein::start_span(run, std::move(start));
  }
};

/// What every measured span is given: three texts and two integers, about 130 bytes as JSON.
template <class Span>
void set_five(Span& span) {
  span.set_attribute("gen_ai.operation.name", "invoke_agent");
  span.set_attribute("gen_ai.agent.name", "critic");
  span.set_attribute("messaging.system", "zeromq");
  span.set_attribute("skein.attempt", 1);
  span.set_attribute("idea.length", 42);
}

}  // namespace bench
