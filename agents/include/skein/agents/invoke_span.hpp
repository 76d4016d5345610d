// The `invoke_agent` span of an attempt, the same whoever records it: the host that ran it, or the hub when the host is gone.
#pragma once

#include <skein/bus/message.hpp>
#include <skein/tracing/span_outline.hpp>
#include <skein/tracing/span_start.hpp>

#include <string_view>
#include <vector>

namespace skein::agents {

/// The newest member of a group (not empty): it gives run, correlation and trace parent.
[[nodiscard]] bus::artifact_data const& newest_of(std::vector<bus::artifact_ptr> const& inputs) noexcept;

/// Names and attributes by OpenTelemetry's messaging and gen_ai conventions; the span's id is derived from the attempt, its parent is the
/// publish of the newest input, its links are the other inputs. `description` may be empty.
[[nodiscard]] span_start invoke_span(bus::attempt_ref const& attempt, std::string_view agent, std::string_view description,
                                     std::vector<bus::artifact_ptr> const& inputs);

/// The same for all attempts with one input of that type. Filled: the ids of input and activation, and the attempt.
[[nodiscard]] span_outline invoke_outline(std::string_view agent, std::string_view description, std::string_view type);

}  // namespace skein::agents
