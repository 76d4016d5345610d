#include "support/board_fixture.hpp"

namespace skein::bus::testing {
namespace {

TEST(blackboard_restart, continues_open_work_of_the_dead_local_host_without_counting_a_loss) {
  board_fixture b;
  b.local_hello({cook()});
  b.publish("idea");
  (void)b.delivered(b.local);
  b.crash();
  b.local_hello({cook()});
  (void)b.wait();
  auto const again = b.delivered(b.local);
  EXPECT_EQ(again.activation.attempt, 2u);
  EXPECT_EQ(b.only_open().losses, 0u);
  b.done(b.local, again);
  ASSERT_EQ(b.ended.size(), 1u);
}

TEST(blackboard_restart, adopts_what_a_remote_host_says_it_holds) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  auto const given = b.delivered(2);
  b.crash();
  b.hello(2, {cook()}, {.held = {given.activation}});
  EXPECT_TRUE(b.deliveries(2).empty());
  b.later(6s);  // past the grace
  b.beat(2, {given.activation});
  b.done(2, given);
  EXPECT_TRUE(b.answered<done_ok>(2, given));
  EXPECT_EQ(b.board.counters().losses, 0u);
}

TEST(blackboard_restart, adopts_what_a_beat_lists_during_the_grace) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  auto const given = b.delivered(2);
  b.crash();
  b.hello(2, {cook()});
  b.beat(2, {given.activation});  // its delivery arrived after the hello was sent
  b.later(6s);
  EXPECT_EQ(b.board.counters().losses, 0u);
  EXPECT_EQ(b.board.counters().leased, 1u);
}

TEST(blackboard_restart, takes_a_result_of_a_lease_that_still_waits_for_its_host) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  auto const given = b.delivered(2);
  b.crash();
  b.hello(2, {cook()});
  b.done(2, given);
  EXPECT_TRUE(b.answered<done_ok>(2, given));
  EXPECT_EQ(b.board.counters().done, 1u);
}

TEST(blackboard_restart, gives_up_leases_whose_host_does_not_come_back_in_time) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  (void)b.delivered(2);
  b.crash();
  b.local_hello({cook()});
  EXPECT_EQ(b.board.next_timer(), b.now + 5s);
  EXPECT_TRUE(b.deliveries(b.local).empty());
  b.later(5s);
  EXPECT_EQ(b.delivered(b.local).activation.attempt, 2u);
  EXPECT_EQ(b.only_open().losses, 1u);
}

TEST(blackboard_restart, kills_nothing_whose_limits_it_does_not_know_yet) {
  board_fixture b;
  auto const cook_for_ever = agent("cook").on("idea").retry({.losses_max = 1000});
  b.hello(2, {cook_for_ever});
  b.publish("idea");
  for (int i = 0; i < 10; ++i) {
    b.crash();
    b.later(6s);
    b.hello(2, {cook_for_ever});
  }
  EXPECT_EQ(b.board.counters().open, 1u);
  EXPECT_TRUE(b.published("skein.failure").empty());
}

TEST(blackboard_restart, keeps_the_time_of_a_retry) {
  board_fixture b;
  auto const patient = agent("cook").on("idea").retry({.attempts_max = 2, .backoff_initial = 1s});
  b.local_hello({patient});
  b.publish("idea");
  b.fails(b.local, b.delivered(b.local));
  auto const due = b.now + 1s;
  b.crash();
  b.local_hello({patient});
  EXPECT_EQ(b.board.next_timer(), due);
  (void)b.wait();
  b.later(1s);
  EXPECT_EQ(b.delivered(b.local).activation.attempt, 2u);
}

TEST(blackboard_restart, does_not_count_a_failure_again_that_is_in_the_ledger) {
  board_fixture b;
  auto const patient = agent("cook").on("idea").retry({.attempts_max = 2, .backoff_initial = 1ms});
  b.hello(2, {patient});
  b.publish("idea");
  auto const first = b.delivered(2);
  b.step(input::hello{2, {.host = "host2", .instance = 1, .credit = 0, .agents = {patient}, .held = {first.activation}}});
  b.fails(2, first);
  b.later(1s);
  b.crash();
  b.hello(2, {patient}, {.credit = 0, .held = {first.activation}});
  EXPECT_TRUE(b.answered<stale>(2, first));
  b.fails(2, first);
  EXPECT_EQ(b.only_open().failures, 1u);
}

TEST(blackboard_restart, ends_runs_whose_body_is_lost_as_interrupted) {
  board_fixture b;
  b.local_hello({cook()});
  auto const busy = b.open_run(), quiet = b.open_run();
  b.publish({.type = "idea", .run = busy});
  (void)b.delivered(b.local);
  b.crash();
  b.local_hello({cook()});
  EXPECT_EQ(b.run_of(quiet).status, run_status::interrupted);
  EXPECT_EQ(b.run_of(busy).status, run_status::running);
  (void)b.wait();
  b.done(b.local, b.delivered(b.local));
  EXPECT_EQ(b.run_of(busy).status, run_status::interrupted);
}

TEST(blackboard_restart, within_the_process_keeps_runs_whose_bodies_execute) {
  board_fixture b;
  b.local_hello({cook()});
  auto const run = b.open_run();
  b.rebuild({run});
  b.local_hello({cook()});
  EXPECT_TRUE(b.ended.empty());
  b.release(run);
  EXPECT_EQ(b.run_of(run).status, run_status::completed);
}

TEST(blackboard_restart, within_the_process_remembers_a_body_that_threw) {
  board_fixture b;
  b.local_hello({cook()});
  auto const run = b.open_run();
  b.publish({.type = "idea", .run = run});
  auto const given = b.delivered(b.local);
  b.release(run, true);
  b.rebuild();
  b.hello(b.local, {cook()}, {.held = {given.activation}, .local = true});
  b.done(b.local, given);
  EXPECT_EQ(b.run_of(run).status, run_status::failed);
}

TEST(blackboard_restart, within_the_process_lets_the_local_host_keep_what_it_holds) {
  board_fixture b;
  b.local_hello({cook()});
  b.publish("idea");
  auto const given = b.delivered(b.local);
  b.rebuild();
  b.hello(b.local, {cook()}, {.held = {given.activation}, .local = true});
  EXPECT_TRUE(b.deliveries(b.local).empty());
  b.done(b.local, given);
  EXPECT_EQ(b.board.counters().done, 1u);
}

TEST(blackboard_restart, numbers_on_where_the_ledger_ends) {
  board_fixture b;
  b.local_hello({cook()});
  b.publish("idea");
  auto const first = b.delivered(b.local);
  b.done(b.local, first);
  b.crash();
  b.local_hello({cook()});
  b.publish("idea");
  auto const second = b.delivered(b.local);
  EXPECT_EQ(second.activation.no, first.activation.no + 1);
  EXPECT_EQ(second.inputs[0]->seq, 2u);
  EXPECT_EQ(b.ledger.state().subscriptions.size(), 1u);
}

}  // namespace
}  // namespace skein::bus::testing
