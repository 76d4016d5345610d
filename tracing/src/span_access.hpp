// How spans are made: the steps that their ways of starting share.
#pragma once

#include <skein/tracing/run_scope.hpp>
#include <skein/tracing/span.hpp>

#include "span_state.hpp"

#include <memory>
#include <string_view>

namespace skein {

class span_template;

/// A friend of what the public headers show of spans, so that they need not show states.
struct span_access {
  [[nodiscard]] static bool records(run_scope const& run) noexcept { return run.recording && run.recorder; }

  /// A span of the run that has no entries and has not started. Its owner is this thread.
  [[nodiscard]] static std::shared_ptr<span_state> make_state(run_scope& run, span_id id, span_id parent, span_kind kind, span_type type);
  /// The same with its name.
  [[nodiscard]] static std::shared_ptr<span_state> make_state(run_scope& run, span_id id, span_id parent, span_kind kind, span_type type,
                                                              std::string_view name);
  /// The same with what its template has.
  [[nodiscard]] static std::shared_ptr<span_state> make_state(run_scope& run, span_id id, span_id parent, span_template const& like);
  /// Lets others see a span that has started.
  [[nodiscard]] static span_handle open(std::shared_ptr<span_state> state, std::shared_ptr<run_scope> run, span_id parent);
  /// A handle for a span that nobody records.
  [[nodiscard]] static span_handle unrecorded(std::shared_ptr<run_scope> run, span_context const& identity);
};

}  // namespace skein
