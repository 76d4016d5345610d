// How many spans are stored, in what pieces, so that store and floor do the same.
#pragma once

#include <cstddef>

namespace floors {

inline constexpr std::size_t load_threads = 2, load_runs_per_thread = 500, load_spans_per_run = 100;
inline constexpr std::size_t load_spans = load_threads * load_runs_per_thread * load_spans_per_run;
/// Of one transaction.
inline constexpr std::size_t load_batch_spans = 8192;

}  // namespace floors
