#include "sqlite_ledger_schema.hpp"

#include "sqlite_ledger_blocks.hpp"
#include "sqlite_ledger_columns.hpp"
#include "sqlite_ledger_reader.hpp"

#include <array>

namespace skein::bus::ledger_file {
namespace {

// "SKLD": tells a ledger from every other SQLite file.
constexpr std::int64_t application_id = 0x534b4c44;

// Every key is an integer that grows, so that every index grows at its end; texts that repeat are interned in `name`.
// A NULL run, host or cause is none; a NULL correlation is the text of the run's id; a run with a NULL status is only referred to.
// `activation.input` is the first input, `more_inputs` the others, 8 bytes each, big-endian.
constexpr char const* version_1 = R"sql(
CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE subscription(
  no INTEGER PRIMARY KEY, agent INTEGER NOT NULL, ordinal INTEGER NOT NULL, fingerprint INTEGER NOT NULL) STRICT;
CREATE TABLE run(
  no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, name TEXT, root BLOB, status INTEGER, failures INTEGER, started_at INTEGER) STRICT;
CREATE INDEX run_running ON run(no) WHERE status = 0;
CREATE TABLE artifact(
  seq INTEGER PRIMARY KEY, id BLOB NOT NULL, type INTEGER NOT NULL, version INTEGER NOT NULL, produced_by INTEGER NOT NULL,
  run INTEGER, correlation TEXT, cause BLOB, tags TEXT, visible_to BLOB, context BLOB, headers BLOB, created_at INTEGER NOT NULL,
  routed INTEGER NOT NULL, idempotency_key TEXT, payload BLOB NOT NULL) STRICT;
CREATE INDEX artifact_run ON artifact(run);
CREATE UNIQUE INDEX artifact_key ON artifact(idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE TABLE activation(
  no INTEGER PRIMARY KEY, id BLOB NOT NULL, subscription INTEGER NOT NULL, run INTEGER, state INTEGER NOT NULL, attempt INTEGER NOT NULL,
  failures INTEGER NOT NULL, losses INTEGER NOT NULL, not_before INTEGER NOT NULL, host INTEGER, input INTEGER, more_inputs BLOB,
  error_type TEXT, what TEXT) STRICT;
CREATE INDEX activation_open ON activation(input) WHERE state <= 2;
CREATE INDEX activation_groups ON activation(no) WHERE state <= 2 AND more_inputs IS NOT NULL;
CREATE INDEX activation_run ON activation(run);
CREATE VIEW run_text(no, id) AS SELECT no,
  lower(hex(substr(id, 1, 4)) || '-' || hex(substr(id, 5, 2)) || '-' || hex(substr(id, 7, 2)) || '-' || hex(substr(id, 9, 2)) || '-' ||
        hex(substr(id, 11))) FROM run;
CREATE VIEW artifacts(artifact_id, type, version, produced_by, run_id, correlation_id, tags, created_at, payload) AS
  SELECT lower(hex(substr(a.id, 1, 4)) || '-' || hex(substr(a.id, 5, 2)) || '-' || hex(substr(a.id, 7, 2)) || '-' ||
               hex(substr(a.id, 9, 2)) || '-' || hex(substr(a.id, 11))),
         t.text, a.version, p.text, r.id, coalesce(a.correlation, r.id, ''), coalesce(a.tags, '[]'), a.created_at, a.payload
  FROM artifact a JOIN name t ON t.id = a.type JOIN name p ON p.id = a.produced_by LEFT JOIN run_text r ON r.no = a.run;
)sql";

// What hosts in other processes offer (`remote`, by the codec), dead activations that can be listed and requeued, and runs whose body executes.
// Runs of version 1 that were left running keep what they meant: their body was lost.
constexpr char const* version_2 = R"sql(
ALTER TABLE subscription ADD COLUMN remote BLOB;
ALTER TABLE activation ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN has_body INTEGER NOT NULL DEFAULT 0;
UPDATE run SET has_body = 1 WHERE status = 0 AND name IS NOT NULL AND name <> '';
CREATE INDEX activation_dead ON activation(no) WHERE state = 4;
CREATE INDEX activation_dead_input ON activation(input) WHERE state = 4;
)sql";

// What waits: groups (by subscription, correlation and key) with their members, hidden artifacts with what local code said of them (`said`, by
// the codec; NULL is nothing), timers, paused agents and runs, and counts of activations, which go with their run. Rows of closed groups and
// lifted embargoes are deleted; the highest number of a group ever used stays in `counter`.
constexpr char const* version_3 = R"sql(
ALTER TABLE run ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
CREATE TABLE waiting_group(
  no INTEGER PRIMARY KEY, subscription INTEGER NOT NULL, batch INTEGER NOT NULL, correlation TEXT NOT NULL, key TEXT NOT NULL,
  opened_at INTEGER NOT NULL, taken INTEGER NOT NULL, seen INTEGER NOT NULL) STRICT;
CREATE TABLE waiting_member(
  "group" INTEGER NOT NULL, position INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY("group", position)) STRICT, WITHOUT ROWID;
CREATE INDEX waiting_member_seq ON waiting_member(seq);
CREATE TABLE embargo(seq INTEGER PRIMARY KEY, said BLOB, asked_to INTEGER NOT NULL) STRICT;
CREATE TABLE timer(subscription INTEGER PRIMARY KEY, next_due INTEGER NOT NULL, number INTEGER NOT NULL) STRICT;
CREATE TABLE paused_agent(name INTEGER PRIMARY KEY) STRICT;
CREATE TABLE activation_count(
  run INTEGER NOT NULL, agent INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY(run, agent)) STRICT, WITHOUT ROWID;
CREATE TRIGGER run_removed AFTER DELETE ON run BEGIN DELETE FROM activation_count WHERE run = old.no; END;
)sql";

