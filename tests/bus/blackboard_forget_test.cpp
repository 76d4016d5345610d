// Agents that nobody will start again: they stop collecting work, and what they had collected is dropped and counted.
#include "support/board_fixture.hpp"

namespace skein::bus::testing {
namespace {

/// A board whose cook said goodbye and left two pieces of work of one run behind.
struct with_absent_cook {
  with_absent_cook() {
    b.hello(2, {cook()});
    b.step(input::goodbye{2, 1});
    run = b.open_run("dinner");
    for (int i = 0; i < 2; ++i) b.publish({.type = "idea", .run = run});
  }
  void forget(std::string name = "cook") { b.step(input::forget_agent{5, std::move(name)}); }
  reply::settled settled() const { return std::get<reply::settled>(b.replies.back()); }
  errc refusal() const { return std::get<reply::refused>(b.replies.back()).why.code(); }

  board_fixture b;
  run_id run;
};

TEST(blackboard_forget, drops_the_open_work_and_counts_it) {
  with_absent_cook t;
  ASSERT_EQ(t.b.board.counters().blocked, 2u);
  t.forget();
  EXPECT_EQ(t.settled().to, 5u);
  EXPECT_EQ(t.settled().dropped, 2u);
  EXPECT_EQ(t.b.board.counters().open, 0u);
  EXPECT_EQ(t.b.board.counters(), t.b.board.recount());
  for (auto const& [no, row] : t.b.ledger.activations()) EXPECT_EQ(row.state, activation_state::dropped);
}

TEST(blackboard_forget, makes_the_run_of_what_it_drops_a_failed_one) {
  with_absent_cook t;
  auto const who = t.b.wait(t.run, t.run);
  t.b.release(t.run);
  t.forget();
  ASSERT_EQ(t.b.ended.size(), 1u);
  EXPECT_EQ(t.b.ended[0].run.status, run_status::failed);
  EXPECT_TRUE(t.b.idle(who));
  EXPECT_TRUE(t.b.board.dead().empty());
}

TEST(blackboard_forget, tells_reports_what_was_dropped) {
  with_absent_cook t;
  t.forget();
  auto const who = t.b.wait(t.run, t.run);
  ASSERT_EQ(t.b.report(who).failures.size(), 2u);
  EXPECT_EQ(t.b.report(who).failures[0].error_type, "skein.agent_forgotten");
}

TEST(blackboard_forget, routes_nothing_to_the_agent_any_more) {
  with_absent_cook t;
  t.forget();
  t.b.publish("idea");
  EXPECT_TRUE(t.b.board.open_activations().empty());
  EXPECT_FALSE(t.b.board.knows_agent("cook"));
  EXPECT_TRUE(t.b.board.agents().empty());
}

TEST(blackboard_forget, holds_across_a_restart) {
  with_absent_cook t;
  t.forget();
  t.b.crash();
  t.b.publish("idea");
  EXPECT_TRUE(t.b.board.open_activations().empty());
}

TEST(blackboard_forget, takes_the_agent_in_again_when_a_host_offers_it) {
  with_absent_cook t;
  t.forget();
  t.b.hello(3, {cook()});
  t.b.publish("idea");
  EXPECT_EQ(t.b.deliveries(3).size(), 1u);
}

TEST(blackboard_forget, does_not_wait_for_a_host_that_vanished) {
  board_fixture b;
  b.hello(2, {cook()});
  b.step(input::disconnected{2});
  b.publish("idea");
  auto const who = b.wait();
  EXPECT_FALSE(b.idle(who));
  b.step(input::forget_agent{5, "cook"});
  EXPECT_TRUE(b.idle(who));
}

TEST(blackboard_forget, tells_of_leases_that_wait_for_their_host_after_a_restart) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  auto const given = b.delivered(2);
  b.crash();
  b.step(input::forget_agent{5, "cook"});
  ASSERT_EQ(b.lost.size(), 1u);
  EXPECT_EQ(b.lost[0].activation, given.activation);
  b.later(20s);
  EXPECT_EQ(b.lost.size(), 1u);
  // Its host comes back after all: the result is acknowledged, and changes nothing.
  b.hello(3, {cook()}, {.held = {given.activation}, .name = "host2"});
  EXPECT_TRUE(b.answered<stale>(3, given));
  b.done(3, given, {child_of_type("pizza")});
  EXPECT_TRUE(b.published("pizza").empty());
}

TEST(blackboard_forget, is_refused_while_a_host_serves_the_agent_or_holds_its_work) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  (void)b.delivered(2);
  auto const refused_with = [&] {
    b.step(input::forget_agent{5, "cook"});
    return std::get<reply::refused>(b.replies.back()).why;
  };
  EXPECT_EQ(refused_with().code(), errc::misuse);
  EXPECT_NE(refused_with().message().find("host2"), std::string::npos);
  b.hello(2, {agent("critic").on("pizza")});
  EXPECT_EQ(refused_with().code(), errc::misuse) << "it still holds work of it";
  EXPECT_EQ(b.board.counters().open, 1u);
}

TEST(blackboard_forget, is_not_found_for_a_name_that_nobody_ever_offered) {
  with_absent_cook t;
  t.forget("waiter");
  EXPECT_EQ(t.refusal(), errc::not_found);
}

TEST(blackboard_forget, may_be_said_twice) {
  with_absent_cook t;
  t.forget();
  t.forget();
  EXPECT_EQ(t.settled().dropped, 0u);
}

}  // namespace
}  // namespace skein::bus::testing
