#include <skein/tracing/span.hpp>

#include <skein/tracing/span_start.hpp>

#include "current_slot.hpp"
#include "span_access.hpp"
#include "span_state.hpp"

#include <utility>

namespace skein {

span_handle start_span(std::shared_ptr<run_scope> run, span_start start) {
  if (!span_access::records(*run)) {
    span_context const identity{run->trace, start.id ? start.id : run->root, run->flags};
    return span_access::unrecorded(std::move(run), identity);
  }
  auto state = span_access::make_state(*run, start.id, start.parent.span, start.kind, start.type, start.name);
  if (!start.scope.empty()) state->put_only(flat::tag::scope, start.scope);
  state->begin_with(start.attrs, start.links);
  state->start_at(start.at == timestamp{} ? run->recorder->time().now() : start.at);
  state->ends_run = start.ends_run;
  return span_access::open(std::move(state), std::move(run), start.parent.span);
}

run_scope* span::find_run() noexcept {
  auto const* const around = this_slot.current();
  if (around == nullptr || !around->run) return nullptr;
  auto& run = *around->run;
  if (span_access::records(run)) return &run;
  // One by one: a copy of a context that was just put together reads across what is still being stored, which takes as long as all the rest.
  unrecorded_.trace = run.trace;
  unrecorded_.span = run.root;
  unrecorded_.flags = run.flags;
  return nullptr;
}

void span::start(run_scope& run, std::string_view name, span_options&& options) {
  auto const& around = *this_slot.current();
  exceptions_ = std::uncaught_exceptions();
  auto& recorder = *run.recorder;
  auto const parent = around.span ? around.span->context.span : run.root;
  auto state = span_access::make_state(run, {}, parent, options.kind, options.type, name);
  if (!options.attributes.empty() || !options.links.empty()) state->begin_with(options.attributes, options.links);
  state->start_at(recorder.time().now());
  recorder.attach(*state);
  target_.span = std::move(state);
  target_.run = std::shared_ptr<run_scope>{std::shared_ptr<run_scope>{}, &run};
  outer_ = std::exchange(this_slot.innermost, this);
  current_ = linked_ = true;
}

void span::leave_scope() noexcept {
  if (std::uncaught_exceptions() > exceptions_) {
    target_.span->enter([](span_state& self) { self.image.head().status = status_code::error; });
  }
  end();
  if (linked_) this_slot.settle();   // A guard inside this one is still there.
}

void span::end() noexcept {
  if (!target_.span) return;
  target_.span->end();
  leave();
}

/// Makes current again what was before, unless a span inside this one is still there.
void span::leave() noexcept {
  if (!current_) return;
  auto& slot = this_slot;
  if (linked_) {
    if (slot.innermost != this) return;
    current_ = linked_ = false;
    slot.innermost = outer_;
    auto const& outer = slot.current()->span;
    if (outer) target_.span->tell(*outer);
    return;
  }
  if (slot.innermost != nullptr || slot.kept == nullptr || slot.kept->span != target_.span) return;
  current_ = false;
  if (previous_.span) target_.span->tell(*previous_.span);
  *slot.kept = std::move(previous_);
}

span_ref current_span() { return span_ref{current_ambient()}; }

span_handle& span_handle::operator=(span_handle&& other) noexcept {
  if (this != &other) {
    end();
    span_setters::operator=(std::move(other));
  }
  return *this;
}

span_handle::~span_handle() { end(); }

void span_handle::end() noexcept {
  if (target_.span) target_.span->end();
}

void span_handle::end(skein::status status) noexcept {
  if (target_.span) target_.span->end({}, &status);
}

void span_handle::end_at(timestamp when) noexcept {
  if (target_.span) target_.span->end(when);
}

span_record span_handle::finish() {
  if (!target_.span) return {};
  return target_.span->finish().value_or(span_record{});
}

}  // namespace skein
