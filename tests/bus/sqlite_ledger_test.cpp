#include <skein/bus/ledger.hpp>
#include <skein/tracing/sqlite.hpp>

#include "support/board_model.hpp"
#include "support/golden_frames.hpp"
#include "support/ledger_folder.hpp"
#include "support/ledger_script.hpp"
#include "support/sample_messages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <set>
#include <thread>
#include <unistd.h>

namespace skein::bus {
namespace {

using namespace testing;

/// Applies one commit to both.
void commit(ledger& real, board_model& model, std::vector<change> const& changes) {
  auto const done = real.commit(changes);
  ASSERT_TRUE(done) << done.error().what();
  for (auto const& one : changes) model.apply(one);
}

artifact_ptr make_artifact(std::uint64_t seq, run_id run = {}, std::size_t payload_bytes = 4) {
  artifact_data made;
  made.id = derive_artifact_id(sample_id<activation_id>(1), seq);
  made.seq = seq;
  made.type = "pizza.idea";
  made.produced_by = "external";
  made.run = run;
  made.payload = payload{bytes(payload_bytes, std::byte{0x2a})};
  return std::make_shared<artifact_data>(std::move(made));
}

activation_row make_activation(activation_no no, std::uint64_t input, run_id run = {}) {
  return {.no = no, .id = derive_activation_id(sample_id<artifact_id>(1), 1, no), .subscription = 1, .inputs = {input}, .run = run};
}

activation_update close(activation_no no, activation_state state = activation_state::done) { return {.no = no, .state = state, .attempt = 1}; }

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

std::vector<change> as_changes(auto... all) { return {change{all}...}; }

TEST(sqlite_ledger, starts_empty) {
  ledger_folder const folder;
  auto const ledger = folder.open();
  EXPECT_EQ(difference(ledger->load().value(), board_state{}), "");
  EXPECT_TRUE(ledger->durable());
  EXPECT_EQ(ledger->describe(), "sqlite:" + folder.file());
}

TEST(sqlite_ledger, makes_missing_folders) {
  ledger_folder const folder;
  auto const ledger = folder.open({.path = folder.file("a/b/ledger.db")});
  EXPECT_TRUE(std::filesystem::exists(folder.file("a/b/ledger.db")));
}

TEST(sqlite_ledger, equals_the_model_after_every_reopening) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    ledger_folder const folder;
    ledger_script script{seed};
    board_model model;
    for (int life = 0; life < 5; ++life) {
      auto const ledger = folder.open();
      ASSERT_EQ(difference(ledger->load().value(), model.state()), "") << "seed " << seed << " life " << life;
      for (int i = 0; i < 12; ++i) commit(*ledger, model, script.next_commit());
      ASSERT_EQ(difference(ledger->load().value(), model.state()), "") << "seed " << seed << " life " << life;
      for (auto const& run : model.runs()) {
        ASSERT_EQ(difference(ledger->history(run.id).value(), model.history(run.id)), "") << "seed " << seed << " run " << run.id;
      }
    }
  }
}

TEST(sqlite_ledger, keeps_what_happened_to_an_activation_within_one_commit) {
  ledger_folder const folder;
  board_model model;
  auto const ledger = folder.open();
  activation_update leased{.no = 1, .state = activation_state::leased, .attempt = 1, .host = "local"};
  activation_update retried{.no = 1, .state = activation_state::retry, .attempt = 1, .failures = 1, .error_type = "oops", .what = "burnt"};
  commit(*ledger, model, as_changes(subscription_row{1, "a", 0, 9}, artifact_row{make_artifact(1), ""}, make_activation(1, 1), leased, retried));
  EXPECT_EQ(difference(ledger->load().value(), model.state()), "");
  commit(*ledger, model, as_changes(leased, close(1, activation_state::dead)));
  EXPECT_EQ(difference(ledger->load().value(), model.state()), "");
}

