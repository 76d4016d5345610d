#include "support/board_fixture.hpp"

namespace skein::bus::testing {
namespace {

TEST(blackboard_idle, is_told_at_once_when_nothing_is_open) {
  board_fixture b;
  EXPECT_TRUE(b.idle(b.wait()));
}

TEST(blackboard_idle, waits_for_the_last_descendant) {
  board_fixture b;
  b.local_hello({cook(), critic()});
  b.publish("idea");
  auto const who = b.wait();
  b.done(b.local, b.delivered(b.local), {child_of_type("pizza")});
  EXPECT_FALSE(b.idle(who));
  b.done(b.local, b.delivered(b.local));
  EXPECT_TRUE(b.idle(who));
}

TEST(blackboard_idle, waits_for_a_retry) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea").retry({.attempts_max = 2})});
  b.publish("idea");
  auto const who = b.wait();
  b.fails(b.local, b.delivered(b.local));
  EXPECT_FALSE(b.idle(who));
  EXPECT_TRUE(b.board.waits_only_for_time());
  b.later(1s);
  EXPECT_FALSE(b.board.waits_only_for_time());
  b.done(b.local, b.delivered(b.local));
  EXPECT_TRUE(b.idle(who));
}

TEST(blackboard_idle, of_one_run_does_not_wait_for_another) {
  board_fixture b;
  b.local_hello({cook()});
  auto const mine = b.open_run(), other = b.open_run();
  b.publish({.type = "idea", .run = mine});
  auto const given = b.delivered(b.local);
  b.publish({.type = "idea", .run = other});
  auto const of_mine = b.wait(mine), of_all = b.wait();
  b.done(b.local, given);
  EXPECT_TRUE(b.idle(of_mine));
  EXPECT_FALSE(b.idle(of_all));
}

TEST(blackboard_idle, does_not_wait_for_holds) {
  board_fixture b;
  (void)b.open_run();
  EXPECT_TRUE(b.idle(b.wait()));
}

TEST(blackboard_idle, names_work_that_no_host_serves_instead_of_awaiting_it) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  b.step(input::goodbye{2, 1});
  auto const who = b.wait();
  ASSERT_TRUE(b.idle(who));
  ASSERT_EQ(b.report(who).blocked.size(), 1u);
  EXPECT_EQ(b.report(who).blocked[0].agent, "cook");
  EXPECT_EQ(b.report(who).blocked[0].count, 1u);
  EXPECT_FALSE(b.report(who).blocked[0].reason.empty());
}

TEST(blackboard_idle, is_told_when_the_last_host_of_the_open_work_leaves) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  auto const who = b.wait();
  EXPECT_FALSE(b.idle(who));
  b.step(input::goodbye{2, 1});
  EXPECT_TRUE(b.idle(who));
}

TEST(blackboard_idle, awaits_blocked_work_again_when_a_host_comes) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  b.step(input::disconnected{2});
  b.hello(3, {cook()});
  auto const who = b.wait();
  EXPECT_FALSE(b.idle(who));
  b.done(3, b.delivered(3));
  EXPECT_TRUE(b.idle(who));
}

TEST(blackboard_idle, times_out_with_a_list_of_what_is_open) {
  board_fixture b;
  b.local_hello({cook(), agent("slow").on("pizza").retry({.attempts_max = 2})});
  b.publish("idea");
  b.publish("idea");
  (void)b.deliveries(b.local);
  b.publish("pizza");
  b.fails(b.local, b.delivered(b.local));
  auto const who = b.wait();
  b.step(input::cancel_wait{who});
  ASSERT_TRUE(b.idle(who));
  auto const& open = b.report(who).open;
  ASSERT_EQ(open.size(), 2u);
  EXPECT_EQ(open[0].agent, "cook");
  EXPECT_EQ(open[0].state, "leased");
  EXPECT_EQ(open[0].count, 2u);
  EXPECT_EQ(open[1].agent, "slow");
  EXPECT_EQ(open[1].state, "retry");
}

TEST(blackboard_idle, cannot_be_cancelled_after_it_was_told) {
  board_fixture b;
  auto const who = b.wait();
  auto const replies = b.replies.size();
  b.step(input::cancel_wait{who});
  EXPECT_EQ(b.replies.size(), replies);
}

TEST(blackboard_report, outside_any_run_covers_what_closed_since_the_last) {
  board_fixture b;
  b.local_hello({cook()});
  b.publish("idea");
  b.done(b.local, b.delivered(b.local));
  EXPECT_EQ(b.report(b.wait()).activations.size(), 1u);
  EXPECT_EQ(b.report(b.wait()).activations.size(), 0u);
  b.publish("idea");
  b.fails(b.local, b.delivered(b.local));
  auto const who = b.wait();
  ASSERT_EQ(b.report(who).failures.size(), 1u);
  EXPECT_EQ(b.report(who).failures[0].agent, "cook");
  EXPECT_EQ(b.report(who).failures[0].error_type, "std::runtime_error");
  EXPECT_FALSE(b.report(who).activations.at(0).ok);
}

TEST(blackboard_report, of_an_enclosing_run_covers_all_of_it_every_time) {
  board_fixture b;
  b.local_hello({cook()});
  auto const run = b.open_run();
  b.publish({.type = "idea", .run = run});
  b.done(b.local, b.delivered(b.local));
  b.publish("idea");
  b.done(b.local, b.delivered(b.local));
  EXPECT_EQ(b.report(b.wait(run, run)).activations.size(), 1u);
  EXPECT_EQ(b.report(b.wait(run, run)).activations.size(), 1u);
}

TEST(blackboard_report, repeats_outside_nothing_that_a_run_has_reported) {
  board_fixture b;
  b.local_hello({cook(), agent("picky").on("idea")});
  auto const run = b.open_run();
  b.publish({.type = "idea", .run = run});
  auto const given = b.deliveries(b.local);
  b.done(b.local, given[0]);
  b.ends(b.local, given[1], outcome::mismatch);
  auto const inside = b.report(b.wait(run, run));
  EXPECT_EQ(inside.activations.size(), 1u);
  EXPECT_EQ(inside.mismatches, 1u);
  b.release(run);
  auto const outside = b.report(b.wait());
  EXPECT_EQ(outside.activations.size(), 0u);
  EXPECT_EQ(outside.mismatches, 0u);
}

TEST(blackboard_report, counts_what_it_has_no_room_for) {
  board_fixture b{{.report_entries_max = 1}};
  b.local_hello({cook()});
  auto const run = b.open_run();
  for (int i = 0; i < 3; ++i) {
    b.publish({.type = "idea", .run = run});
    b.done(b.local, b.delivered(b.local));
  }
  auto const who = b.wait(run, run);
  EXPECT_EQ(b.report(who).activations.size(), 1u);
  EXPECT_EQ(b.report(who).omitted, 2u);
}

TEST(blackboard_report, tells_attempt_and_duration) {
  board_fixture b;
  b.local_hello({cook()});
  b.publish("idea");
  done m;
  m.activation = b.delivered(b.local).activation;
  m.duration_ns = 1500;
  b.step(input::done{b.local, m, {}});
  auto const closed = b.report(b.wait()).activations.at(0);
  EXPECT_EQ(closed.agent, "cook");
  EXPECT_TRUE(closed.ok);
  EXPECT_EQ(closed.attempt, 1u);
  EXPECT_EQ(closed.duration, 1500ns);
}

}  // namespace
}  // namespace skein::bus::testing
