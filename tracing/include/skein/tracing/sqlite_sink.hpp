// The store of traces: a span sink that writes a SQLite file, and keeps it truthful, bounded and readable while it writes.
//
//   auto sink = skein::open_sqlite_sink({.path = ".skein/traces.db", .service = "pizza"});
//   auto spans = skein::recorder::make({sink.value()}, skein::system_clock());
#pragma once

#include <skein/registry/error.hpp>
#include <skein/tracing/span_sink.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace skein {

/// Which file, and its bounds.
struct sqlite_sink_options {
  std::string path = ".skein/traces.db";             ///< The file; parent folders are made.
  std::string service = {};                          ///< Stored for spans that name no service of their own.
  std::uint64_t file_bytes_max = 1'073'741'824;      ///< Past it the oldest runs that have ended are deleted (whole runs); 0 = no bound.
  char const* vfs = nullptr;                         ///< SQLite VFS name; fault injection in tests.
};

/// What retention deleted since the sink was opened. The file counts the same for ever, in its table `counters`.
struct sqlite_sink_counters {
  std::uint64_t runs_deleted = 0;    ///< Whole runs.
  std::uint64_t spans_deleted = 0;   ///< Spans of those runs.
  friend bool operator==(sqlite_sink_counters const&, sqlite_sink_counters const&) = default;
};

/// Writes batches to one file, each in one transaction, and owns `<path>.lock` while it lives. Thread-safe; every call may block for the
/// disk. A failed call (full disk, folder without permission, file deleted or replaced) stored nothing; the next call opens the file
/// anew, so the sink recovers when the cause is gone. The file is readable by others at any time (WAL).
///
/// The size bound counts the pages in use, not the -wal file beside it (some 8 MiB, in a program without a pause 48 MiB, unless a reader
/// stays in one query). Runs that are still running are never deleted, so one run larger than the bound may exceed it. The file does not
/// shrink: its free pages are used again.
class sqlite_sink : public span_sink {
 public:
  /// Stores spans that the file lacks, as `interrupted` unless they say otherwise; spans that it has stay as they are. For spans whose
  /// process died before it could hand them over.
  [[nodiscard]] virtual result<void> insert_missing(std::vector<span_record> const& spans) = 0;
  /// At this moment.
  [[nodiscard]] virtual sqlite_sink_counters counters() const = 0;
  /// The file that is written.
  [[nodiscard]] virtual std::string const& path() const noexcept = 0;
};

/// Opens or creates the file and takes its lock. Whatever a dead process left `running` becomes `interrupted`.
/// errc::locked naming the owner's pid, io_failed, corrupt (not a traces file), unsupported_version.
[[nodiscard]] result<std::shared_ptr<sqlite_sink>> open_sqlite_sink(sqlite_sink_options options);

}  // namespace skein