TEST(sqlite_ledger, keeps_closed_activations_and_their_errors_in_the_history) {
  ledger_folder const folder;
  auto const run = sample_id<run_id>(7);
  auto const ledger = folder.open();
  activation_update dead{.no = 1, .state = activation_state::dead, .attempt = 3, .failures = 3, .error_type = "std::runtime_error", .what = "burnt"};
  ASSERT_TRUE(ledger->commit(as_changes(subscription_row{1, "a", 0, 9}, artifact_row{make_artifact(1, run), ""}, make_activation(1, 1, run), dead)));
  EXPECT_TRUE(ledger->load().value().activations.empty());
  auto const history = ledger->history(run).value();
  ASSERT_EQ(history.activations.size(), 1u);
  EXPECT_EQ(history.activations.front().state, activation_state::dead);
  EXPECT_EQ(history.activations.front().what, "burnt");
  ASSERT_EQ(history.artifacts.size(), 1u);
  EXPECT_TRUE(ledger->history(sample_id<run_id>(8)).value().activations.empty());
}

TEST(sqlite_ledger, refuses_a_commit_whole_when_one_change_cannot_be) {
  ledger_folder const folder;
  board_model model;
  auto const ledger = folder.open();
  commit(*ledger, model, as_changes(subscription_row{1, "a", 0, 9}));
  auto const refused = ledger->commit(as_changes(artifact_row{make_artifact(1), ""}, subscription_row{1, "twice", 0, 9}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), errc::ledger_failed);
  auto const unknown = ledger->commit(as_changes(artifact_row{make_artifact(1), ""}, close(5)));
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message().find("no activation 5"), std::string::npos) << unknown.error().what();
  EXPECT_EQ(difference(ledger->load().value(), model.state()), "");
  commit(*ledger, model, as_changes(artifact_row{make_artifact(1), ""}, make_activation(1, 1)));
  EXPECT_EQ(difference(ledger->load().value(), model.state()), "");
  EXPECT_EQ(ledger->counters().failed_commits, 2u);
}

TEST(sqlite_ledger, gives_back_the_newest_idempotency_keys_in_order) {
  ledger_folder const folder;
  auto const ledger = folder.open({.idempotency_keys_max = 2});
  ASSERT_TRUE(ledger->commit(as_changes(artifact_row{make_artifact(1), "z"}, artifact_row{make_artifact(2), "y"}, artifact_row{make_artifact(3), ""},
                                        artifact_row{make_artifact(4), "x"})));
  auto const keys = ledger->load().value().idempotency_keys;
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0], (std::pair{std::string{"y"}, make_artifact(2)->id}));
  EXPECT_EQ(keys[1], (std::pair{std::string{"x"}, make_artifact(4)->id}));
}

TEST(sqlite_ledger, gives_a_key_that_the_board_has_forgotten_to_the_newer_artifact) {
  ledger_folder const folder;
  auto const ledger = folder.open();
  ASSERT_TRUE(ledger->commit(as_changes(artifact_row{make_artifact(1), "key"})));
  ASSERT_TRUE(ledger->commit(as_changes(artifact_row{make_artifact(2), "key"})));
  auto const keys = ledger->load().value().idempotency_keys;
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_EQ(keys[0].second, make_artifact(2)->id);
}

TEST(sqlite_ledger, shows_artifacts_as_a_view_while_it_is_open) {
  ledger_folder const folder;
  auto const ledger = folder.open();
  auto artifact = *make_artifact(1, sample_id<run_id>(0x30));
  artifact.correlation = artifact.run.to_string();
  artifact.tags = {"hot", "say \"hi\""};
  artifact.created_at = timestamp{std::chrono::nanoseconds{17}};
  ASSERT_TRUE(ledger->commit(as_changes(artifact_row{std::make_shared<artifact_data>(artifact), ""}, artifact_row{make_artifact(2), ""})));

  auto reader = sqlite::database::open(folder.file(), sqlite::open_mode::read_only);
  ASSERT_TRUE(reader) << reader.error().what();
  auto row = reader->prepare("SELECT artifact_id, type, version, produced_by, run_id, correlation_id, tags, created_at, hex(payload) FROM artifacts "
                             "ORDER BY created_at DESC");
  ASSERT_TRUE(row) << row.error().what();
  ASSERT_TRUE(row->step().value());
  EXPECT_EQ(row->text(0), artifact.id.to_string());
  EXPECT_EQ(row->text(1), "pizza.idea");
  EXPECT_EQ(row->integer(2), 1);
  EXPECT_EQ(row->text(3), "external");
  EXPECT_EQ(row->text(4), "30313233-3435-3637-3839-3a3b3c3d3e3f");
  EXPECT_EQ(row->text(5), "30313233-3435-3637-3839-3a3b3c3d3e3f");
  EXPECT_EQ(row->text(6), R"(["hot","say \"hi\""])");
  EXPECT_EQ(row->integer(7), 17);
  EXPECT_EQ(row->text(8), "2A2A2A2A");
  ASSERT_TRUE(row->step().value());
  EXPECT_TRUE(row->is_null(4));
  EXPECT_EQ(row->text(5), "");
  EXPECT_EQ(row->text(6), "[]");
}

