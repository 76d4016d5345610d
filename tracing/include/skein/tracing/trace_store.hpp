// Past and present runs, read from a traces file: with and without SQL, while other programs write it.
//
//   skein::trace_store traces{".skein/traces.db"};
//   for (auto const& run : traces.runs({.status = skein::run_status::failed})) std::cout << traces.tree(run.id) << '\n';
//   for (auto const& row : traces.sql("SELECT name, count(*) FROM spans GROUP BY name")) std::cout << row[0].text() << '\n';
#pragma once

#include <skein/registry/error.hpp>
#include <skein/registry/ids.hpp>
#include <skein/tracing/clock.hpp>
#include <skein/tracing/elapsed.hpp>
#include <skein/tracing/span_record.hpp>
#include <skein/tracing/span_tree.hpp>
#include <skein/tracing/sql_rows.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skein {

/// Which runs to list: those that fit all that is set.
struct run_filter {
  std::string name = {};                   ///< Exactly this name; empty = any.
  std::optional<run_status> status = {};   ///< Empty = any.
  std::optional<timestamp> since = {};     ///< Started at or after.
  std::optional<timestamp> until = {};     ///< Started before.
  std::size_t limit = 100;                 ///< At most this many, the newest ones; 0 = no limit.
};

/// One row of the view `runs`.
struct run_info {
  run_id id;                                                      ///< The run's.
  trace_id trace;                                                 ///< The trace that all its spans are in.
  std::string name;                                               ///< Empty = a root operation outside any traced_run.
  run_status status = run_status::running;                        ///< `interrupted` when its process died.
  timestamp start{}, end{};                                       ///< `end` is zero for a run that did not end.
  elapsed duration;                                               ///< Zero for a run that did not end.
  std::uint64_t spans = 0, failures = 0;                          ///< How many spans it has, and how many activations are dead (a body that threw counts as one).
  std::string attributes, tags;                                   ///< JSON objects.
  std::string session, user, request_preview, response_preview;   ///< As set; empty = not set.
};

/// Reads one traces file. Opens it read-only, sees each commit of a program that writes it, and never blocks that program.
/// Everything throws skein::error. One thread at a time; the rows of sql() count as its use.
class trace_store {
 public:
  /// errc::not_found (no such file, or nothing was written to it yet), io_failed, corrupt (not a traces file, damaged),
  /// unsupported_version (written by a newer skein).
  explicit trace_store(std::string path);
  trace_store(trace_store&&) noexcept;
  trace_store& operator=(trace_store&&) noexcept;
  ~trace_store();

  /// Newest first (in the order in which the file got to know them).
  [[nodiscard]] std::vector<run_info> runs(run_filter const& filter = {}) const;
  /// The spans of a run in start order. Reads them all into memory. errc::not_found.
  [[nodiscard]] std::vector<span_record> spans(run_id const& run) const;
  /// The same as a tree; printable. errc::not_found, also for a run without spans.
  [[nodiscard]] span_tree tree(run_id const& run) const;
  /// The rows of one SELECT over the views of docs/trace-schema.md, read as they are iterated.
  /// errc::invalid_argument: the SQL is wrong, holds several statements, or does more than read this file.
  [[nodiscard]] sql_rows sql(std::string_view query) const;
  /// The run whose id or trace id contains `part` (hex digits, dashes ignored). errc::not_found; ambiguous, naming candidates.
  [[nodiscard]] run_id find_run(std::string_view part) const;

  /// Deletes everything in the file, for which it must be nobody's: errc::locked names the pid of the hub that writes it.
  /// Also io_failed. Does not throw.
  result<void> clear();

  /// As it was given.
  [[nodiscard]] std::string const& path() const noexcept;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace skein
