// What every way to start a span by hand has in common.
#pragma once

#include "span_state.hpp"

#include <memory>

namespace skein {

/// A state without a name.
[[nodiscard]] std::shared_ptr<span_state> make_state(run_scope& run, span_id id, span_id parent, span_kind kind, span_type type);
/// The span begins, with what its state has by now.
[[nodiscard]] span_handle begin_span(std::shared_ptr<span_state> state, std::shared_ptr<run_scope> run, span_id parent, timestamp at);

}  // namespace skein