// ---- opening ----

TEST(sqlite_ledger, refuses_a_second_owner_naming_the_pid) {
  ledger_folder const folder;
  auto const first = folder.open();
  auto const second = open_sqlite_ledger({.path = folder.file()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), errc::locked);
  EXPECT_NE(second.error().message().find(std::to_string(::getpid())), std::string::npos) << second.error().what();
}

TEST(sqlite_ledger, may_be_opened_again_after_its_owner_closed_it) {
  ledger_folder const folder;
  folder.open().reset();
  EXPECT_TRUE(open_sqlite_ledger({.path = folder.file()}));
}

TEST(sqlite_ledger, refuses_a_file_that_is_not_a_database) {
  ledger_folder const folder;
  std::ofstream{folder.file()} << "Dear diary, this is not a database, but it is longer than a header.\n" << std::string(4096, '.');
  auto const refused = open_sqlite_ledger({.path = folder.file()});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), errc::corrupt);
  EXPECT_EQ(refused.error().message().find("cannot open " + folder.file() + ": "), 0u) << refused.error().what();
}

TEST(sqlite_ledger, refuses_a_database_of_another_program_and_leaves_it_alone) {
  ledger_folder const folder;
  {
    auto other = sqlite::database::open(folder.file(), sqlite::open_mode::read_write_create);
    ASSERT_TRUE(other->execute("CREATE TABLE music(title TEXT)"));
  }
  auto const refused = open_sqlite_ledger({.path = folder.file()});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), errc::corrupt);
  EXPECT_NE(refused.error().message().find("another program"), std::string::npos);
  auto other = sqlite::database::open(folder.file(), sqlite::open_mode::read_only);
  EXPECT_EQ(other->integer("SELECT count(*) FROM sqlite_schema").value(), 1);
  EXPECT_EQ(other->prepare("PRAGMA journal_mode")->step().value(), true);
}

TEST(sqlite_ledger, refuses_a_file_of_a_newer_schema_as_such) {
  ledger_folder const folder;
  folder.open().reset();
  {
    auto file = sqlite::database::open(folder.file(), sqlite::open_mode::read_write_create);
    ASSERT_TRUE(file->execute("PRAGMA user_version = 7"));
  }
  auto const refused = open_sqlite_ledger({.path = folder.file()});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), errc::unsupported_version);
  EXPECT_EQ(refused.error().message(), "cannot open " + folder.file() +
                                           ": it was written by a newer skein (schema 7, this one reads up to 4); upgrade skein or use another path");
}

TEST(sqlite_ledger, refuses_a_path_where_no_folder_can_be_made) {
  ledger_folder const folder;
  std::ofstream{folder.file("plain")} << "a file";
  auto const refused = open_sqlite_ledger({.path = folder.file("plain/sub/ledger.db")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), errc::io_failed);
  EXPECT_EQ(refused.error().message().find("cannot open " + folder.file("plain/sub/ledger.db") + ": "), 0u) << refused.error().what();
}