// Activations in blocks of 32 (sqlite_ledger_packed.hpp), with the blocks and the parts of 64 artifacts in which a run has some. `open` and
// `dead` say whether a block has such activations.
constexpr char const* version_4 = R"sql(
CREATE TABLE activation_block(block INTEGER PRIMARY KEY, open INTEGER NOT NULL, dead INTEGER NOT NULL, rows BLOB NOT NULL) STRICT;
CREATE INDEX activation_block_open ON activation_block(block) WHERE open = 1;
CREATE INDEX activation_block_dead ON activation_block(block) WHERE dead = 1;
CREATE TABLE run_activations(run INTEGER NOT NULL, block INTEGER NOT NULL, PRIMARY KEY(run, block)) STRICT, WITHOUT ROWID;
CREATE TABLE run_artifacts(run INTEGER NOT NULL, part INTEGER NOT NULL, PRIMARY KEY(run, part)) STRICT, WITHOUT ROWID;
INSERT INTO run_activations SELECT DISTINCT run, no / 32 FROM activation WHERE run IS NOT NULL;
INSERT INTO run_artifacts SELECT DISTINCT run, seq / 64 FROM artifact WHERE run IS NOT NULL;
DROP INDEX artifact_run;
DROP TRIGGER run_removed;
CREATE TRIGGER run_removed AFTER DELETE ON run BEGIN
  DELETE FROM activation_count WHERE run = old.no;
  DELETE FROM run_activations WHERE run = old.no;
  DELETE FROM run_artifacts WHERE run = old.no;
END;
)sql";
static_assert(block_rows == 32 && part_artifacts == 64, "the SQL text says how many");

/// migrations[i] takes a file from schema i to i + 1.
constexpr std::array<char const*, schema_version> migrations = {version_1, version_2, version_3, version_4};

struct identity {
  std::int64_t application, version, objects;
};

result<identity> identify(sqlite::database& file) {
  auto const application = file.integer("PRAGMA application_id");
  if (!application) return application.error();
  auto const version = file.integer("PRAGMA user_version");
  if (!version) return version.error();
  auto const objects = file.integer("SELECT count(*) FROM sqlite_schema");
  if (!objects) return objects.error();
  return identity{*application, *version, *objects};
}

