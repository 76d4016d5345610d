#include <skein/bus/ledger.hpp>

#include "sqlite_ledger_checkpoint.hpp"
#include "sqlite_ledger_reader.hpp"
#include "sqlite_ledger_retention.hpp"
#include "sqlite_ledger_schema.hpp"
#include "sqlite_ledger_writer.hpp"

#include <skein/tracing/owner_lock.hpp>
#include <skein/tracing/sqlite.hpp>

#include <sqlite3.h>

namespace skein::bus {
namespace {

using ledger_file::retention;
using ledger_file::row_writer;

class sqlite_ledger final : public ledger {
 public:
  /// Members in the order in which they must be built: the lock outlives the file, the file its statements.
  struct parts {
    owner_lock lock;
    sqlite::database file;
    row_writer writer;
    retention keep;
    ledger_file::checkpoints wal;
    sqlite::statement begin, end;
  };

  sqlite_ledger(sqlite_ledger_options options, parts all) : options_(std::move(options)), parts_(std::move(all)) {}

  result<void> commit(std::span<change const> changes) override;
  bool untidy() const noexcept override { return parts_.wal.pages() >= options_.checkpoint_pages; }
  void tidy() noexcept override { parts_.wal.shorten(parts_.file, options_.checkpoint_pages); }
  result<board_state> load() override {
    auto state = ledger_file::read_state(parts_.file, options_.idempotency_keys_max, options_.dead_kept_max);
    if (!state) return read_failed(state.error());
    return state;
  }
  result<run_history> history(run_id run) override {
    auto found = ledger_file::read_history(parts_.file, run);
    if (!found) return read_failed(found.error());
    return found;
  }
  result<std::vector<artifact_ptr>> artifacts(std::string_view type, std::size_t limit) override {
    // A connection of its own: the other one may be in the middle of a commit.
    auto reader = sqlite::database::open(options_.path, sqlite::open_mode::read_only, options_.vfs);
    if (!reader) return read_failed(reader.error());
    auto found = ledger_file::read_artifacts(*reader, type, limit);
    if (!found) return read_failed(found.error());
    return found;
  }
  ledger_counters counters() const noexcept override { return counters_; }
  bool durable() const noexcept override { return true; }
  std::string describe() const override { return "sqlite:" + options_.path; }

 private:
  result<void> write(std::span<change const> changes, retention::removed& removed);
  error failed(error const& why);
  void roll_back() noexcept;
  error read_failed(error const& why) const {
    return {why.code() == errc::corrupt ? errc::corrupt : errc::ledger_failed, "cannot read the ledger: " + why.message(), options_.path};
  }

  sqlite_ledger_options options_;
  parts parts_;
  ledger_counters counters_;
};

result<void> sqlite_ledger::write(std::span<change const> changes, retention::removed& removed) {
  if (auto const begun = parts_.begin.run(); !begun) return begun;
  if (auto const done = parts_.writer.apply(changes); !done) return done;
  auto const deleted = parts_.keep.run(parts_.writer.activations(), changes.size());
  if (!deleted) return deleted.error();
  removed = *deleted;
  parts_.wal.make_room(parts_.file);
  return {};
}

result<void> sqlite_ledger::commit(std::span<change const> changes) {
  retention::removed removed;
  if (auto const done = write(changes, removed); !done) return failed(done.error());
  if (auto const done = parts_.end.run(); !done) {
    auto const why = failed(done.error());
    // When only the sync failed, the WAL file holds the whole transaction, and a crash before the next commit would bring it back:
    // empty the WAL while nothing follows. Best effort; the disk may still be refusing.
    sqlite3_wal_checkpoint_v2(parts_.file.handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    return why;
  }
  parts_.wal.shorten(parts_.file, 2 * options_.checkpoint_pages);
  ++counters_.commits;
  counters_.activations_removed += removed.activations;
  counters_.artifacts_removed += removed.artifacts;
  if (removed.runs > 0) parts_.writer.forget_runs();
  return {};
}

error sqlite_ledger::failed(error const& why) {
  ++counters_.failed_commits;
  roll_back();
  return {errc::ledger_failed, "cannot commit: " + why.message(), options_.path};
}

void sqlite_ledger::roll_back() noexcept {
  auto* const handle = parts_.file.handle();
  // After some errors SQLite has rolled back by itself.
  if (sqlite3_get_autocommit(handle) == 0) sqlite3_exec(handle, "ROLLBACK", nullptr, nullptr, nullptr);
  parts_.writer.forget();
  parts_.keep.forget();
}

}  // namespace

result<std::unique_ptr<ledger>> open_sqlite_ledger(sqlite_ledger_options options) {
  auto lock = owner_lock::acquire(options.path, options.control_socket);
  if (!lock) return ledger_file::cannot_open(options.path, lock.error());
  auto file = ledger_file::open(options);
  if (!file) return file.error();
  auto writer = row_writer::prepare(*file);
  if (!writer) return ledger_file::cannot_open(options.path, writer.error());
  auto keep = retention::prepare(*file, options.file_bytes_max, options.dead_kept_max);
  if (!keep) return ledger_file::cannot_open(options.path, keep.error());
  auto begin = file->prepare("BEGIN IMMEDIATE", true);
  if (!begin) return ledger_file::cannot_open(options.path, begin.error());
  auto end = file->prepare("COMMIT", true);
  if (!end) return ledger_file::cannot_open(options.path, end.error());
  ledger_file::checkpoints wal{*file, options.checkpoint_pages};
  sqlite_ledger::parts all{std::move(*lock), std::move(*file), std::move(*writer), std::move(*keep), std::move(wal), std::move(*begin), std::move(*end)};
  return std::unique_ptr<ledger>{std::make_unique<sqlite_ledger>(std::move(options), std::move(all))};
}

}  // namespace skein::bus
