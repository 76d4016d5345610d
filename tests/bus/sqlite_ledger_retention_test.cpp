#include <skein/bus/ledger.hpp>
#include <skein/tracing/sqlite.hpp>

#include "support/ledger_folder.hpp"
#include "support/ledger_rows.hpp"
#include "support/sample_messages.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace skein::bus {
namespace {

using namespace testing;

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
