// activations_max_per_workflow: a loop ends, and only its run fails.
#include "support/board_fixture.hpp"

#include <skein/registry/failure.hpp>

namespace skein::bus {
namespace {

using namespace testing;

std::vector<agent_descriptor> table_tennis(std::uint64_t limit) {
  return {agent("ping").on("left").rules({.activations_max_per_workflow = limit}), agent("pong").on("right"), agent("umpire").on("skein.failure")};
}

/// Plays until nothing is delivered any more; how often ping was started.
int play(board_fixture& b, int rounds_max = 1000) {
  int pings = 0;
  for (int i = 0; i < rounds_max; ++i) {
    auto const all = b.deliveries(1);
    if (all.empty()) break;
    for (auto const& one : all) {
      pings += one.agent == "ping" ? 1 : 0;
      if (one.agent == "umpire") b.done(1, one);
      else b.done(1, one, {child_of_type(one.agent == "ping" ? "right" : "left")});
    }
  }
  return pings;
}

TEST(blackboard_limit, ends_a_loop_of_two_agents_with_a_typed_failure) {
  board_fixture b;
  b.local_hello(table_tennis(10));
  auto const looping = b.open_run("looping"), sane = b.open_run("sane");
  b.publish({.type = "skein.failure", .run = sane});
  b.publish({.type = "left", .run = looping});
  EXPECT_EQ(play(b), 10);
  EXPECT_EQ(b.board.counters().open, 0u);
  EXPECT_EQ(b.board.counters().over_limit, 1u);

  auto const waiting = b.wait(looping, looping);
  ASSERT_EQ(b.report(waiting).failures.size(), 1u);
  auto const& failed = b.report(waiting).failures[0];
  EXPECT_EQ(failed.agent, "ping");
  EXPECT_EQ(failed.error_type, "skein.activations_max");
  EXPECT_EQ(failed.run, looping);
  for (auto const* part : {"\"ping\"", "10 times", "\"pong\""}) EXPECT_NE(failed.what.find(part), std::string::npos) << failed.what;
  EXPECT_EQ(failed.what.find("umpire"), std::string::npos) << failed.what;

  auto const told = b.published("skein.failure");
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told.back()->run, looping);
  EXPECT_EQ(told.back()->produced_by, "ping");
  ASSERT_EQ(b.announcements.size(), 1u);
  b.release(looping);
  b.release(sane);
  EXPECT_EQ(b.run_of(looping).status, run_status::failed);
  EXPECT_EQ(b.run_of(sane).status, run_status::completed);
}

TEST(blackboard_limit, fails_the_run_once_and_counts_the_rest) {
  board_fixture b;
  b.local_hello(table_tennis(2));
  auto const run = b.open_run();
  for (int i = 0; i < 5; ++i) b.publish({.type = "left", .run = run});
  EXPECT_EQ(b.board.counters().over_limit, 3u);
  EXPECT_EQ(b.published("skein.failure").size(), 1u);
  auto const other = b.open_run();
  b.publish({.type = "left", .run = other});
  EXPECT_EQ(b.board.counters().over_limit, 3u);
}

TEST(blackboard_limit, counts_on_after_a_restart) {
  board_fixture b;
  b.local_hello(table_tennis(10));
  auto const run = b.open_run();
  b.publish({.type = "left", .run = run});
  auto const before = play(b, 13);
  EXPECT_GT(before, 3);
  b.crash();
  b.local_hello(table_tennis(10));
  // What had been started once is started again, and is not counted again.
  auto const after = play(b);
  EXPECT_EQ(b.published("right").size(), 10u);
  EXPECT_GE(before + after, 10);
  EXPECT_EQ(b.board.counters().over_limit, 1u);
  EXPECT_EQ(b.published("skein.failure").size(), 1u);
}

TEST(blackboard_limit, of_an_agent_for_failures_does_not_feed_itself) {
  board_fixture b;
  b.local_hello({agent("janitor").on("skein.failure").self_trigger().rules({.activations_max_per_workflow = 1})});
  auto const run = b.open_run();
  for (int i = 0; i < 3; ++i) b.publish({.type = "skein.failure", .run = run});
  EXPECT_EQ(b.board.counters().over_limit, 2u);
  EXPECT_EQ(b.published("skein.failure").size(), 3u);
}

TEST(blackboard_limit, holds_for_a_direct_start_too) {
  board_fixture b;
  b.local_hello(table_tennis(1));
  auto const run = b.open_run();
  auto const ping = b.board.find_subscription("ping", 0u);
  b.publish({.type = "left", .run = run, .only = ping});
  b.publish({.type = "left", .run = run, .only = ping});
  EXPECT_EQ(b.board.counters().over_limit, 1u);
  EXPECT_EQ(b.deliveries(1).size(), 2u);  // the first ping, and the umpire
}

}  // namespace
}  // namespace skein::bus