TEST(sqlite_ledger, reports_a_damaged_row_instead_of_believing_it) {
  ledger_folder const folder;
  {
    auto const ledger = folder.open();
    ASSERT_TRUE(ledger->commit(as_changes(subscription_row{1, "a", 0, 9}, artifact_row{make_artifact(1), ""}, make_activation(1, 1))));
  }
  auto const damage = [&](std::string const& sql) {
    auto file = sqlite::database::open(folder.file(), sqlite::open_mode::read_write_create);
    ASSERT_TRUE(file->execute(sql));
  };
  auto const load_error = [&] {
    auto const state = folder.open()->load();
    return state ? std::string{} : state.error().message();
  };
  damage("UPDATE artifact SET id = x'0102'");
  EXPECT_NE(load_error().find("artifact 1 has an id of another size"), std::string::npos);
  damage("CREATE TABLE good AS SELECT rows FROM activation_block; UPDATE activation_block SET rows = substr(rows, 1, 20)");
  EXPECT_NE(load_error().find("activations 0 to 31 cannot be read"), std::string::npos);
  damage("UPDATE activation_block SET rows = (SELECT CAST(substr(rows, 1, length(rows) - 3) || x'090101' AS BLOB) FROM good)");  // a state that there is not
  EXPECT_NE(load_error().find("activations 0 to 31 cannot be read"), std::string::npos);
  damage("UPDATE activation_block SET rows = (SELECT rows FROM good); DELETE FROM artifact");
  EXPECT_NE(load_error().find("refer to 1 artifacts that are not there"), std::string::npos);
}

TEST(sqlite_ledger, gives_back_the_newest_dead_activations_with_their_inputs_and_runs) {
  ledger_folder const folder;
  auto const run = sample_id<run_id>(7);
  {
    auto const ledger = folder.open();
    std::vector<change> changes = as_changes(subscription_row{1, "a", 0, 9}, run_row{.id = run, .name = "dinner", .status = run_status::failed});
    for (std::uint64_t no = 1; no <= 3; ++no) {
      changes.emplace_back(artifact_row{make_artifact(no, run), ""});
      changes.emplace_back(make_activation(no, no, run));
      auto dead = close(no, activation_state::dead);
      dead.since = timestamp{std::chrono::seconds{no}};
      changes.emplace_back(dead);
    }
    ASSERT_TRUE(ledger->commit(changes));
    ASSERT_TRUE(ledger->commit(as_changes(close(3, activation_state::dropped))));
  }
  auto const state = folder.open({.dead_kept_max = 1})->load().value();
  ASSERT_EQ(state.dead.size(), 1u);
  EXPECT_EQ(state.dead[0].no, 2u);
  EXPECT_EQ(state.dead[0].since, timestamp{std::chrono::seconds{2}});
  ASSERT_EQ(state.artifacts.size(), 1u);
  EXPECT_EQ(state.artifacts[0]->seq, 2u);
  ASSERT_EQ(state.runs.size(), 1u);
  EXPECT_EQ(state.runs[0].name, "dinner");
}

TEST(sqlite_ledger, never_takes_the_name_of_a_run_away) {
  ledger_folder const folder;
  auto const run = sample_id<run_id>(7);
  run_row named{.id = run, .name = "dinner"}, nameless{.id = run};
  for (bool const at_once : {true, false}) {
    auto const ledger = folder.open({.path = folder.file(at_once ? "once.db" : "twice.db")});
    if (at_once) {
      ASSERT_TRUE(ledger->commit(as_changes(named, nameless)));
    } else {
      ASSERT_TRUE(ledger->commit(as_changes(named)));
      ASSERT_TRUE(ledger->commit(as_changes(nameless)));
    }
    EXPECT_EQ(ledger->history(run).value().run.name, "dinner");
  }
}

TEST(sqlite_ledger, drops_a_dead_activation_whose_input_is_gone) {
  ledger_folder const folder;
  {
    auto const ledger = folder.open();
    ASSERT_TRUE(ledger->commit(as_changes(subscription_row{1, "a", 0, 9}, artifact_row{make_artifact(1), ""}, make_activation(1, 1), close(1, activation_state::dead))));
  }
  {
    auto file = sqlite::database::open(folder.file(), sqlite::open_mode::read_write_create);
    ASSERT_TRUE(file->execute("DELETE FROM artifact"));
  }
  auto const state = folder.open()->load();
  ASSERT_TRUE(state) << state.error().what();
  EXPECT_TRUE(state->dead.empty());
}

