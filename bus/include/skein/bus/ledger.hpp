// The store that makes the board durable. One owner at a time; the bus calls it from one thread at a time.
#pragma once

#include <skein/bus/change.hpp>
#include <skein/registry/error.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace skein::bus {

/// What a ledger still has of one run, closed activations included.
struct run_history {
  run_row run;                                 ///< Its row; an empty id when the ledger knows none.
  std::vector<artifact_ptr> artifacts;         ///< Of that run, by seq.
  std::vector<activation_row> activations;     ///< Of that run, by no.
};

/// Counted since the ledger was opened.
struct ledger_counters {
  std::uint64_t commits = 0;                ///< Successful ones.
  std::uint64_t failed_commits = 0;         ///< Ones of which nothing happened.
  std::uint64_t activations_removed = 0;    ///< Closed ones that retention deleted.
  std::uint64_t artifacts_removed = 0;      ///< Likewise; no open activation referred to them.
  friend bool operator==(ledger_counters const&, ledger_counters const&) = default;
};

/// What a board needs of its store.
class ledger {
 public:
  virtual ~ledger() = default;
  /// Applies all changes in order in one transaction: after ok they survive a crash (of the machine too, where `durable`), after an
  /// error none of them happened. May block for the disk. errc::ledger_failed.
  [[nodiscard]] virtual result<void> commit(std::span<change const> changes) = 0;
  /// Whether tidy() has something to do. Never blocks. Default: no.
  [[nodiscard]] virtual bool untidy() const noexcept;
  /// Does what a commit leaves undone, so that its answers need not wait for it; may block for the disk. Need not be called: commits do the same when it becomes too
  /// much. Default: nothing.
  virtual void tidy() noexcept;
  /// What is open, as of the last successful commit. Also used to rebuild the board after a failed commit.
  [[nodiscard]] virtual result<board_state> load() = 0;
  /// Everything that is left of `run`; empty for a run that the ledger does not know. For rebuilding spans after a crash and for
  /// listing dead activations. errc::ledger_failed.
  [[nodiscard]] virtual result<run_history> history(run_id run) = 0;
  /// Artifacts of `type` of all sessions, the newest `limit` (0 = all), by seq. errc::ledger_failed. May be called while another thread
  /// commits.
  [[nodiscard]] virtual result<std::vector<artifact_ptr>> artifacts(std::string_view type, std::size_t limit);
  /// Never blocks; to be called like the rest, from one thread at a time.
  [[nodiscard]] virtual ledger_counters counters() const noexcept = 0;
  /// Whether commit reaches a disk; if not, the board keeps going without waiting and commit may be skipped.
  [[nodiscard]] virtual bool durable() const noexcept = 0;
  /// For messages: `memory:`, `sqlite:.skein/ledger.db`.
  [[nodiscard]] virtual std::string describe() const = 0;
};

/// Keeps nothing: the board's own memory is the store. Never fails; load() is always empty.
[[nodiscard]] std::unique_ptr<ledger> make_memory_ledger();

/// Where a SQLite ledger is, and its bounds.
struct sqlite_ledger_options {
  std::string path;                                   ///< The database file; parent folders are made.
  std::size_t idempotency_keys_max = 1'000'000;       ///< Newest keys that load() gives back. An older one that comes
                                                      ///< again belongs to the newer artifact.
  char const* vfs = nullptr;                          ///< SQLite VFS name; fault injection in tests.
  std::uint64_t file_bytes_max = 1u << 30;            ///< Past this, closed activations and the artifacts that no open one needs
                                                      ///< are deleted, oldest first, a few in each commit. What is open stays,
                                                      ///< and so do the newest dead ones.
  std::size_t dead_kept_max = 10'000;                 ///< Newest dead activations that load() gives back and retention spares.
  int checkpoint_pages = 1'000;                       ///< WAL pages after which ledger::tidy() moves them into the database; at twice as many a commit does.
  std::string control_socket;                         ///< Written into the lock file: where the owner listens for commands; empty = nowhere.
};
/// Opens or creates; holds `<path>.lock` until destroyed. errc::locked naming the owner's pid, io_failed, corrupt, unsupported_version.
[[nodiscard]] result<std::unique_ptr<ledger>> open_sqlite_ledger(sqlite_ledger_options options);

}  // namespace skein::bus
