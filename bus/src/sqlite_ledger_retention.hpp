// Keeps a ledger file near its size limit: the oldest closed rows go, a few in each commit; what is open stays.
#pragma once

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

  [[nodiscard]] static result<retention> prepare(sqlite::database& file, std::uint64_t file_bytes_max, std::size_t dead_kept_max);
  /// Inside a transaction that has written `rows` rows: deletes more rows than that if the file is over its limit.
  [[nodiscard]] result<removed> run(sqlite::database& file, std::size_t rows);
  /// After a rollback: what was deleted is there again.
  void forget() noexcept { activations_from_ = artifacts_from_ = 0; }

 private:
  [[nodiscard]] result<bool> over_limit();
  [[nodiscard]] result<void> find_oldest_dead();
  [[nodiscard]] result<void> remove_activations(std::int64_t limit, removed& out);
  [[nodiscard]] result<void> remove_artifacts(std::int64_t limit, removed& out);
  [[nodiscard]] result<void> remove_runs(sqlite::database& file, std::int64_t limit, removed& out);

  std::uint64_t file_bytes_max_ = 0;
  std::int64_t page_bytes_ = 0;
  std::size_t dead_kept_max_ = 0;
  std::int64_t dead_from_ = 0;   // dead activations from this number on stay
  sqlite::statement pages_, free_pages_, oldest_dead_, keep_numbers_, group_inputs_, next_artifacts_;
  sqlite::statement next_activations_, remove_activation_, remove_artifact_, remove_runs_;
  // Where the next pass goes on; a pass that comes to the end starts again at the front.
  std::int64_t activations_from_ = 0, artifacts_from_ = 0;
  // Commits to let pass after nothing could be deleted: looking costs, and little has changed.
  unsigned pause_ = 0;
};

}  // namespace skein::bus::ledger_file