// ---- files of earlier versions ----

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

// ---- what waits ----

TEST(sqlite_ledger, writes_nothing_of_a_group_that_opens_and_closes_within_one_commit) {
  ledger_folder const folder;
  board_model model;
  auto const ledger = folder.open();
  commit(*ledger, model, as_changes(subscription_row{1, "a", 0, 9}, artifact_row{make_artifact(1), ""}, artifact_row{make_artifact(2), ""},
                                    group_row{.no = 1, .subscription = 1}, group_member{1, 0, 1}, group_row{.no = 2, .subscription = 1},
                                    group_member{2, 1, 1}, group_member{1, 1, 2}, group_closed{1}));
  EXPECT_EQ(difference(ledger->load().value(), model.state()), "");
  commit(*ledger, model, as_changes(group_member{2, 0, 2}, group_closed{2}, group_row{.no = 3, .subscription = 1}, group_closed{3}));
  EXPECT_EQ(difference(ledger->load().value(), model.state()), "");
  auto file = sqlite::database::open(folder.file(), sqlite::open_mode::read_only);
  EXPECT_EQ(file->integer("SELECT (SELECT count(*) FROM waiting_group) + (SELECT count(*) FROM waiting_member)").value(), 0);
  EXPECT_EQ(ledger->load().value().last_group, 3u);
}

TEST(sqlite_ledger, refuses_the_end_of_what_does_not_wait) {
  ledger_folder const folder;
  auto const ledger = folder.open();
  auto const group = ledger->commit(as_changes(group_closed{7}));
  ASSERT_FALSE(group);
  EXPECT_NE(group.error().message().find("no group 7"), std::string::npos) << group.error().what();
  auto const embargo = ledger->commit(as_changes(embargo_lifted{8}));
  ASSERT_FALSE(embargo);
  EXPECT_NE(embargo.error().message().find("no embargo of artifact 8"), std::string::npos) << embargo.error().what();
}

TEST(sqlite_ledger, keeps_the_one_of_several_that_took_an_activation) {
  ledger_folder const folder;
  board_model model;
  auto const ledger = folder.open();
  activation_update taken{.no = 1, .state = activation_state::leased, .attempt = 1, .host = "local", .subscription = 2};
  activation_update back{.no = 1, .state = activation_state::retry, .attempt = 1};
  commit(*ledger, model, as_changes(subscription_row{1, "a", 0, 9}, subscription_row{2, "b", 0, 9}, artifact_row{make_artifact(1), ""}, make_activation(1, 1)));
  commit(*ledger, model, as_changes(taken, back));
  EXPECT_EQ(ledger->load().value().activations.at(0).subscription, 2u);
  commit(*ledger, model, as_changes(artifact_row{make_artifact(2), ""}, make_activation(2, 2), activation_update{.no = 2, .subscription = 2}, close(2)));
  EXPECT_EQ(difference(ledger->load().value(), model.state()), "");
}

TEST(sqlite_ledger, reports_damaged_rows_of_what_waits) {
  ledger_folder const folder;
  {
    auto const ledger = folder.open();
    ASSERT_TRUE(ledger->commit(as_changes(subscription_row{1, "a", 0, 9}, artifact_row{make_artifact(1), ""}, group_row{.no = 4, .subscription = 1},
                                          group_member{4, 0, 1})));
  }
  auto const load_error_after = [&](std::string const& sql) {
    auto file = sqlite::database::open(folder.file(), sqlite::open_mode::read_write_create);
    auto const damaged = file->execute(sql);
    EXPECT_TRUE(damaged) << damaged.error().what();
    auto const state = folder.open()->load();
    return state ? std::string{} : state.error().message();
  };
  EXPECT_NE(load_error_after("INSERT INTO embargo VALUES(1, x'93c0', 0)").find("the embargo of artifact 1 has a part that cannot be read"), std::string::npos);
  EXPECT_NE(load_error_after("DELETE FROM embargo; DELETE FROM waiting_group").find("members of group 4, which is not there"), std::string::npos);
  EXPECT_NE(load_error_after("INSERT INTO waiting_group VALUES(4, 1, 0, '', '', 0, 0, 0); DELETE FROM artifact").find("refer to 1 artifacts that are not there"),
            std::string::npos);
}

