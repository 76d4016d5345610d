// The `publish` span of an artifact, the same whoever records it: a handler, a caller from outside, the board.
#pragma once

#include <skein/registry/ids.hpp>
#include <skein/tracing/span_outline.hpp>
#include <skein/tracing/span_start.hpp>

#include <string_view>

namespace skein::agents {

/// Names and attributes by OpenTelemetry's messaging conventions; the span's id is derived from the artifact's.
[[nodiscard]] span_start publish_span(std::string_view type, artifact_id const& artifact, span_context const& parent, timestamp at = {});

/// The same for all artifacts of the type. Filled: the artifact's id.
[[nodiscard]] span_outline publish_outline(std::string_view type);

}  // namespace skein::agents
