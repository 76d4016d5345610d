// A trace as text without what differs between two runs of a program (ids, times), from each of the places where it can be read.
#pragma once

#include <skein/tracing/memory_sink.hpp>

#include <string>

namespace skein::golden {

/// Per run, in start order: its row, the row of `workflows` if it has one, and its spans as a tree. Attempts under one publish stand
/// in the order of agent and attempt, everything else in the order in which it started.
[[nodiscard]] std::string text_of(testing::memory_traces const& traces);
/// The same from a traces file through trace_store::tree.
[[nodiscard]] std::string text_by_tree(std::string const& path);
/// The same from a traces file by SQL alone.
[[nodiscard]] std::string text_by_sql(std::string const& path);

}  // namespace skein::golden
