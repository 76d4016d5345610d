// The store that makes the board durable. One owner at a time; the bus calls it from one thread at a time.
#pragma once

#include <skein/bus/change.hpp>
#include <skein/registry/error.hpp>

#include <memory>
#include <span>
#include <string>

namespace skein::bus {

class ledger {
 public:
  virtual ~ledger() = default;
  /// Applies all changes in order in one transaction: after ok they survive a crash (of the machine too, where `durable`), after an
  /// error none of them happened. May block for the disk. errc::ledger_failed.
  [[nodiscard]] virtual result<void> commit(std::span<change const> changes) = 0;
  /// What is open, as of the last successful commit. Also used to rebuild the board after a failed commit.
  [[nodiscard]] virtual result<board_state> load() = 0;
  /// Whether commit reaches a disk; if not, the board keeps going without waiting and commit may be skipped.
  [[nodiscard]] virtual bool durable() const noexcept = 0;
  /// For messages: `memory:`, `sqlite:.skein/ledger.db`.
  [[nodiscard]] virtual std::string describe() const = 0;
};

/// Keeps nothing: the board's own memory is the store. Never fails; load() is always empty.
[[nodiscard]] std::unique_ptr<ledger> make_memory_ledger();

struct sqlite_ledger_options {
  std::string path;                                   ///< The database file; parent folders are made.
  std::size_t idempotency_keys_max = 1'000'000;       ///< Newest keys that load() gives back.
  char const* vfs = nullptr;                          ///< SQLite VFS name; fault injection in tests.
};
/// Opens or creates; holds `<path>.lock` until destroyed. errc::locked naming the owner's pid, io_failed, corrupt, unsupported_version.
[[nodiscard]] result<std::unique_ptr<ledger>> open_sqlite_ledger(sqlite_ledger_options options);

}  // namespace skein::bus
