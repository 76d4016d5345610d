#include "trace_schema.hpp"

#include <skein/tracing/log.hpp>

#include <array>
#include <string>

namespace skein::trace_schema {
namespace {

// PRAGMA application_id: "Skei" in ASCII; tells a traces file from other SQLite databases.
constexpr std::int64_t application = 0x536b6569;

// run_no and shape_no are small integers, so that rows and indexes stay narrow and grow at their ends. span_id is text because the
// index must be searchable by what the views show; parent_id is not searched and stays a blob.
constexpr char const* tables_1 = R"sql(
CREATE TABLE shapes(
  no INTEGER PRIMARY KEY,
  name TEXT NOT NULL, kind TEXT NOT NULL, type TEXT NOT NULL, service TEXT NOT NULL, scope TEXT NOT NULL,
  UNIQUE(name, kind, type, service, scope));

CREATE TABLE run_rows(
  no INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL,
  trace_id TEXT NOT NULL,
  base INTEGER NOT NULL,                -- ns since the epoch; starts of the run's spans count from here
  spans INTEGER NOT NULL,
  root_no INTEGER,                      -- span_rows.no of the root span
  status INTEGER,                       -- NULL until the run itself was recorded
  name TEXT, start_time INTEGER, end_time INTEGER, failures INTEGER, attributes TEXT, tags TEXT,
  session TEXT, user TEXT, request_preview TEXT, response_preview TEXT);
CREATE UNIQUE INDEX run_by_id ON run_rows(run_id, trace_id);
CREATE INDEX run_by_trace ON run_rows(trace_id);
CREATE INDEX run_running ON run_rows(no) WHERE status = 0;

CREATE TABLE span_rows(
  no INTEGER PRIMARY KEY,
  run_no INTEGER NOT NULL,
  span_id TEXT NOT NULL,
  parent_id BLOB,
  shape_no INTEGER NOT NULL,
  ordinal INTEGER,                      -- place among siblings of the same name, from 1; NULL for the only one
  status INTEGER NOT NULL,
  status_message TEXT,
  start INTEGER NOT NULL,               -- ns since run_rows.base
  duration INTEGER,                     -- ns; NULL for a span that has not ended
  attributes TEXT NOT NULL,
  events TEXT,                          -- [[time, name, {attributes}], …]
  links TEXT,                           -- [[trace_id, span_id, flags, {attributes}], …]
  inputs TEXT, outputs TEXT);
CREATE UNIQUE INDEX span_by_id ON span_rows(run_no, span_id);
CREATE INDEX span_running ON span_rows(run_no) WHERE status = 3;
CREATE INDEX span_with_events ON span_rows(run_no) WHERE events IS NOT NULL;
CREATE INDEX span_with_links ON span_rows(run_no) WHERE links IS NOT NULL;

CREATE TABLE assessment_rows(
  no INTEGER PRIMARY KEY,
  run_no INTEGER NOT NULL,
  span_id TEXT NOT NULL,
  name TEXT NOT NULL, value, source TEXT, rationale TEXT, time INTEGER NOT NULL);
CREATE INDEX assessment_by_span ON assessment_rows(run_no, span_id);

CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
)sql";

// shapes.attributes_head is what their spans have in common at the beginning of their attributes: the JSON object up to there, without its end. Empty, and
// the row of a span has all of it; else the row has the rest, from the comma on.
//
// span_rows is laid out for its INSERT: first the columns that each row has, so that values go where they are read; without types and checks that no
// search needs, for SQLite would look at each value of each row. Spans with events or links are looked up by span_extras, where an index with a condition
// would be tested for each row; what it names may have none.
constexpr char const* tables_2 = R"sql(
CREATE TABLE shapes_2(
  no INTEGER PRIMARY KEY,
  name TEXT NOT NULL, kind TEXT NOT NULL, type TEXT NOT NULL, service TEXT NOT NULL, scope TEXT NOT NULL,
  attributes_head TEXT NOT NULL,
  UNIQUE(name, kind, type, service, scope, attributes_head));
INSERT INTO shapes_2 SELECT no, name, kind, type, service, scope, '' FROM shapes;
DROP TABLE shapes;
ALTER TABLE shapes_2 RENAME TO shapes;

CREATE TABLE span_rows_2(
  run_no INTEGER, span_id TEXT, parent_id, shape_no, ordinal, status, start, duration, attributes,
  no INTEGER PRIMARY KEY,
  status_message, events, links, inputs, outputs);
INSERT INTO span_rows_2 SELECT run_no, span_id, parent_id, shape_no, ordinal, status, start, duration, attributes, no, status_message, events, links, inputs,
  outputs FROM span_rows ORDER BY no;
DROP TABLE span_rows;
ALTER TABLE span_rows_2 RENAME TO span_rows;
CREATE UNIQUE INDEX span_by_id ON span_rows(run_no, span_id);
CREATE INDEX span_running ON span_rows(run_no) WHERE status = 3;

CREATE TABLE span_extras(run_no INTEGER, no INTEGER, PRIMARY KEY(run_no, no)) WITHOUT ROWID;
INSERT INTO span_extras SELECT run_no, no FROM span_rows WHERE events IS NOT NULL OR links IS NOT NULL;
)sql";

