// What the traces say about a run: its slowest agents, and its tree with equal siblings folded.
#pragma once

#include <skein/registry/ids.hpp>
#include <skein/tracing/trace_store.hpp>

#include <iosfwd>

namespace sbom {

/// Throws skein::error when the run cannot be read.
void print_trace(std::ostream& out, skein::trace_store const& traces, skein::run_id const& run);

}  // namespace sbom
