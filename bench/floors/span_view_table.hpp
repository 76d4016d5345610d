// One row per span with the columns of the view `spans`, as text, and no index: the floor of every store of spans.
#pragma once

namespace floors {

inline constexpr char const* span_view_table =
    "CREATE TABLE span_rows(trace_id TEXT, span_id TEXT, parent_id TEXT, run_id TEXT, name TEXT, label TEXT, kind TEXT, type TEXT,"
    " status_code TEXT, status_message TEXT, start_time INTEGER, end_time INTEGER, duration_ms REAL, service TEXT, scope TEXT,"
    " attributes TEXT, inputs TEXT, outputs TEXT)";
inline constexpr char const* span_view_insert = "INSERT INTO span_rows VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

/// A store of spans in WAL mode that may lose its last transactions with the power: 16 MB of cache, checkpoints after 16 MB.
inline constexpr char const* span_view_pragmas =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000; PRAGMA wal_autocheckpoint=4000";

}  // namespace floors