constexpr char const* views = R"sql(
CREATE VIEW runs AS
SELECT run_id, trace_id, name,
  CASE status WHEN 0 THEN 'running' WHEN 1 THEN 'completed' WHEN 2 THEN 'failed' WHEN 3 THEN 'cancelled' ELSE 'interrupted' END AS status,
  start_time, end_time, (end_time - start_time) / 1e6 AS duration_ms, spans, failures, attributes, tags,
  session, user, request_preview, response_preview
FROM run_rows WHERE status IS NOT NULL;

CREATE VIEW spans AS
SELECT r.trace_id, s.span_id, CASE WHEN s.parent_id IS NOT NULL THEN lower(hex(s.parent_id)) END AS parent_id, r.run_id,
  h.name, CASE WHEN s.ordinal IS NULL THEN h.name ELSE h.name || '_' || s.ordinal END AS label, h.kind, h.type,
  CASE s.status WHEN 0 THEN 'unset' WHEN 1 THEN 'ok' WHEN 2 THEN 'error' WHEN 3 THEN 'running' ELSE 'interrupted' END AS status_code,
  s.status_message, r.base + s.start AS start_time, r.base + s.start + s.duration AS end_time, s.duration / 1e6 AS duration_ms,
  h.service, h.scope, h.attributes_head || s.attributes AS attributes, s.inputs, s.outputs
FROM span_rows s JOIN run_rows r ON r.no = s.run_no JOIN shapes h ON h.no = s.shape_no;

CREATE VIEW events AS
SELECT r.trace_id, s.span_id, json_extract(e.value, '$[0]') AS time, json_extract(e.value, '$[1]') AS name,
  json_extract(e.value, '$[2]') AS attributes
FROM span_extras x JOIN span_rows s ON s.no = x.no AND s.run_no = x.run_no JOIN run_rows r ON r.no = x.run_no, json_each(s.events) e;

CREATE VIEW links AS
SELECT r.trace_id, s.span_id, json_extract(l.value, '$[0]') AS linked_trace_id, json_extract(l.value, '$[1]') AS linked_span_id,
  json_extract(l.value, '$[3]') AS attributes
FROM span_extras x JOIN span_rows s ON s.no = x.no AND s.run_no = x.run_no JOIN run_rows r ON r.no = x.run_no, json_each(s.links) l;

CREATE VIEW assessments AS
SELECT r.trace_id, a.span_id, a.name, a.value, a.source, a.rationale, a.time
FROM assessment_rows a JOIN run_rows r ON r.no = a.run_no;

CREATE VIEW workflows AS
SELECT r.trace_id, coalesce(json_extract(h.attributes_head || s.attributes, '$."workflow.name"'), h.name) AS workflow_name, r.spans AS span_count,
  r.base + s.start AS start_time, r.base + s.start + s.duration AS end_time, s.duration / 1e6 AS duration_ms
FROM run_rows r JOIN span_rows s ON s.no = r.root_no JOIN shapes h ON h.no = s.shape_no
WHERE json_extract(h.attributes_head || s.attributes, '$."skein.workflow"') = 1;

CREATE VIEW slowest_workflows AS
SELECT workflow_name AS workflow, avg(duration_ms) AS avg_duration_ms, count(*) AS executions
FROM workflows WHERE duration_ms IS NOT NULL GROUP BY workflow_name ORDER BY avg_duration_ms DESC, workflow;

