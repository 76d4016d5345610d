#include "support/board_fixture.hpp"

#include <skein/registry/artifact_traits.hpp>
#include <skein/registry/failure.hpp>

namespace skein::bus::testing {
namespace {

agent_descriptor every(std::chrono::nanoseconds period) { return agent("reporter").timer({.every = period}); }
agent_descriptor at(timestamp when) { return agent("reporter").timer({.at = when}); }
agent_descriptor by_cron(std::string text) { return agent("reporter").timer({.cron = std::move(text)}); }

tick told_by(delivery const& what) { return *static_cast<tick const*>(what.inputs.front()->payload.as(type_of<tick>()).value().get()); }

bool has_notice(board_fixture const& b, std::string_view kind) {
  return std::any_of(b.notices.begin(), b.notices.end(), [&](auto const& one) { return one.kind == kind; });
}

TEST(blackboard_timer, ticks_after_each_period) {
  board_fixture b;
  b.local_hello({every(10s)});
  EXPECT_EQ(b.board.next_timer(), b.now + 10s);
  b.later(10s - 1ns);
  EXPECT_TRUE(b.deliveries(b.local).empty());
  auto const start = b.now + 1ns - 10s;
  b.later(1ns);
  auto const first = b.delivered(b.local);
  EXPECT_EQ(told_by(first).number, 1);
  EXPECT_EQ(told_by(first).at, start + 10s);
  b.done(b.local, first);
  b.later(10s);
  auto const second = b.delivered(b.local);
  EXPECT_EQ(told_by(second).number, 2);
  EXPECT_EQ(told_by(second).at, start + 20s);
  EXPECT_EQ(b.board.counters().ticks, 2u);
}

TEST(blackboard_timer, keeps_its_phase_however_late_it_is_looked_at) {
  board_fixture b;
  b.local_hello({every(10s)});
  auto const start = b.now;
  b.later(13s);
  b.done(b.local, b.delivered(b.local));
  EXPECT_EQ(b.board.next_timer(), start + 20s);
  b.later(46s);
  auto const late = b.delivered(b.local);
  EXPECT_EQ(told_by(late).at, start + 20s);
  EXPECT_TRUE(has_notice(b, "tick_missed"));
  EXPECT_EQ(b.board.next_timer(), start + 60s);
}

TEST(blackboard_timer, skips_a_tick_while_the_one_before_is_open) {
  board_fixture b;
  b.local_hello({every(10s)});
  b.later(10s);
  auto const slow = b.delivered(b.local);
  b.later(10s);
  b.later(10s);
  EXPECT_TRUE(b.deliveries(b.local).empty());
  EXPECT_EQ(b.board.counters().ticks, 1u);
  EXPECT_EQ(b.board.counters().ticks_skipped, 2u);
  EXPECT_TRUE(has_notice(b, "tick_skipped"));
  b.done(b.local, slow);
  b.later(10s);
  EXPECT_EQ(told_by(b.delivered(b.local)).number, 2);
}

TEST(blackboard_timer, starts_a_run_and_a_trace_of_its_own_with_each_tick) {
  board_fixture b;
  b.local_hello({every(10s)});
  b.later(10s);
  auto const first = b.delivered(b.local);
  artifact_data const& made = *first.inputs.front();
  EXPECT_EQ(made.context.trace, trace_of(made.run));
  EXPECT_TRUE(made.context.is_sampled());
  EXPECT_EQ(made.correlation, made.run.to_string());
  ASSERT_EQ(b.announcements.size(), 1u);
  EXPECT_EQ(b.announcements[0].artifact->id, made.id);
  EXPECT_TRUE(b.announcements[0].parent.empty());
  EXPECT_EQ(b.run_of(made.run).root, made.context);
  auto const text = made.run.to_string();
  EXPECT_EQ(text.substr(0, 8) + text.substr(9, 4), "000000371590");  // 3,610,000 ms
  EXPECT_EQ(text[14], '7');
  b.done(b.local, first, {child_of_type("report")});
  ASSERT_EQ(b.ended.size(), 1u);
  EXPECT_EQ(b.ended[0].run.id, made.run);
  EXPECT_TRUE(b.published("report")[0]->routed);
}

TEST(blackboard_timer, records_no_traces_of_ticks_where_nobody_wants_them) {
  board_fixture b{{.sampled_ticks = false}};
  b.local_hello({every(10s)});
  b.later(10s);
  EXPECT_FALSE(b.delivered(b.local).inputs[0]->context.is_sampled());
}

TEST(blackboard_timer, ticks_for_its_own_subscription_alone) {
  board_fixture b;
  b.local_hello({every(10s), agent("other").timer({.every = 1h}), agent("watcher").on("skein.tick")});
  b.later(10s);
  EXPECT_EQ(b.delivered(b.local).agent, "reporter");
  b.publish("skein.tick");
  EXPECT_EQ(b.delivered(b.local).agent, "watcher");
}

TEST(blackboard_timer, keeps_nobody_waiting_but_an_open_tick_does) {
  board_fixture b;
  b.local_hello({every(10s)});
  EXPECT_TRUE(b.idle(b.wait()));
  EXPECT_FALSE(b.board.waits_only_for_time());
  b.later(10s);
  auto const waiting = b.wait();
  EXPECT_FALSE(b.idle(waiting));
  b.done(b.local, b.delivered(b.local));
  EXPECT_TRUE(b.idle(waiting));
}

TEST(blackboard_timer, fires_once_for_what_was_missed_while_the_hub_was_down_and_goes_on_in_phase) {
  board_fixture b;
  b.local_hello({every(10s)});
  auto const start = b.now;
  b.later(10s);
  b.done(b.local, b.delivered(b.local));
  b.now += 95s;
  b.crash();
  EXPECT_TRUE(b.deliveries(b.local).empty());
  b.local_hello({every(10s)});
  auto const missed = b.delivered(b.local);
  EXPECT_EQ(told_by(missed).number, 2);
  EXPECT_EQ(told_by(missed).at, start + 20s);
  b.done(b.local, missed);
  EXPECT_EQ(b.board.next_timer(), start + 110s);
}

TEST(blackboard_timer, knows_its_open_tick_after_a_restart) {
  board_fixture b;
  b.local_hello({every(10s)});
  b.later(10s);
  (void)b.delivered(b.local);
  b.crash();
  b.local_hello({every(10s)});
  auto const again = b.delivered(b.local);
  EXPECT_EQ(again.activation.attempt, 2u);
  b.later(10s);
  EXPECT_EQ(b.board.counters().ticks_skipped, 1u);
  EXPECT_EQ(b.board.open_activations().size(), 1u);
}

TEST(blackboard_timer, publishes_the_same_tick_again_when_its_commit_failed) {
  board_fixture b;
  b.local_hello({every(10s)});
  auto const before = b.ledger;
  b.later(10s);
  auto const lost = b.delivered(b.local);
  b.ledger = before;
  b.board = blackboard{b.limits, b.ledger.state(), b.now, {"host1", false, {}, {}}};
  b.local_hello({every(10s)});
  auto const again = b.delivered(b.local);
  EXPECT_EQ(again.inputs[0]->id, lost.inputs[0]->id);
  EXPECT_EQ(again.inputs[0]->run, lost.inputs[0]->run);
  EXPECT_EQ(told_by(again).number, 1);
}

TEST(blackboard_timer, of_one_time_fires_once_ever) {
  board_fixture b;
  auto const when = b.now + 10s;
  b.local_hello({at(when)});
  b.later(10s);
  b.done(b.local, b.delivered(b.local));
  EXPECT_EQ(b.board.next_timer(), std::nullopt);
  b.crash();
  b.local_hello({at(when)});
  b.later(1h);
  EXPECT_TRUE(b.deliveries(b.local).empty());
}

TEST(blackboard_timer, of_a_time_that_has_passed_fires_at_once) {
  board_fixture b;
  b.local_hello({at(b.now - 10s)});
  auto const first = b.delivered(b.local);
  EXPECT_EQ(told_by(first).at, b.now - 10s);
  b.done(b.local, first);
  b.local_hello({at(b.now - 10s)});
  EXPECT_TRUE(b.deliveries(b.local).empty());
}

TEST(blackboard_timer, follows_a_cron_schedule) {
  board_fixture b;  // at 01:00
  b.local_hello({by_cron("*/20 3 * * *")});
  EXPECT_EQ(b.board.next_timer(), timestamp{3h});
  b.later(2h);
  b.done(b.local, b.delivered(b.local));
  EXPECT_EQ(b.board.next_timer(), timestamp{3h + 20min});
  b.crash();
  b.later(24h);
  b.local_hello({by_cron("*/20 3 * * *")});
  EXPECT_EQ(told_by(b.delivered(b.local)).at, timestamp{3h + 20min});
  EXPECT_EQ(b.board.next_timer(), timestamp{27h + 20min});
}

TEST(blackboard_timer, of_a_date_that_never_comes_is_silent) {
  board_fixture b;
  b.local_hello({by_cron("0 0 30 2 *")});
  EXPECT_EQ(b.board.next_timer(), std::nullopt);
}

TEST(blackboard_timer, rests_while_its_agent_is_described_without_it_and_goes_on_with_it) {
  board_fixture b;
  b.local_hello({every(10s)});
  auto const start = b.now;
  b.local_hello({agent("reporter").on("idea")});
  EXPECT_EQ(b.board.next_timer(), std::nullopt);
  b.later(15s);
  EXPECT_TRUE(b.deliveries(b.local).empty());
  b.local_hello({every(10s)});
  b.done(b.local, b.delivered(b.local));
  EXPECT_EQ(b.board.next_timer(), start + 20s);
}

TEST(blackboard_timer, of_a_worker_goes_on_while_the_worker_is_away_with_one_tick_at_most) {
  board_fixture b;
  b.hello(2, {every(10s)});
  b.step(input::goodbye{2, 1});
  b.later(10s);
  b.later(10s);
  EXPECT_EQ(b.board.counters().ticks, 1u);
  EXPECT_EQ(b.board.counters().ticks_skipped, 1u);
  EXPECT_TRUE(b.idle(b.wait()));
  b.crash();
  b.later(10s);
  EXPECT_EQ(b.board.counters().ticks_skipped, 1u);
  b.hello(2, {every(10s)});
  EXPECT_EQ(told_by(b.delivered(2)).number, 1);
}

TEST(blackboard_timer, of_a_worker_must_be_one_that_can_be_read) {
  board_fixture b;
  b.hello(2, {by_cron("0 25 * * *")});
  auto const* const why = b.last<refused>(2);
  ASSERT_NE(why, nullptr);
  EXPECT_EQ(why->code, errc::invalid_argument);
  EXPECT_NE(why->what.find("hour"), std::string::npos) << why->what;
  b.hello(2, {agent("reporter").timer({})});
  EXPECT_NE(b.last<refused>(2)->what.find("`every`"), std::string::npos);
}

}  // namespace
}  // namespace skein::bus::testing