// ---- the WAL ----

TEST(sqlite_ledger, keeps_the_wal_short_while_one_reader_follows_another) {
  ledger_folder const folder;
  constexpr int checkpoint_pages = 8, commits = 150;
  auto const ledger = folder.open({.checkpoint_pages = checkpoint_pages});
  ASSERT_TRUE(ledger->commit(as_changes(artifact_row{make_artifact(1), ""})));
  std::atomic<bool> stop = false;
  std::thread readers{[&] {
    std::array<sqlite::database, 2> both;
    for (auto& one : both) one = sqlite::database::open(folder.file(), sqlite::open_mode::read_only).value();
    std::size_t turn = 0;
    EXPECT_TRUE(both[0].execute("BEGIN; SELECT count(*) FROM run"));
    for (; !stop; turn = 1 - turn) {
      EXPECT_TRUE(both[1 - turn].execute("BEGIN; SELECT count(*) FROM run"));
      EXPECT_TRUE(both[turn].execute("COMMIT"));
    }
  }};
  std::uintmax_t longest = 0;
  for (std::uint64_t seq = 2; seq < commits + 2; ++seq) {
    EXPECT_TRUE(ledger->commit(as_changes(artifact_row{make_artifact(seq, {}, 40'000), ""})));
    longest = std::max(longest, std::filesystem::file_size(folder.file() + "-wal"));
  }
  stop = true;
  readers.join();
  EXPECT_LT(longest, 80u * checkpoint_pages * 4096u);   // of some 1,600 pages
}

TEST(sqlite_ledger, leaves_the_checkpoint_to_tidy_until_the_wal_is_twice_as_long) {
  ledger_folder const folder;
  constexpr int checkpoint_pages = 20;
  auto const ledger = folder.open({.checkpoint_pages = checkpoint_pages});
  std::uint64_t seq = 0;
  auto const commit_until = [&](auto const& over) {
    while (!over()) ASSERT_TRUE(ledger->commit(as_changes(artifact_row{make_artifact(++seq, {}, 8'000), ""})));
  };
  auto const in_file = [&] { return std::filesystem::file_size(folder.file()); };
  auto const before = in_file();
  commit_until([&] { return ledger->untidy(); });
  EXPECT_EQ(in_file(), before);
  ledger->tidy();
  auto const tidied = in_file();
  EXPECT_GT(tidied, seq * 8'000);
  commit_until([&] { return ledger->untidy(); });
  EXPECT_EQ(in_file(), tidied);
  commit_until([&] { return in_file() > tidied; });
}

// A sync that has to write the file's size too takes several times as long.
TEST(sqlite_ledger, grows_the_wal_in_a_few_large_steps) {
  ledger_folder const folder;
  auto const ledger = folder.open();
  std::set<std::uintmax_t> sizes;
  constexpr std::uint64_t commits = 150;
  for (std::uint64_t seq = 1; seq <= commits; ++seq) {
    ASSERT_TRUE(ledger->commit(as_changes(artifact_row{make_artifact(seq, {}, 8'000), ""})));
    sizes.insert(std::filesystem::file_size(folder.file() + "-wal"));
  }
  EXPECT_GT(*sizes.rbegin(), commits * 8'000u);
  EXPECT_LT(sizes.size(), 8u);
}

// ---- retention ----

TEST(sqlite_ledger, spares_what_groups_and_embargoes_refer_to_and_counts_of_runs_that_stay) {
  ledger_folder const folder;
  auto const ledger = folder.open({.file_bytes_max = 0});
  auto const gone = sample_id<run_id>(1), waiting = sample_id<run_id>(2), hidden = sample_id<run_id>(3), last = sample_id<run_id>(4);
  auto const ended = [](run_id id) { return run_row{.id = id, .status = run_status::completed}; };
  ASSERT_TRUE(ledger->commit(as_changes(subscription_row{1, "a", 0, 9}, ended(gone), ended(waiting), ended(hidden), ended(last),
                                        activation_count{gone, "a", 3}, activation_count{waiting, "a", 4}, artifact_row{make_artifact(1, gone), ""},
                                        artifact_row{make_artifact(2, waiting), ""}, artifact_row{make_artifact(3, hidden), ""},
                                        artifact_row{make_artifact(4, waiting), ""}, group_row{.no = 1, .subscription = 1}, group_member{1, 0, 2},
                                        embargo_row{3, {}, 0})));
  EXPECT_EQ(ledger->counters().artifacts_removed, 2u);
  auto const state = ledger->load().value();
  ASSERT_EQ(state.artifacts.size(), 2u);
  EXPECT_EQ(state.artifacts[0]->seq, 2u);
  EXPECT_EQ(state.artifacts[1]->seq, 3u);
  ASSERT_EQ(state.runs.size(), 2u);
  EXPECT_EQ(state.runs[0].id, waiting);
  EXPECT_EQ(state.runs[1].id, hidden);
  ASSERT_EQ(state.counts.size(), 1u);
  EXPECT_EQ(state.counts[0], (activation_count{waiting, "a", 4}));
  auto file = sqlite::database::open(folder.file(), sqlite::open_mode::read_only);
  EXPECT_EQ(file->integer("SELECT count(*) FROM activation_count").value(), 1);
  ASSERT_TRUE(ledger->commit(as_changes(group_closed{1}, embargo_lifted{3})));
  EXPECT_TRUE(ledger->load().value().artifacts.empty());
  EXPECT_EQ(file->integer("SELECT count(*) FROM activation_count").value(), 0);
}

TEST(sqlite_ledger, spares_the_newest_dead_activations_and_what_they_are_about) {
  ledger_folder const folder;
  auto const ledger = folder.open({.file_bytes_max = 0, .dead_kept_max = 2});
  std::vector<change> changes = as_changes(subscription_row{1, "a", 0, 9});
  for (std::uint64_t no = 1; no <= 4; ++no) {
    changes.emplace_back(artifact_row{make_artifact(10 * no), ""});
    changes.emplace_back(artifact_row{make_artifact(10 * no + 1), ""});
    changes.emplace_back(activation_row{.no = no, .id = derive_activation_id(sample_id<artifact_id>(1), 1, no), .subscription = 1, .inputs = {10 * no, 10 * no + 1}});
    changes.emplace_back(close(no, no == 3 ? activation_state::done : activation_state::dead));
  }
  ASSERT_TRUE(ledger->commit(changes));
  EXPECT_EQ(ledger->counters().activations_removed, 2u);
  EXPECT_EQ(ledger->counters().artifacts_removed, 4u);
  auto const state = ledger->load().value();
  ASSERT_EQ(state.dead.size(), 2u);
  EXPECT_EQ(state.dead[0].no, 2u);
  EXPECT_EQ(state.dead[1].no, 4u);
  EXPECT_EQ(state.artifacts.size(), 4u);
}

TEST(sqlite_ledger, deletes_the_oldest_closed_rows_past_its_size_and_nothing_open) {
  ledger_folder const folder;
  constexpr std::uint64_t bytes_max = 1 << 20;
  auto const ledger = folder.open({.file_bytes_max = bytes_max});
  auto const old_run = sample_id<run_id>(1);
  ASSERT_TRUE(ledger->commit(as_changes(subscription_row{1, "a", 0, 9}, artifact_row{make_artifact(1), "pinned"}, make_activation(1, 1),
                                        artifact_row{make_artifact(2), ""}, artifact_row{make_artifact(3), ""},
                                        activation_row{.no = 2, .id = sample_id<activation_id>(9), .subscription = 1, .inputs = {2, 3}},
                                        run_row{.id = old_run, .status = run_status::completed}, artifact_row{make_artifact(4, old_run), "gone"})));
  std::uint64_t no = 4;
  for (int i = 0; i < 200; ++i) {
    std::vector<change> changes;
    for (int k = 0; k < 20; ++k) {
      ++no;
      changes.emplace_back(artifact_row{make_artifact(no, {}, 1'000), "key " + std::to_string(no)});
      changes.emplace_back(make_activation(no, no));
      changes.emplace_back(close(no));
    }
    ASSERT_TRUE(ledger->commit(changes));
  }
  auto const state = ledger->load().value();
  EXPECT_EQ(state.activations.size(), 2u);
  ASSERT_EQ(state.artifacts.size(), 3u);
  EXPECT_EQ(state.last_seq, no);
  EXPECT_EQ(state.last_activation, no);
  EXPECT_EQ(state.idempotency_keys.front().first, "pinned");
  EXPECT_NE(state.idempotency_keys[1].first, "gone");
  EXPECT_TRUE(ledger->history(old_run).value().artifacts.empty());
  EXPECT_GT(ledger->counters().artifacts_removed, 2'000u);
  EXPECT_GT(ledger->counters().activations_removed, 2'000u);
  auto file = sqlite::database::open(folder.file(), sqlite::open_mode::read_only);
  EXPECT_LT(static_cast<std::uint64_t>(file->integer("PRAGMA page_count").value() * 4096), bytes_max + (bytes_max >> 2));
}

TEST(sqlite_ledger, finds_what_is_left_of_a_run_after_retention) {
  ledger_folder const folder;
  auto const ledger = folder.open({.file_bytes_max = 0, .dead_kept_max = 1});
  auto const run = sample_id<run_id>(1), newer = sample_id<run_id>(2);
  std::vector<change> changes = as_changes(subscription_row{1, "a", 0, 9}, run_row{.id = run, .name = "dinner"}, run_row{.id = newer});
  for (std::uint64_t no = 1; no <= 200; ++no) {
    changes.emplace_back(artifact_row{make_artifact(no, run), ""});
    changes.emplace_back(make_activation(no, no, run));
    if (no != 3 && no != 150) changes.emplace_back(close(no, no == 70 ? activation_state::dead : activation_state::done));
  }
  ASSERT_TRUE(ledger->commit(changes));
  EXPECT_EQ(ledger->counters().artifacts_removed, 197u);
  EXPECT_EQ(ledger->counters().activations_removed, 197u);
  auto const history = ledger->history(run).value();
  ASSERT_EQ(history.activations.size(), 3u);
  EXPECT_EQ(history.activations[0].no, 3u);
  EXPECT_EQ(history.activations[1].state, activation_state::dead);
  EXPECT_EQ(history.activations[2].inputs, std::vector<std::uint64_t>{150});
  ASSERT_EQ(history.artifacts.size(), 3u);
  EXPECT_EQ(history.artifacts[2]->seq, 150u);
  ASSERT_TRUE(ledger->commit(as_changes(close(3), close(70, activation_state::dropped), close(150), artifact_row{make_artifact(201, run), ""})));
  EXPECT_TRUE(ledger->history(run).value().activations.empty());
  ASSERT_TRUE(ledger->commit(as_changes(run_row{.id = run, .status = run_status::completed})));
  EXPECT_TRUE(ledger->history(run).value().run.id.empty());
  auto file = sqlite::database::open(folder.file(), sqlite::open_mode::read_only);
  EXPECT_EQ(file->integer("SELECT (SELECT count(*) FROM run_artifacts) + (SELECT count(*) FROM run_activations)").value(), 0);
}

TEST(sqlite_ledger, never_uses_a_number_again_that_retention_deleted) {
  ledger_folder const folder;
  {
    auto const ledger = folder.open({.file_bytes_max = 0});
    ASSERT_TRUE(ledger->commit(as_changes(subscription_row{1, "a", 0, 9}, artifact_row{make_artifact(41), ""}, make_activation(42, 41), close(42))));
    EXPECT_EQ(ledger->counters().artifacts_removed, 1u);
  }
  auto const state = folder.open()->load().value();
  EXPECT_EQ(state.last_seq, 41u);
  EXPECT_EQ(state.last_activation, 42u);
}

}  // namespace
}  // namespace skein::bus
