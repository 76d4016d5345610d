#include "support/board_fixture.hpp"

namespace skein::bus::testing {
namespace {

TEST(blackboard_run, outside_any_body_ends_when_what_it_caused_is_closed) {
  board_fixture b;
  b.local_hello({cook()});
  b.publish("idea");
  EXPECT_TRUE(b.ended.empty());
  b.done(b.local, b.delivered(b.local));
  ASSERT_EQ(b.ended.size(), 1u);
  EXPECT_EQ(b.ended[0].run.status, run_status::completed);
  EXPECT_EQ(b.board.counters().runs_open, 0u);
}

TEST(blackboard_run, that_nothing_handles_ends_with_its_publish) {
  board_fixture b;
  b.publish("idea");
  EXPECT_EQ(b.ended.size(), 1u);
}

TEST(blackboard_run, with_a_body_stays_open_until_it_is_released) {
  board_fixture b;
  b.local_hello({cook()});
  auto const run = b.open_run("pizza");
  b.publish({.type = "idea", .run = run});
  b.done(b.local, b.delivered(b.local));
  EXPECT_TRUE(b.ended.empty());
  b.release(run);
  ASSERT_EQ(b.ended.size(), 1u);
  EXPECT_EQ(b.ended[0].run.name, "pizza");
  EXPECT_EQ(b.run_of(run).status, run_status::completed);
}

TEST(blackboard_run, outlives_its_body_while_work_is_open) {
  board_fixture b;
  b.local_hello({cook()});
  auto const run = b.open_run();
  b.publish({.type = "idea", .run = run});
  b.release(run);
  EXPECT_TRUE(b.ended.empty());
  EXPECT_EQ(b.run_of(run).status, run_status::running);
  b.done(b.local, b.delivered(b.local));
  EXPECT_EQ(b.ended.size(), 1u);
}

TEST(blackboard_run, needs_every_hold_released) {
  board_fixture b;
  auto const run = b.open_run();
  b.step(input::hold{run});
  b.release(run);
  EXPECT_TRUE(b.ended.empty());
  b.release(run);
  EXPECT_EQ(b.ended.size(), 1u);
}

TEST(blackboard_run, fails_with_a_dead_activation) {
  board_fixture b;
  b.local_hello({cook()});
  auto const run = b.open_run();
  b.publish({.type = "idea", .run = run});
  b.fails(b.local, b.delivered(b.local));
  b.release(run);
  EXPECT_EQ(b.run_of(run).status, run_status::failed);
  EXPECT_EQ(b.run_of(run).failures, 1u);
}

TEST(blackboard_run, fails_with_a_body_that_threw) {
  board_fixture b;
  auto const run = b.open_run();
  b.release(run, true);
  EXPECT_EQ(b.run_of(run).status, run_status::failed);
}

TEST(blackboard_run, remembers_a_body_that_threw_while_its_work_goes_on) {
  board_fixture b;
  b.local_hello({cook()});
  auto const run = b.open_run();
  b.publish({.type = "idea", .run = run});
  b.release(run, true);
  EXPECT_EQ(b.run_of(run).failures, 1u);
}

}  // namespace
}  // namespace skein::bus::testing
