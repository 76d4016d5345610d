// The tables and views of a traces file, and the checks that a file is one. docs/trace-schema.md documents the views;
// docs/decisions/0002-span-schema.md says why the tables are as they are.
#pragma once

#include <skein/registry/error.hpp>
#include <skein/tracing/sqlite.hpp>

#include <cstdint>

namespace skein::trace_schema {

/// PRAGMA user_version of the files that this code writes; it reads all from 1 up to it.
/// (run_rows.status and span_rows.status hold the numbers of run_status and status_code; the views show their words.)
inline constexpr std::int64_t version = 2;

/// Makes a connection fit for writing traces (WAL, not synced at each commit) and brings its file to `version`: makes the tables, or
/// migrates, in one transaction. A file that is refused is left as it was.
/// errc::unsupported_version for a newer file, corrupt for a database of somebody else.
[[nodiscard]] result<void> prepare_for_writing(sqlite::database& file);

/// Whether the views can be read. errc::unsupported_version, corrupt, or not_found for a file without tables as yet.
[[nodiscard]] result<void> check_readable(sqlite::database& file);

}  // namespace skein::trace_schema
