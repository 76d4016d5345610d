#include <skein/orchestrator/traced_run.hpp>

#include "orchestrator_state.hpp"

#include <skein/tracing/span_start.hpp>

#include <exception>

namespace skein {

traced_run::traced_run(orchestrator& hub, std::string name, run_options options) : hub_(hub), exceptions_(std::uncaught_exceptions()) {
  auto& state = *hub.state_;
  auto const& here = current_ambient();
  span_context const parent = current_span().context();
  nested_ = state.owns(here);

  span_start start;
  start.name = name;
  start.type = nested_ ? span_type::task : span_type::workflow;
  start.parent = parent;
  start.scope = "skein";
  if (nested_) {
    scope_ = here.run;
    for (auto& tag : options.tags) scope_->set_tag(tag.key, std::move(tag.value));
  } else {
    scope_ = state.make_scope(state.recorder()->new_run_id(), parent);
    scope_->root = state.recorder()->new_span_id();
    if (here.run) {   // a run elsewhere: what travels with its trace goes on with this one
      scope_->tracestate = here.run->tracestate;
      scope_->baggage = here.run->baggage;
    }
    start.id = scope_->root;
    start.attrs = {{"skein.workflow", true}, {"workflow.name", name}, {"workflow.id", scope_->id.to_string()}};
    state.open_run(scope_, name);
    for (auto& tag : options.tags) scope_->set_tag(tag.key, std::move(tag.value));
    if (!options.session.empty()) scope_->set_session(options.session);
    if (!options.user.empty()) scope_->set_user(options.user);
    if (scope_->recording) scope_->begin(name, state.time().now());
  }
  span_ = start_span(scope_, std::move(start));
  previous_ = exchange_current(span_.as_ambient());
}

traced_run::~traced_run() {
  try {
    if (std::uncaught_exceptions() > exceptions_ && !failed_) {
      failed_ = true;
      span_.set_status(status::error("left by an exception"));
    }
    (void)exchange_current(std::move(previous_));
    span_.end();
    if (!nested_) hub_.state_->close_run(*scope_, failed_);
  } catch (...) {
    // A destructor has nobody to tell; the run stays open in a durable ledger.
  }
}

run_id const& traced_run::id() const noexcept { return scope_->id; }

traced_run& traced_run::set_attribute(std::string_view key, attribute_value value) {
  if (!nested_ && scope_->recording) scope_->set_attribute(key, value);
  span_.set_attribute(key, std::move(value));
  return *this;
}

run_report traced_run::run_until_idle(std::optional<std::chrono::nanoseconds> timeout) { return hub_.state_->wait_idle(scope_->id, timeout); }
bool traced_run::run_until(until const& condition, std::optional<std::chrono::nanoseconds> timeout) {
  ambient_scope const inside{span_.as_ambient()};
  return hub_.state_->run_until(condition, timeout);
}
span_ref traced_run::span() const { return span_ref{span_.as_ambient()}; }

void traced_run::record(std::exception_ptr thrown) {
  failed_ = true;
  span_.record_exception(thrown);
}

}  // namespace skein
