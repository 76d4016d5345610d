#include <skein/bus/ledger.hpp>
#include <skein/tracing/sqlite.hpp>

#include "support/board_model.hpp"
#include "support/ledger_folder.hpp"
#include "support/ledger_rows.hpp"
#include "support/ledger_script.hpp"
#include "support/sample_messages.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <unistd.h>

namespace skein::bus {
namespace {

using namespace testing;

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
  for (auto const* no : {"0", "-1", "70000", "4294967296", "9223372036854775807"}) {
    damage(std::string{"UPDATE subscription SET no = "} + no);
    EXPECT_NE(load_error().find(std::string{"subscription "} + no + " has a number that was never given"), std::string::npos) << load_error();
  }
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

}  // namespace
}  // namespace skein::bus
