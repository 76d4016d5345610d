// The runs of this process: their scopes, how they open, go on after a restart, and end.
#include "orchestrator_state.hpp"

#include "recover_spans.hpp"

#include <skein/agents/publish_span.hpp>
#include <skein/registry/failure.hpp>
#include <skein/tracing/span_start.hpp>

namespace skein {

std::shared_ptr<run_scope> orchestrator::state::make_scope(run_id id, span_context const& remote_parent) {
  auto scope = std::make_shared<run_scope>();
  scope->id = id;
  scope->trace = remote_parent.valid() ? remote_parent.trace : trace_of(id);
  scope->recorder = recorder_;
  // Whoever began the trace elsewhere has decided for all of it.
  scope->recording = options_.tracing && (!remote_parent.valid() || remote_parent.is_sampled());
  if (!scope->recording) scope->flags = span_context::random;
  return scope;
}

void orchestrator::state::open_run(std::shared_ptr<run_scope> const& scope, std::string name) {
  begin();
  runs_.add(scope);
  tracer_->adopt(scope);
  if (auto ok = bus_->open_run({scope->id, std::move(name), scope->context()}); !ok) {
    runs_.remove(scope->id);
    ok.value();
  }
}

void orchestrator::state::continue_run(left_run const& left) {
  auto const scope = make_scope(left.row.id, left.row.root);
  scope->flags = left.row.root.flags;
  scope->root = left.row.root.span;
  runs_.add(scope);
  scope->begin(left.known.name, left.known.start);
  for (auto const& one : left.known.attributes) scope->set_attribute(one.key, one.value);
  for (auto const& one : left.known.tags) scope->set_tag(one.key, one.value);
  if (!left.known.session.empty()) scope->set_session(left.known.session);
  if (!left.known.user.empty()) scope->set_user(left.known.user);
  if (!left.known.request_preview.empty()) scope->set_request_preview(left.known.request_preview);
  if (!left.known.response_preview.empty()) scope->set_response_preview(left.known.response_preview);
}

void orchestrator::state::close_run(run_scope const& scope, bool failed) {
  // Marked first: the run may end with its body.
  auto const known = stopped_ ? runs_.find(scope.id) : nullptr;
  if (known) mark_cancelled(known);
  bus_->release_run(scope.id, failed);
  if (scope.recording) flush_while_moving();
}

void orchestrator::state::mark_cancelled(std::shared_ptr<run_scope> const& scope) {
  runs_.mark_cancelled(scope->id);
  if (scope->recording) scope->end(run_status::cancelled, clock_.now());
}

void orchestrator::state::flush_while_moving() {
  // A long queue takes its time; only a writer that writes nothing at all is given up on.
  for (auto written = recorder_->counters().written;;) {
    auto const done = recorder_->flush(std::chrono::seconds{10});
    auto const now_written = recorder_->counters().written;
    if (done || done.error().code() != errc::timeout || now_written == written) return;
    written = now_written;
  }
}

std::shared_ptr<run_scope> orchestrator::state::scope_of(bus::artifact_data const& newest) {
  return runs_.find_or_make(newest.run, [&] {
    // A run of an earlier process: its row is in the store, what continues is recorded under the same ids.
    auto scope = make_scope(newest.run, newest.context);
    scope->flags = newest.context.flags;
    scope->recording = options_.tracing && newest.context.is_sampled();
    // A run that the board has opened by itself.
    if (newest.type == type_of<tick>().name) {
      scope->root = newest.context.span;
      if (scope->recording) scope->begin("publish " + newest.type, newest.created_at);
    }
    return scope;
  });
}

void orchestrator::state::ended(bus::run_ended const& run) {
  bool const cancelled = runs_.is_cancelled(run.run.id);
  auto const scope = runs_.remove(run.run.id);
  if (!scope || !scope->recording) return;
  for (std::uint64_t i = 0; i < run.run.failures; ++i) scope->add_failure();
  scope->end(cancelled ? run_status::cancelled : run.run.status, run.at);
}

void orchestrator::state::announced(bus::announcement const& made) {
  auto const& artifact = *made.artifact;
  if (remote_spans_.has(artifact.context.span)) return;
  auto const scope = scope_of(artifact);
  span_context const parent{artifact.context.trace, made.parent, artifact.context.flags};
  auto start = agents::publish_span(artifact.type, artifact.id, parent, artifact.created_at);
  start.id = artifact.context.span;  // a worker chooses its own
  start_span(scope, std::move(start)).end_at(artifact.created_at);
}

}  // namespace skein
