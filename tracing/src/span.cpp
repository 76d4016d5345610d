#include <skein/tracing/span.hpp>

#include <skein/tracing/span_start.hpp>

#include "span_state.hpp"

#include <algorithm>

namespace skein {

/// Makes handles from states: what is friends with span_handle, so that the header need not show states.
struct span_access {
  static span_handle handle(ambient target, span_context const& unrecorded) { return span_handle{std::move(target), unrecorded}; }
};

namespace {

void cut_links(span_state& state, std::size_t links_max) {
  auto& links = state.record.links;
  if (links.size() <= links_max) return;
  state.dropped_links = static_cast<std::uint32_t>(links.size() - links_max);
  links.resize(links_max);
}

void cut_attributes(span_state& state, std::size_t attributes_max) {
  auto& all = state.record.attributes;
  if (all.size() <= attributes_max) return;
  state.dropped_attributes = static_cast<std::uint32_t>(all.size() - attributes_max);
  all.resize(attributes_max);
}

std::shared_ptr<span_state> make_state(std::shared_ptr<run_scope> run, std::string name, span_kind kind, span_type type, span_id parent,
                                       attributes&& all, std::vector<span_link>&& links) {
  auto state = std::make_shared<span_state>();
  auto& record = state->record;
  record.context = {run->trace, run->recorder->new_span_id(), run->flags};
  record.parent = parent;
  record.run = run->id;
  record.name = std::move(name);
  record.kind = kind;
  record.type = type;
  record.attributes = std::move(all);
  record.links = std::move(links);
  cut_attributes(*state, run->limits.attributes_max);
  cut_links(*state, run->limits.links_max);
  state->run = std::move(run);
  return state;
}

bool records(std::shared_ptr<run_scope> const& run) noexcept { return run && run->recording && run->recorder; }

}  // namespace

span_handle start_span(std::shared_ptr<run_scope> run, span_start start) {
  if (!records(run)) {
    span_context const identity{run->trace, start.id ? start.id : run->root, run->flags};
    return span_access::handle({nullptr, std::move(run)}, identity);
  }
  auto& recorder = *run->recorder;
  auto state = make_state(run, std::move(start.name), start.kind, start.type, start.parent.span, std::move(start.attrs),
                          std::move(start.links));
  if (start.id) state->record.context.span = start.id;
  state->record.scope = std::move(start.scope);
  state->record.start = start.at == timestamp{} ? recorder.time().now() : start.at;
  state->ends_run = start.ends_run;
  auto const& current = current_ambient().span;
  if (current && current->record.context.span == start.parent.span) state->around = current;
  recorder.attach(*state);
  return span_access::handle({std::move(state), std::move(run)}, {});
}

span::span(std::string_view name, span_options options) {
  ambient const& around = current_ambient();
  if (!around.run) return;
  if (!records(around.run)) {
    unrecorded_ = around.run->context();
    return;
  }
  exceptions_ = std::uncaught_exceptions();
  target_.run = around.run;
  auto const parent = around.span ? around.span->record.context.span : around.run->root;
  target_.span = make_state(around.run, std::string{name}, options.kind, options.type, parent, std::move(options.attributes),
                            std::move(options.links));
  target_.span->record.start = around.run->recorder->time().now();
  around.run->recorder->attach(*target_.span);
  previous_ = exchange_current(target_);
  current_ = true;
}

span::~span() {
  if (!target_.span) return;
  if (std::uncaught_exceptions() > exceptions_) {
    std::lock_guard const lock{target_.span->mutex};
    if (!target_.span->ended) target_.span->record.status = status_code::error;
  }
  end();
  leave();
}

void span::end() noexcept {
  if (!target_.span) return;
  target_.span->end();
  leave();
}

/// Makes current again what was before, unless a span inside this one is still there.
void span::leave() noexcept {
  if (!current_ || current_ambient().span != target_.span) return;
  current_ = false;
  if (previous_.span) target_.span->tell(*previous_.span);
  exchange_current(std::move(previous_));
}

span_ref current_span() { return span_ref{current_ambient()}; }

span_handle::span_handle(ambient target, span_context const& unrecorded) noexcept : span_setters(std::move(target)) {
  unrecorded_ = unrecorded;
}

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
