#include "support/board_fixture.hpp"

namespace skein::bus::testing {
namespace {

artifact_spec hidden(board_fixture const& b, std::chrono::nanoseconds by) { return {.type = "idea", .hidden_until = b.now + by}; }

TEST(blackboard_embargo, hides_an_artifact_until_its_time) {
  board_fixture b;
  b.local_hello({cook()});
  auto const id = b.publish(hidden(b, 10s));
  EXPECT_TRUE(b.deliveries(b.local).empty());
  EXPECT_EQ(b.board.counters().embargoed, 1u);
  EXPECT_EQ(b.board.next_timer(), b.now + 10s);
  b.later(10s - 1ns);
  EXPECT_TRUE(b.deliveries(b.local).empty());
  b.later(1ns);
  EXPECT_EQ(b.delivered(b.local).inputs[0]->id, id);
  EXPECT_EQ(b.board.counters().embargoed, 0u);
  EXPECT_EQ(b.board.next_timer(), std::nullopt);
}

TEST(blackboard_embargo, of_a_time_that_has_passed_hides_nothing) {
  board_fixture b;
  b.local_hello({cook()});
  b.publish(hidden(b, 0s));
  EXPECT_EQ(b.deliveries(b.local).size(), 1u);
}

TEST(blackboard_embargo, refuses_more_than_its_bound_until_some_are_shown) {
  board_fixture b{{.embargoed_max = 2}};
  b.local_hello({cook()});
  for (int i = 0; i < 3; ++i) b.publish(hidden(b, 10s));
  EXPECT_EQ(b.board.counters().embargoed, 2u);
  EXPECT_EQ(b.board.counters().artifacts, 2u);
  b.publish("idea");
  EXPECT_EQ(b.deliveries(b.local).size(), 1u) << "what is not hidden is taken";
  b.later(10s);
  b.publish(hidden(b, 10s));
  EXPECT_EQ(b.board.counters().embargoed, 1u);
}

TEST(blackboard_embargo, keeps_nobody_waiting_and_is_reported) {
  board_fixture b;
  b.local_hello({cook()});
  b.publish(hidden(b, 10s));
  b.publish(hidden(b, 10s));
  auto const waiting = b.wait();
  ASSERT_TRUE(b.idle(waiting));
  ASSERT_EQ(b.report(waiting).blocked.size(), 1u);
  EXPECT_EQ(b.report(waiting).blocked[0].agent, "-");
  EXPECT_EQ(b.report(waiting).blocked[0].reason, "hidden until 1970-01-01 01:00:10.000 UTC");
  EXPECT_EQ(b.report(waiting).blocked[0].count, 2u);
}

TEST(blackboard_embargo, holds_no_run_open_but_the_run_goes_on_under_its_name) {
  board_fixture b;
  b.local_hello({cook()});
  auto const run = b.open_run("cooking");
  auto what = hidden(b, 10s);
  what.run = run;
  b.publish(what);
  b.release(run);
  ASSERT_EQ(b.ended.size(), 1u);
  b.later(10s);
  b.done(b.local, b.delivered(b.local));
  ASSERT_EQ(b.ended.size(), 2u);
  EXPECT_EQ(b.ended[1].run.id, run);
  EXPECT_EQ(b.ended[1].run.name, "cooking");
}

TEST(blackboard_embargo, opens_its_run_again_as_often_as_it_is_needed_and_no_name_is_kept_longer) {
  board_fixture b;
  b.local_hello({cook()});
  auto const run = b.open_run("cooking");
  for (auto const by : {10s, 20s}) {
    auto what = hidden(b, by);
    what.run = run;
    b.publish(what);
  }
  b.release(run);
  for (int i = 0; i < 2; ++i) {
    b.later(10s);
    b.done(b.local, b.delivered(b.local));
  }
  b.publish({.type = "idea", .run = run});
  b.done(b.local, b.delivered(b.local));
  ASSERT_EQ(b.ended.size(), 4u);
  EXPECT_EQ(b.ended[1].run.name, "cooking");
  EXPECT_EQ(b.ended[2].run.name, "cooking");
  EXPECT_EQ(b.ended[3].run.name, "");
}

TEST(blackboard_embargo, is_lifted_with_what_local_code_said_when_the_artifact_came) {
  board_fixture b;
  b.local_hello({cook(), agent("critic").on("idea").predicate()});
  auto what = hidden(b, 10s);
  what.rejected = {b.board.find_subscription("critic", 0)};
  b.publish(what);
  b.later(10s);
  auto const only = b.delivered(b.local);
  EXPECT_EQ(only.agent, "cook");
  EXPECT_FALSE(only.unasked);
}

TEST(blackboard_embargo, leaves_later_subscriptions_to_ask_their_own_code) {
  board_fixture b;
  b.local_hello({cook()});
  b.publish(hidden(b, 10s));
  b.local_hello({cook(), agent("critic").on("idea").predicate()});
  b.later(10s);
  auto const all = b.deliveries(b.local);
  ASSERT_EQ(all.size(), 2u);
  for (auto const& one : all) EXPECT_EQ(one.unasked, one.agent == "critic") << one.agent;
}

TEST(blackboard_embargo, survives_a_restart_with_its_verdicts) {
  board_fixture b;
  b.local_hello({cook(), agent("critic").on("idea").predicate()});
  auto what = hidden(b, 10s);
  what.rejected = {b.board.find_subscription("critic", 0)};
  auto const id = b.publish(what);
  b.crash();
  EXPECT_EQ(b.board.counters().embargoed, 1u);
  b.local_hello({cook(), agent("critic").on("idea").predicate()});
  b.later(10s);
  auto const only = b.delivered(b.local);
  EXPECT_EQ(only.agent, "cook");
  EXPECT_EQ(only.inputs[0]->id, id);
  b.crash();
  EXPECT_EQ(b.board.counters().embargoed, 0u);
}

TEST(blackboard_embargo, that_ends_while_the_hub_is_down_is_lifted_at_once) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish(hidden(b, 10s));
  b.now += 1h;
  b.crash();
  b.later(0s);
  b.hello(2, {cook()});
  EXPECT_EQ(b.deliveries(2).size(), 1u);
}

TEST(blackboard_embargo, of_a_named_run_finds_it_again_after_a_restart) {
  board_fixture b;
  b.local_hello({cook()});
  auto const run = b.open_run("cooking");
  auto what = hidden(b, 10s);
  what.run = run;
  b.publish(what);
  b.release(run);
  b.crash();
  b.local_hello({cook()});
  b.later(10s);
  b.done(b.local, b.delivered(b.local));
  EXPECT_EQ(b.ended.back().run.name, "cooking");
}

TEST(blackboard_embargo, survives_a_failed_commit_in_memory_too) {
  board_fixture b;
  b.local_hello({cook()});
  b.publish(hidden(b, 10s));
  b.rebuild();
  EXPECT_EQ(b.board.artifacts("idea").size(), 1u);
  b.crash();
  EXPECT_EQ(b.board.artifacts("idea").size(), 1u) << "it comes out in this session";
}

TEST(blackboard_embargo, holds_for_what_handlers_publish) {
  board_fixture b;
  b.local_hello({cook(), agent("critic").on("pizza")});
  b.publish("idea");
  auto late = child_of_type("pizza");
  late.visible_to = std::make_shared<visibility>(visibility{{}, {}, {}, b.now + 10s});
  b.done(b.local, b.delivered(b.local), {late});
  EXPECT_TRUE(b.deliveries(b.local).empty());
  b.later(10s);
  EXPECT_EQ(b.delivered(b.local).agent, "critic");
}

TEST(blackboard_embargo, holds_for_groups) {
  board_fixture b;
  b.local_hello({agent("pairing").all({"idea", "rejected"})});
  auto what = hidden(b, 10s);
  b.publish(what);
  b.publish("rejected");
  EXPECT_TRUE(b.deliveries(b.local).empty());
  EXPECT_EQ(b.board.counters().groups_open, 1u);
  b.later(10s);
  EXPECT_EQ(b.delivered(b.local).inputs.size(), 2u);
}

}  // namespace
}  // namespace skein::bus::testing
