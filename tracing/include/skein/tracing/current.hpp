// The one ambient thing: the thread's current span. It can always be passed by hand instead.
#pragma once

#include <skein/registry/ids.hpp>
#include <skein/tracing/trace_context.hpp>

#include <memory>

namespace skein {

class recorder;
struct span_state;  // The live span itself; private to tracing.
struct run_scope;   // What all spans of one run in this process share (run id, recorder, tags and previews); private to tracing.

/// What is current on a thread: the innermost span and the run that it belongs to. A value (reference counts); empty = no trace.
struct ambient {
  std::shared_ptr<span_state> span;   ///< Null outside any span, and where nothing is recorded.
  std::shared_ptr<run_scope> run;     ///< Null outside any run.
};

/// Puts `next` in place and returns what was there. This is all that a scheduler of coroutines needs. Never blocks, never throws.
ambient exchange_current(ambient next) noexcept;
/// The same in place: `with` is current afterwards, and holds what was.
void swap_current(ambient& with) noexcept;
/// What is current, without touching a reference count. The reference is valid until the thread's next exchange_current.
[[nodiscard]] ambient const& current_ambient() noexcept;

/// Makes `next` current for a scope. A local variable only.
class [[nodiscard]] ambient_scope {
 public:
  /// What was current before is current again when this is destroyed.
  explicit ambient_scope(ambient next) noexcept : previous_(std::move(next)) { swap_current(previous_); }
  ambient_scope(ambient_scope const&) = delete;
  ambient_scope& operator=(ambient_scope const&) = delete;
  ~ambient_scope() { swap_current(previous_); }

 private:
  ambient previous_;
};

}  // namespace skein
