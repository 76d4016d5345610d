// Spans and runs for tests of the store: short to write, with ids that are readable in failures.
#pragma once

#include <skein/tracing/span_record.hpp>
#include <skein/tracing/span_sink.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace skein::testing {

/// 0198c7f0-0000-7000-8000-0000000000nn.
[[nodiscard]] run_id sample_run(std::uint8_t n);
/// 00000000000000nn.
[[nodiscard]] span_id sample_span(std::uint64_t n);
/// `ms` milliseconds after some moment of 2026.
[[nodiscard]] timestamp at_ms(std::int64_t ms);

/// An ended span of 1 ms that starts at `ms`; parent 0 = a root.
[[nodiscard]] span_record sample(run_id run, std::uint64_t id, std::uint64_t parent, std::string_view name, std::int64_t ms);
/// The same while it is open.
[[nodiscard]] span_record running(span_record span);
/// A run from 0 to `ms`; -1 = still running.
[[nodiscard]] run_record sample_record(run_id run, std::string_view name, std::int64_t ms);

/// A small workflow with everything in it: a root, two publishes of one name, an agent that worked and one that failed with an
/// exception event and a link.
[[nodiscard]] trace_batch sample_workflow(std::uint8_t n, std::string_view name);

}  // namespace skein::testing