CREATE VIEW agent_stats AS
WITH attempts AS (
  SELECT json_extract(h.attributes_head || s.attributes, '$."gen_ai.agent.name"') AS agent, s.duration / 1e6 AS duration_ms, s.status
  FROM span_rows s JOIN shapes h ON h.no = s.shape_no
  WHERE h.kind = 'CONSUMER' AND json_extract(h.attributes_head || s.attributes, '$."gen_ai.operation.name"') = 'invoke_agent'),
ranked AS (
  SELECT *, row_number() OVER (PARTITION BY agent ORDER BY duration_ms IS NULL, duration_ms) AS place,
    count(duration_ms) OVER (PARTITION BY agent) AS ended
  FROM attempts)
SELECT agent, count(*) AS attempts, sum(status = 2) AS failures, avg(duration_ms) AS avg_duration_ms,
  min(CASE WHEN place * 100 >= ended * 95 THEN duration_ms END) AS p95_duration_ms, max(duration_ms) AS max_duration_ms
FROM ranked GROUP BY agent;
)sql";

// The n-th entry brings the tables of a file from version n to n + 1. Views hold no data: each migration makes them anew.
constexpr std::array<char const*, version> migrations{tables_1, tables_2};

constexpr std::array view_names{"agent_stats", "slowest_workflows", "workflows", "assessments", "links", "events", "spans", "runs"};

error foreign(sqlite::database const& file) {
  return {errc::corrupt, "it is a SQLite database, but not a traces file of skein; pass another path", file.path()};
}

error newer(sqlite::database const& file, std::int64_t found) {
  return {errc::unsupported_version,
          "cannot open " + file.path() + ": it was written by a newer skein (schema " + std::to_string(found) + ", this one reads up to " +
              std::to_string(version) + "); upgrade skein or pass another --traces"};
}

// The version of a file that is ours; 0 for one without any table.
result<std::int64_t> version_of(sqlite::database& file) {
  auto const tables = file.integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.error();
  if (*tables == 0) return std::int64_t{0};
  auto const owner = file.integer("PRAGMA application_id");
  if (!owner) return owner.error();
  if (*owner != application) return foreign(file);
  auto const found = file.integer("PRAGMA user_version");
  if (!found) return found.error();
  if (*found > version) return newer(file, *found);
  if (*found < 1) return foreign(file);
  return *found;
}

result<void> migrate(sqlite::database& file, std::int64_t from) {
  std::string sql;
  if (from != 0) {
    for (auto const* view : view_names) sql += std::string{"DROP VIEW "} + view + ";";
  }
  for (auto step = from; step < version; ++step) sql += migrations[static_cast<std::size_t>(step)];
  sql += views;
  sql += "PRAGMA application_id=" + std::to_string(application) + "; PRAGMA user_version=" + std::to_string(version) + ";";
  return file.execute(sql);
}

}  // namespace

result<void> prepare_for_writing(sqlite::database& file) {
  auto const found = version_of(file);
  if (!found) return found.error();
  // NORMAL: a commit survives the death of the process but not a power loss; traces are disposable, and syncing each batch would make
  // programs wait for the disk. Pages of 8 KiB halve the system calls of a large batch and cost a small one little; a file that is there
  // keeps its own size.
  if (auto set = file.execute("PRAGMA page_size = 8192; PRAGMA synchronous = NORMAL; PRAGMA journal_mode = WAL; PRAGMA cache_size = -16000;"
                              "PRAGMA journal_size_limit = 67108864");
      !set) {
    return set;
  }
  if (*found == version) return {};
  if (*found != 0) {
    log_info(file.path() + ": traces are brought from schema " + std::to_string(*found) + " to " + std::to_string(version) + ", once; 1 GiB takes some half a minute");
  }
  if (auto begun = file.execute("BEGIN IMMEDIATE"); !begun) return begun;
  auto done = migrate(file, *found);
  if (done) done = file.execute("COMMIT");
  if (!done) static_cast<void>(file.execute("ROLLBACK"));  // The first error is the one to tell.
  return done;
}

result<void> check_readable(sqlite::database& file) {
  auto const found = version_of(file);
  if (!found) return found.error();
  if (*found == 0) return error{errc::not_found, "it holds no traces yet; run a program that writes it", file.path()};
  return {};
}

}  // namespace skein::trace_schema
