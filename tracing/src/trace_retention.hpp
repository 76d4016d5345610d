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

/// The bound of one file's size. Asked after each batch, so its queries stay prepared.
class trace_retention {
 public:
  /// Of no file; for members.
  trace_retention() = default;
  /// `file` must outlive this.
  [[nodiscard]] static result<trace_retention> make(sqlite::database& file, std::uint64_t bytes_max);

  /// Deletes runs until the pages in use are below 95 % of the bound, when they are above it, at most some ten thousand spans a call; call
  /// it again after the next batch. Needs no open transaction. A run that is deleted over several calls is seen with fewer spans meanwhile.
  [[nodiscard]] result<deleted_runs> delete_oldest_runs();

 private:
  [[nodiscard]] bool may_be_over() const noexcept;
  [[nodiscard]] result<std::uint64_t> bytes_in_use();
  [[nodiscard]] result<deleted_runs> delete_some(std::uint64_t bytes_goal);

  sqlite::database* file_ = nullptr;
  std::uint64_t bytes_max_ = 0, page_bytes_ = 0;
  unsigned written_then_ = 0, pages_left_ = 0;   // As of the last look: pages written since the file was opened, and pages to the bound.
  sqlite::statement pages_, free_pages_;
};

}  // namespace skein
