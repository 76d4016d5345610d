#include <skein/bus/ledger.hpp>
#include <skein/tracing/sqlite.hpp>

#include "support/board_model.hpp"
#include "support/ledger_folder.hpp"
#include "support/ledger_script.hpp"
#include "support/sample_messages.hpp"

#include <gtest/gtest.h>

#include <fstream>
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
                                           ": it was written by a newer skein (schema 7, this one reads up to 1); upgrade skein or use another path");
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
  damage("UPDATE activation SET id = x'0102'");
  EXPECT_NE(load_error().find("activation 1 has an id of another size"), std::string::npos);
  damage("UPDATE activation SET id = zeroblob(16), state = -1");
  EXPECT_NE(load_error().find("activation 1 has an unknown state"), std::string::npos);
  damage("UPDATE activation SET state = 0; DELETE FROM artifact");
  EXPECT_NE(load_error().find("refer to 1 artifacts that are not there"), std::string::npos);
}

// ---- retention ----

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
