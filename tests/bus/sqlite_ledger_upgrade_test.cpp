// Files that earlier versions have written.
#include <skein/bus/ledger.hpp>
#include <skein/tracing/sqlite.hpp>

#include "support/golden_frames.hpp"
#include "support/ledger_folder.hpp"
#include "support/ledger_rows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace skein::bus {
namespace {

using namespace testing;

/// What version 1 of the schema was, and a few rows: a run that was open, its activation that waits for a retry, and a dead one.
constexpr char const* schema_1_file = R"sql(
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
INSERT INTO name VALUES(1, 'cook'), (2, 'pizza.idea'), (3, 'external');
INSERT INTO subscription VALUES(1, 1, 0, 9);
INSERT INTO run VALUES(1, x'000102030405060708090a0b0c0d0e0f', 'dinner', NULL, 0, 1, 5);
INSERT INTO artifact VALUES(1, x'100102030405060708090a0b0c0d0e0f', 2, 1, 3, 1, NULL, NULL, NULL, NULL, NULL, NULL, 7, 1, 'key', x'81a16e05');
INSERT INTO artifact VALUES(2, x'110102030405060708090a0b0c0d0e0f', 2, 1, 3, 1, NULL, NULL, NULL, NULL, NULL, NULL, 8, 1, NULL, x'81a16e06');
INSERT INTO activation VALUES(1, x'200102030405060708090a0b0c0d0e0f', 1, 1, 2, 1, 1, 0, 99, NULL, 1, NULL, 'std::runtime_error', 'burnt');
INSERT INTO activation VALUES(2, x'210102030405060708090a0b0c0d0e0f', 1, 1, 4, 3, 3, 0, 0, NULL, 2, NULL, 'std::runtime_error', 'burnt');
PRAGMA application_id = 0x534b4c44;
PRAGMA user_version = 1;
)sql";

/// What version 2 added, and what a worker offered then: no rules.
constexpr char const* schema_2_additions = R"sql(
ALTER TABLE subscription ADD COLUMN remote BLOB;
ALTER TABLE activation ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN has_body INTEGER NOT NULL DEFAULT 0;
CREATE INDEX activation_dead ON activation(no) WHERE state = 4;
CREATE INDEX activation_dead_input ON activation(input) WHERE state = 4;
UPDATE subscription SET remote = x'92980091aa70697a7a612e69646561009090c200c296040501cb3ff00000000000000200';
PRAGMA user_version = 2;
)sql";

run_id as_run(std::string_view hex) {
  auto const raw = from_hex(hex);
  std::array<std::uint8_t, run_id::size_bytes> id{};
  std::ranges::transform(raw, id.begin(), [](std::byte one) { return std::to_integer<std::uint8_t>(one); });
  return run_id{id};
}

TEST(sqlite_ledger, opens_a_file_of_schema_1_and_keeps_everything) {
  ledger_folder const folder;
  {
    auto file = sqlite::database::open(folder.file(), sqlite::open_mode::read_write_create);
    auto const made = file->execute(schema_1_file);
    ASSERT_TRUE(made) << made.error().what();
  }
  {
    auto const ledger = folder.open();
    auto const state = ledger->load().value();
    ASSERT_EQ(state.subscriptions.size(), 1u);
    EXPECT_EQ(state.subscriptions[0], (subscription_row{1, "cook", 0, 9}));
    ASSERT_EQ(state.runs.size(), 1u);
    EXPECT_EQ(state.runs[0].name, "dinner");
    EXPECT_TRUE(state.runs[0].has_body);
    ASSERT_EQ(state.activations.size(), 1u);
    EXPECT_EQ(state.activations[0].state, activation_state::retry);
    EXPECT_EQ(state.activations[0].failures, 1u);
    EXPECT_EQ(state.activations[0].what, "burnt");
    ASSERT_EQ(state.dead.size(), 1u);
    EXPECT_EQ(state.dead[0].no, 2u);
    ASSERT_EQ(state.artifacts.size(), 2u);
    EXPECT_EQ(to_hex(state.artifacts[0]->payload.encoded().value()), "81a16e05");
    ASSERT_EQ(state.idempotency_keys.size(), 1u);
    EXPECT_EQ(state.idempotency_keys[0].first, "key");
    remote_offer offer{.descriptor = {.types = {"pizza.idea"}}, .retry = {.attempts_max = 4}};
    ASSERT_TRUE(ledger->commit(as_changes(subscription_row{1, "cook", 0, 9, std::make_shared<remote_offer const>(offer)}, close(1))));
  }
  auto const state = folder.open()->load().value();
  EXPECT_TRUE(state.activations.empty());
  ASSERT_TRUE(state.subscriptions[0].remote);
  EXPECT_EQ(state.subscriptions[0].remote->retry.attempts_max, 4u);
}

TEST(sqlite_ledger, opens_a_file_of_schema_2_and_takes_what_waits) {
  ledger_folder const folder;
  {
    auto file = sqlite::database::open(folder.file(), sqlite::open_mode::read_write_create);
    auto const made = file->execute(std::string{schema_1_file} + schema_2_additions);
    ASSERT_TRUE(made) << made.error().what();
  }
  auto const run = as_run("000102030405060708090a0b0c0d0e0f");
  {
    auto const ledger = folder.open();
    auto const state = ledger->load().value();
    ASSERT_EQ(state.subscriptions.size(), 1u);
    ASSERT_TRUE(state.subscriptions[0].remote);
    EXPECT_EQ(state.subscriptions[0].remote->descriptor.types, std::vector<std::string>{"pizza.idea"});
    EXPECT_EQ(state.subscriptions[0].remote->retry.attempts_max, 4u);
    EXPECT_EQ(state.subscriptions[0].remote->rules, agent_rules{});
    ASSERT_EQ(state.runs.size(), 1u);
    EXPECT_FALSE(state.runs[0].paused);
    EXPECT_EQ(state.last_group, 0u);
    ASSERT_TRUE(ledger->commit(as_changes(run_row{.id = run, .paused = true}, group_row{.no = 1, .subscription = 1}, group_member{1, 0, 2})));
  }
  auto const state = folder.open()->load().value();
  ASSERT_EQ(state.runs.size(), 1u);
  EXPECT_TRUE(state.runs[0].paused);
  ASSERT_EQ(state.members.size(), 1u);
  EXPECT_EQ(state.members[0], (group_member{1, 0, 2}));
}

}  // namespace
}  // namespace skein::bus
