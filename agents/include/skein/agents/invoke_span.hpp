// The `invoke_agent` span of an attempt, the same whoever records it: the host that ran it, or the hub when the host is gone.
#pragma once

#include <skein/bus/message.hpp>
#include <skein/tracing/span_start.hpp>
#include <skein/tracing/span_template.hpp>

#include <string_view>
#include <vector>

namespace skein::agents {

/// The newest member of a group (not empty): it gives run, correlation and trace parent.
[[nodiscard]] bus::artifact_data const& newest_of(std::vector<bus::artifact_ptr> const& inputs) noexcept;

/// Names and attributes by OpenTelemetry's messaging and gen_ai conventions; the span's id is derived from the attempt, its parent is the
/// publish of the newest input, its links are the other inputs. `description` may be empty.
[[nodiscard]] span_start invoke_span(bus::attempt_ref const& attempt, std::string_view agent, std::string_view description,
                                     std::vector<bus::artifact_ptr> const& inputs);

/// What all attempts of an agent have in common whose newest input is of that type.
[[nodiscard]] span_template invoke_template(std::string_view agent, std::string_view type);
/// Adds what one has of its own; with the template the same as invoke_span.
void fill_invoke_span(span_beginning& with, bus::attempt_ref const& attempt, std::string_view description, bus::artifact_data const& newest,
                      std::vector<bus::artifact_ptr> const& inputs);

}  // namespace skein::agents
