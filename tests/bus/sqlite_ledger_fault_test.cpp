// A ledger on a disk that refuses, dies or loses power: what was acknowledged is there, what was not is there whole or not at all.
#include <skein/bus/ledger.hpp>
#include <skein/tracing/sqlite.hpp>

#include "support/board_model.hpp"
#include "support/fault_vfs.hpp"
#include "support/ledger_folder.hpp"
#include "support/ledger_script.hpp"

#include <gtest/gtest.h>

namespace skein::bus {
namespace {

using namespace testing;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t crash_point_step = 7;
#else
constexpr std::uint64_t crash_point_step = 1;
#endif

void apply_all(board_model& model, std::vector<change> const& changes) {
  for (auto const& one : changes) model.apply(one);
}

class refusing_disk : public ::testing::TestWithParam<disk_fault> {};

TEST_P(refusing_disk, fails_the_commit_whole_and_lets_the_next_one_through) {
  ledger_folder const folder;
  fault_vfs disk;
  ledger_script script{7};
  board_model model;
  auto ledger = folder.open({.vfs = disk.name()});
  for (int round = 0; round < 4; ++round) {
    auto const first = script.next_commit(), second = script.next_commit();
    ASSERT_TRUE(ledger->commit(first));
    apply_all(model, first);

    disk.refuse(GetParam(), UINT64_MAX);
    auto const refused = ledger->commit(second);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::ledger_failed);
    EXPECT_EQ(refused.error().where(), folder.file());
    EXPECT_EQ(difference(ledger->load().value(), model.state()), "");
    disk.heal();
    EXPECT_EQ(difference(ledger->load().value(), model.state()), "");

    auto const again = ledger->commit(second);
    ASSERT_TRUE(again) << again.error().what();
    apply_all(model, second);
    EXPECT_EQ(difference(ledger->load().value(), model.state()), "");
  }
  EXPECT_EQ(ledger->counters().failed_commits, 4u);
  ledger.reset();
  EXPECT_EQ(difference(folder.open()->load().value(), model.state()), "");
}

INSTANTIATE_TEST_SUITE_P(sqlite_ledger, refusing_disk, ::testing::Values(disk_fault::write_error, disk_fault::disk_full, disk_fault::sync_error),
                         [](auto const& one) {
                           return one.param == disk_fault::write_error ? "write_error" : one.param == disk_fault::disk_full ? "disk_full" : "sync_error";
                         });

TEST(sqlite_ledger_on_a_bad_disk, says_why_a_commit_failed) {
  ledger_folder const folder;
  fault_vfs disk;
  ledger_script script{7};
  auto const ledger = folder.open({.vfs = disk.name()});
  disk.refuse(disk_fault::disk_full, UINT64_MAX);
  auto const refused = ledger->commit(script.next_commit());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("database or disk is full"), std::string::npos) << refused.error().what();
  EXPECT_NE(refused.error().message().find("free some space"), std::string::npos) << refused.error().what();
}

TEST(sqlite_ledger_on_a_bad_disk, cannot_be_opened_while_it_is_full_and_can_afterwards) {
  ledger_folder const folder;
  fault_vfs disk;
  disk.refuse(disk_fault::disk_full, UINT64_MAX);
  auto const refused = open_sqlite_ledger({.path = folder.file(), .vfs = disk.name()});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message().find("cannot open " + folder.file() + ": "), 0u) << refused.error().what();
  disk.heal();
  EXPECT_TRUE(open_sqlite_ledger({.path = folder.file(), .vfs = disk.name()}));
}

TEST(sqlite_ledger_on_a_bad_disk, does_not_bring_back_a_failed_commit_when_the_process_dies_after_it) {
  ledger_folder const folder;
  fault_vfs disk;
  ledger_script script{7};
  board_model model;
  auto ledger = folder.open({.vfs = disk.name()});
  auto const first = script.next_commit();
  ASSERT_TRUE(ledger->commit(first));
  apply_all(model, first);
  disk.refuse(disk_fault::sync_error, 1);
  ASSERT_FALSE(ledger->commit(std::vector<change>{subscription_row{1'000, "nobody", 0, 0}}));
  disk.die_at(disk.operations() + 1);
  ledger.reset();
  EXPECT_EQ(difference(folder.open()->load().value(), model.state()), "");
}

// ---- crash points ----

constexpr int script_commits = 12;

/// The model before the first commit, after it, …
std::vector<board_state> states_of_script(std::uint64_t seed) {
  ledger_script script{seed};
  board_model model;
  std::vector<board_state> out{model.state()};
  for (int i = 0; i < script_commits; ++i) {
    apply_all(model, script.next_commit());
    out.push_back(model.state());
  }
  return out;
}

/// Runs the script in two lives of a ledger until the disk dies; how many commits were acknowledged.
std::size_t run_script(ledger_folder const& folder, fault_vfs& disk, std::uint64_t seed) {
  ledger_script script{seed};
  std::size_t acknowledged = 0;
  for (int life = 0; life < 2; ++life) {
    // Few pages, so that checkpoints are among the crash points.
    auto opened = open_sqlite_ledger({.path = folder.file(), .vfs = disk.name(), .checkpoint_pages = 12});
    if (!opened) return acknowledged;
    for (int i = 0; i < (life == 0 ? script_commits - 4 : 4); ++i) {
      if (!(*opened)->commit(script.next_commit())) return acknowledged;
      ++acknowledged;
      if ((*opened)->untidy()) (*opened)->tidy();
    }
  }
  return acknowledged;
}

class dying_process : public ::testing::TestWithParam<bool> {};

TEST_P(dying_process, leaves_every_acknowledged_commit_and_no_half_of_another) {
  constexpr std::uint64_t seed = 3;
  auto const states = states_of_script(seed);
  bool finished = false;
  std::uint64_t died = 0;
  for (std::uint64_t point = 1; !finished; point += crash_point_step) {
    ledger_folder const folder;
    fault_vfs disk;
    disk.die_at(point);
    auto const acknowledged = run_script(folder, disk, seed);
    finished = !disk.dead();
    if (GetParam()) disk.lose_power(point);
    died += finished ? 0 : 1;

    auto const ledger = folder.open();
    auto const state = ledger->load();
    ASSERT_TRUE(state) << "point " << point << ": " << state.error().what();
    auto const lost = difference(*state, states[acknowledged]);
    auto const whole = acknowledged + 1 < states.size() ? difference(*state, states[acknowledged + 1]) : lost;
    ASSERT_TRUE(lost.empty() || whole.empty()) << "point " << point << ", " << acknowledged << " acknowledged: " << lost;
    auto file = sqlite::database::open(folder.file(), sqlite::open_mode::read_only);
    auto check = file->prepare("PRAGMA integrity_check");
    ASSERT_TRUE(check->step().value());
    ASSERT_EQ(check->text(0), "ok") << "point " << point;
  }
  EXPECT_GT(died, 200u / crash_point_step);  // Otherwise the script has become too short to say anything.
}

INSTANTIATE_TEST_SUITE_P(sqlite_ledger, dying_process, ::testing::Values(false, true),
                         [](auto const& one) { return one.param ? "with_the_power" : "alone"; });

}  // namespace
}  // namespace skein::bus
