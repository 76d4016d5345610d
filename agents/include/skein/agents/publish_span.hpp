// The `publish` span of an artifact, the same whoever records it: a handler, a caller from outside, the board.
#pragma once

#include <skein/registry/ids.hpp>
#include <skein/tracing/span_start.hpp>
#include <skein/tracing/span_template.hpp>

#include <string_view>

namespace skein::agents {

/// Names and attributes by OpenTelemetry's messaging conventions; the span's id is derived from the artifact's.
[[nodiscard]] span_start publish_span(std::string_view type, artifact_id const& artifact, span_context const& parent, timestamp at = {});

/// What all of a type have in common.
[[nodiscard]] span_template publish_template(std::string_view type);
/// Adds what one has of its own; with the template the same as publish_span.
void fill_publish_span(span_beginning& with, artifact_id const& artifact);

}  // namespace skein::agents