result<void> check(identity const& found) {
  auto const fresh = found.application == 0 && found.version == 0 && found.objects == 0;
  if (!fresh && found.application != application_id) {
    return error{errc::corrupt, "it is a SQLite database of another program; move it away or use another path"};
  }
  if (found.version > schema_version) {
    return error{errc::unsupported_version, "it was written by a newer skein (schema " + std::to_string(found.version) +
                                                ", this one reads up to " + std::to_string(schema_version) +
                                                "); upgrade skein or use another path"};
  }
  if (found.version < 0 || (!fresh && found.version == 0)) {
    return error{errc::corrupt, "its schema number " + std::to_string(found.version) + " cannot be; restore a copy or move it away"};
  }
  return {};
}

/// The rows of the table that held activations up to version 3.
result<void> pack_activations(sqlite::database& file) {
  auto blocks = activation_blocks::prepare(file);
  if (!blocks) return blocks.error();
  auto rows = file.prepare(
      "SELECT no, id, subscription, coalesce(run, 0), state, attempt, failures, losses, not_before, coalesce(host, 0), input, more_inputs, "
      "error_type, what, since FROM activation ORDER BY no");
  if (!rows) return rows.error();
  activation_no in_memory = 0;
  for (;;) {
    auto const found = rows->step();
    if (!found) return found.error();
    if (!*found) break;
    auto const row = read_activation_row(*rows);
    if (!row) return rows->reset(), row.error();
    if (auto const put = blocks->insert(*row, rows->integer(3), rows->integer(9)); !put) return rows->reset(), put;
    if (++in_memory % 4096 != 0) continue;
    if (auto const written = blocks->write(); !written) return rows->reset(), written;
  }
  if (auto const written = blocks->write(); !written) return written;
  rows->reset();
  return file.execute("DROP TABLE activation");
}

result<void> migrate(sqlite::database& file, std::int64_t from) {
  if (from == schema_version) return {};
  // A failure needs no rollback: the connection is closed with the transaction open.
  auto done = file.execute("BEGIN IMMEDIATE");
  for (auto at = static_cast<std::size_t>(from); done && at < migrations.size(); ++at) {
    done = file.execute(migrations[at]);
    if (done && at + 1 == 4) done = pack_activations(file);
  }
  if (!done) return done;
  return file.execute("PRAGMA application_id = " + std::to_string(application_id) + "; PRAGMA user_version = " + std::to_string(schema_version) + "; COMMIT");
}

result<void> configure(sqlite::database& file) {
  auto mode = file.prepare("PRAGMA journal_mode = WAL");
  if (!mode) return mode.error();
  auto const row = mode->step();
  if (!row) return row.error();
  if (auto const chosen = std::string{mode->text(0)}; chosen != "wal") {
    return error{errc::io_failed, "SQLite stays in journal mode '" + chosen + "' instead of WAL; use a local file system"};
  }
  mode->reset();
  // FULL: with NORMAL, a power loss takes acknowledged commits. The cache holds the hot ends of the trees.
  return file.execute("PRAGMA synchronous = FULL; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;"
                      "PRAGMA journal_size_limit = 67108864");
}

}  // namespace

error cannot_open(std::string const& path, error const& why) {
  auto what = "cannot open " + path + ": ";
  if (!why.where().empty() && why.where() != path) what += why.where() + ": ";
  return error{why.code(), what + why.message()};
}

result<sqlite::database> open(sqlite_ledger_options const& options) {
  auto file = sqlite::database::open(options.path, sqlite::open_mode::read_write_create, options.vfs);
  if (!file) return cannot_open(options.path, file.error());
  auto const found = identify(*file);
  if (!found) return cannot_open(options.path, found.error());
  if (auto const known = check(*found); !known) return cannot_open(options.path, known.error());
  if (auto const done = configure(*file); !done) return cannot_open(options.path, done.error());
  if (auto const done = migrate(*file, found->version); !done) return cannot_open(options.path, done.error());
  return file;
}

}  // namespace skein::bus::ledger_file
