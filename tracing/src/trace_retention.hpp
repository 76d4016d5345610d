// Keeps a traces file within its size: the oldest runs that have ended go first.
#pragma once

#include <skein/tracing/sqlite.hpp>

#include <cstdint>
#include <vector>

namespace skein {

struct deleted_runs {
  std::vector<std::int64_t> numbers;  ///< run_rows.no
  std::uint64_t spans = 0;
};

/// Deletes runs until the pages in use are below 95 % of `bytes_max`, when they are above it, at most some ten thousand spans a call; call
/// it again after the next batch. Needs no open transaction. A run that is deleted over several calls is seen with fewer spans meanwhile.
[[nodiscard]] result<deleted_runs> delete_oldest_runs(sqlite::database& file, std::uint64_t bytes_max);

}  // namespace skein
