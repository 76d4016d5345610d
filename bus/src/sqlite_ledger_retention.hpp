// Keeps a ledger file near its size limit: the oldest closed rows go, a few in each commit; what is open stays.
#pragma once

#include "sqlite_ledger_blocks.hpp"

#include <skein/registry/error.hpp>
#include <skein/tracing/sqlite.hpp>

#include <cstdint>
#include <vector>

namespace skein::bus::ledger_file {

class retention {
 public:
  struct removed {
    std::uint64_t activations = 0, artifacts = 0, runs = 0;
    [[nodiscard]] bool any() const noexcept { return activations + artifacts + runs > 0; }
  };

  struct candidate {
    std::int64_t key;   ///< Of its table.
    bool pinned;
    std::int64_t run;   ///< Number of the artifact's run; 0 = none.
  };

  [[nodiscard]] static result<retention> prepare(sqlite::database& file, std::uint64_t file_bytes_max, std::size_t dead_kept_max);
  /// Inside a transaction that has written `rows` rows: deletes more rows than that if the file is over its limit.
  [[nodiscard]] result<removed> run(activation_blocks& activations, std::size_t rows);
  /// After a rollback: what was deleted is there again.
  void forget() noexcept { artifacts_from_ = runs_from_ = 0; }

 private:
  [[nodiscard]] result<bool> over_limit();
  [[nodiscard]] result<void> remove_artifacts(activation_blocks const& activations, std::int64_t limit, removed& out);
  [[nodiscard]] result<void> leave_run(candidate const& last);
  [[nodiscard]] result<void> remove_runs(std::int64_t limit, removed& out);

  std::uint64_t file_bytes_max_ = 0;
  std::int64_t last_part_ = 0;   // which may get more artifacts
  std::int64_t page_bytes_ = 0;
  unsigned written_then_ = 0, pages_left_ = 0;   // as of the last look: pages written since the file was opened, and pages to the limit
  std::size_t dead_kept_max_ = 0;
  sqlite::statement pages_, free_pages_, keep_numbers_, next_artifacts_, last_seq_, next_runs_;
  sqlite::statement remove_artifact_, leave_run_, remove_run_;
  // Where the next pass goes on; a pass that comes to the end starts again at the front.
  std::int64_t artifacts_from_ = 0, runs_from_ = 0;
  // Commits to let pass after nothing could be deleted: looking costs, and little has changed.
  unsigned pause_ = 0;
};

}  // namespace skein::bus::ledger_file
