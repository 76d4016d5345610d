// Reads rows of a traces file back into spans.
#pragma once

#include <skein/tracing/span_record.hpp>
#include <skein/tracing/sqlite.hpp>

#include <vector>

namespace skein {

/// All spans of a run in start order. Throws skein::error: corrupt, io_failed.
[[nodiscard]] std::vector<span_record> read_spans(sqlite::database& file, run_id const& run);

}  // namespace skein
