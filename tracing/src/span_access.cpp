#include "span_access.hpp"

#include <skein/tracing/span_template.hpp>

#include "current_slot.hpp"
#include "state_pool.hpp"
#include "thread_ids.hpp"

#include <utility>

namespace skein {

std::shared_ptr<span_state> span_access::make_state(run_scope& run, span_id id, span_id parent, span_kind kind, span_type type) {
  if (thread_token == 0) thread_token = thread_ids().next() | 1;
  auto state = std::allocate_shared<span_state>(state_pool<span_state>{}, run);
  state->owner = thread_token;
  state->context = {run.trace, id ? id : run.recorder->new_span_id(), run.flags};
  auto& head = state->image.head();
  head.trace = run.trace;
  head.span = state->context.span;
  head.flags = run.flags;
  head.parent = parent;
  head.run = run.id;
  head.kind = kind;
  head.type = type;
  return state;
}

std::shared_ptr<span_state> span_access::make_state(run_scope& run, span_id id, span_id parent, span_kind kind, span_type type, std::string_view name) {
  auto state = make_state(run, id, parent, kind, type);
  state->image.head().has = flat::bit(flat::tag::name);
  state->image.append(flat::tag::name, {}, name);
  return state;
}

std::shared_ptr<span_state> span_access::make_state(run_scope& run, span_id id, span_id parent, span_template const& like) {
  auto state = make_state(run, id, parent, like.kind_, like.type_);
  state->image.head().has = like.has_;
  state->image.append(like.entries_);
  state->keys_seen = like.keys_seen_;
  state->attributes.store(like.attributes_, std::memory_order_relaxed);
  return state;
}

span_handle span_access::open(std::shared_ptr<span_state> state, std::shared_ptr<run_scope> run, span_id parent) {
  auto const* const current = this_slot.current();
  if (current != nullptr && current->span && current->span->context.span == parent) state->around = current->span;
  run->recorder->attach(*state);
  return span_handle{{std::move(state), std::move(run)}};
}

span_handle span_access::unrecorded(std::shared_ptr<run_scope> run, span_context const& identity) {
  span_handle made{{nullptr, std::move(run)}};
  made.unrecorded_ = identity;
  return made;
}

}  // namespace skein
