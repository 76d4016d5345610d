#include "support/board_fixture.hpp"

namespace skein::bus::testing {
namespace {

std::uint64_t dropped(board_fixture const& b, ticket to) {
  auto const* const settled = b.answer<reply::settled>(to);
  EXPECT_NE(settled, nullptr);
  return settled ? settled->dropped : 0;
}

errc code_of(board_fixture const& b, ticket to) {
  auto const why = b.refusal(to);
  EXPECT_TRUE(why.has_value());
  return why ? why->code() : errc{};
}

// ---- starting a group by hand ----

TEST(blackboard_invoke, starts_one_subscription_with_a_group_in_declared_order) {
  board_fixture b;
  b.local_hello({agent("pairing").all({"idea", "rejected"}), cook()});
  auto const to = b.invoke(b.board.find_subscription("pairing", 0), {"idea", "rejected"});
  EXPECT_NE(b.answer<reply::published>(to), nullptr);
  auto const only = b.delivered(b.local);
  EXPECT_EQ(only.agent, "pairing");
  ASSERT_EQ(only.inputs.size(), 2u);
  EXPECT_EQ(only.inputs[1]->type, "rejected");
  EXPECT_EQ(b.answer<reply::input_closed>(to), nullptr);
  b.done(b.local, only, {child_of_type("pizza")});
  auto const* const closed = b.answer<reply::input_closed>(to);
  ASSERT_NE(closed, nullptr);
  EXPECT_EQ(closed->children.size(), 1u);
}

TEST(blackboard_invoke, starts_a_batch_of_any_number_of_whole_groups) {
  board_fixture b;
  b.local_hello({agent("pairing").all({"idea", "rejected"}).batch(10)});
  auto const sub = b.board.find_subscription("pairing", 0);
  b.invoke(sub, {"idea", "rejected", "idea", "rejected"});
  EXPECT_EQ(b.delivered(b.local).inputs.size(), 4u);
  EXPECT_EQ(code_of(b, b.invoke(sub, {"idea", "rejected", "idea"})), errc::invalid_argument);
  EXPECT_EQ(code_of(b, b.invoke(sub, {})), errc::invalid_argument);
}

TEST(blackboard_invoke, refuses_what_the_subscription_does_not_take) {
  board_fixture b;
  b.local_hello({agent("pairing").all({"idea", "rejected"})});
  auto const sub = b.board.find_subscription("pairing", 0);
  EXPECT_EQ(code_of(b, b.invoke(sub, {"idea"})), errc::invalid_argument);
  EXPECT_EQ(code_of(b, b.invoke(sub, {"idea", "rejected", "idea", "rejected"})), errc::invalid_argument);
  auto const swapped = b.refusal(b.invoke(sub, {"rejected", "idea"}));
  ASSERT_TRUE(swapped);
  EXPECT_EQ(swapped->message(), "the artifact at position 0 is of type rejected; the agent takes idea there");
  EXPECT_EQ(code_of(b, b.invoke(0, {"idea"})), errc::not_found);
  EXPECT_EQ(code_of(b, b.invoke(sub + 1, {"idea"})), errc::not_found);
  EXPECT_TRUE(b.board.open_activations().empty());
}

TEST(blackboard_invoke, is_answered_too_when_a_limit_of_the_run_forbids_it) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea").rules({.activations_max_per_workflow = 1})});
  auto const sub = b.board.find_subscription("cook", 0);
  auto const run = b.open_run();
  b.invoke(sub, {"idea"}, run);
  EXPECT_EQ(code_of(b, b.invoke(sub, {"idea"}, run)), errc::limit_reached);
  b.publish({.type = "idea", .run = run, .only = sub});
  EXPECT_EQ(code_of(b, b.last_ticket()), errc::limit_reached);
}

// ---- pausing ----

TEST(blackboard_pause, of_an_agent_keeps_its_work_from_starting_and_from_being_awaited) {
  board_fixture b;
  b.local_hello({cook(), critic()});
  EXPECT_NE(b.answer<reply::settled>(b.pause("cook")), nullptr);
  b.publish("idea");
  b.publish("pizza");
  auto const other = b.delivered(b.local);
  EXPECT_EQ(other.agent, "critic");
  b.done(b.local, other);
  auto const waiting = b.wait();
  ASSERT_TRUE(b.idle(waiting));
  ASSERT_EQ(b.report(waiting).blocked.size(), 1u);
  EXPECT_EQ(b.report(waiting).blocked[0].reason, "paused");
  b.pause("cook", false);
  EXPECT_EQ(b.delivered(b.local).agent, "cook");
}

TEST(blackboard_pause, of_an_agent_survives_a_restart) {
  board_fixture b;
  b.local_hello({cook()});
  b.pause("cook");
  b.publish("idea");
  b.crash();
  b.local_hello({cook()});
  EXPECT_TRUE(b.deliveries(b.local).empty());
  b.pause("cook", false);
  EXPECT_EQ(b.deliveries(b.local).size(), 1u);
  b.crash();
  b.local_hello({cook()});
  EXPECT_EQ(b.deliveries(b.local).size(), 1u);
}

TEST(blackboard_pause, of_a_run_lets_other_runs_go_on_and_survives_a_restart) {
  board_fixture b;
  b.hello(2, {cook()});
  auto const run = b.open_run();
  b.pause(run);
  b.publish({.type = "idea", .run = run});
  b.publish("idea");
  b.done(2, b.delivered(2));
  EXPECT_EQ(b.board.awaited(run), 0u);
  b.crash();
  b.hello(2, {cook()});
  EXPECT_TRUE(b.deliveries(2).empty());
  b.pause(run, false);
  EXPECT_EQ(b.delivered(2).inputs[0]->run, run);
}

TEST(blackboard_pause, refuses_what_nobody_knows) {
  board_fixture b;
  EXPECT_EQ(code_of(b, b.pause("cook")), errc::not_found);
  EXPECT_EQ(code_of(b, b.pause(run_id{id_generator{7}.uuid_v7(1)})), errc::not_found);
}

// ---- cancelling ----

TEST(blackboard_cancel, of_a_run_closes_its_open_work_and_tells_the_hosts) {
  board_fixture b;
  b.hello(2, {cook()}, {.credit = 1});
  auto const run = b.open_run("cooking");
  b.publish({.type = "idea", .run = run});
  b.publish({.type = "idea", .run = run});
  b.publish("idea");
  auto const held = b.delivered(2);
  auto const waiting = b.wait(run, run);
  EXPECT_EQ(dropped(b, b.cancel(run)), 2u);
  EXPECT_TRUE(b.answered<cancel>(2, held));
  EXPECT_EQ(b.board.counters().cancelled, 2u);
  ASSERT_TRUE(b.idle(waiting));
  EXPECT_TRUE(b.report(waiting).cancelled);
  EXPECT_EQ(b.report(waiting).activations.size(), 2u);
  EXPECT_NE(b.delivered(2).inputs[0]->run, run) << "the place of the cancelled one is free";
  b.release(run);
  ASSERT_EQ(b.ended.size(), 1u);
  EXPECT_EQ(b.ended[0].run.status, run_status::cancelled);
}

TEST(blackboard_cancel, refuses_a_later_result_without_harm) {
  board_fixture b;
  b.hello(2, {cook()});
  auto const run = b.open_run();
  b.publish({.type = "idea", .run = run});
  auto const held = b.delivered(2);
  b.cancel(run);
  ASSERT_EQ(b.lost.size(), 1u) << "a host that never answers leaves a span all the same";
  b.done(2, held, {child_of_type("pizza")});
  EXPECT_TRUE(b.answered<done_ok>(2, held));
  EXPECT_TRUE(b.published("pizza").empty());
}

TEST(blackboard_cancel, of_local_work_leaves_its_span_to_the_host_that_runs_it) {
  board_fixture b;
  b.local_hello({cook()});
  auto const run = b.open_run();
  b.publish({.type = "idea", .run = run});
  auto const held = b.delivered(b.local);
  b.cancel(run);
  EXPECT_TRUE(b.answered<cancel>(b.local, held));
  EXPECT_TRUE(b.lost.empty());
}

TEST(blackboard_cancel, of_a_run_refuses_what_is_published_into_it_until_it_has_ended) {
  board_fixture b;
  b.local_hello({cook()});
  auto const run = b.open_run();
  b.cancel(run);
  b.publish({.type = "idea", .run = run});
  EXPECT_EQ(code_of(b, b.last_ticket()), errc::cancelled);
  EXPECT_EQ(code_of(b, b.invoke(b.board.find_subscription("cook", 0), {"idea"}, run)), errc::cancelled);
  EXPECT_TRUE(b.published("idea").empty());
  EXPECT_EQ(dropped(b, b.cancel(run)), 0u);
}

TEST(blackboard_cancel, of_a_run_without_a_body_ends_it_at_once) {
  board_fixture b;
  b.local_hello({cook()});
  b.publish("idea");
  auto const run = b.only_open().run;
  auto const waiting = b.wait(run);
  b.cancel(run);
  ASSERT_TRUE(b.idle(waiting));
  EXPECT_TRUE(b.report(waiting).cancelled);
  EXPECT_EQ(b.run_of(run).status, run_status::cancelled);
  EXPECT_EQ(code_of(b, b.cancel(run)), errc::not_found);
}

TEST(blackboard_cancel, ends_retries_and_invocations_too) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea").retry({.attempts_max = 3, .backoff_initial = 10s})});
  b.publish({.type = "idea", .only = b.board.find_subscription("cook", 0)});
  auto const invoked = b.last_ticket();
  b.fails(b.local, b.delivered(b.local));
  b.cancel(b.only_open().run);
  auto const* const closed = b.answer<reply::input_closed>(invoked);
  ASSERT_NE(closed, nullptr);
  EXPECT_EQ(closed->state, activation_state::cancelled);
  EXPECT_EQ(closed->error_type, "skein.cancelled");
  b.later(1min);
  EXPECT_TRUE(b.deliveries(b.local).empty());
}

TEST(blackboard_cancel, of_a_run_expires_its_groups_and_lifts_its_embargoes) {
  board_fixture b;
  b.local_hello({agent("pairing").all({"idea", "rejected"}), agent("watcher").on("skein.expired")});
  auto const run = b.open_run();
  b.publish({.type = "idea", .run = run});
  b.publish({.type = "rejected", .run = run, .hidden_until = b.now + 10s});
  EXPECT_EQ(b.board.counters().groups_open, 1u);
  b.cancel(run);
  EXPECT_EQ(b.board.counters().groups_open, 0u);
  EXPECT_EQ(b.board.counters().embargoed, 0u);
  EXPECT_EQ(b.published("skein.expired").size(), 1u);
  EXPECT_TRUE(b.deliveries(b.local).empty()) << "a cancelled run starts nothing more";
  b.release(run);
  b.later(1min);
  b.crash();
  EXPECT_EQ(b.board.counters().embargoed + b.board.counters().groups_open, 0u);
}

TEST(blackboard_cancel, reaches_what_waits_of_a_run_that_has_ended) {
  board_fixture b;
  b.local_hello({cook()});
  auto const run = b.open_run("cooking");
  b.publish({.type = "idea", .run = run, .hidden_until = b.now + 10s});
  b.release(run);
  EXPECT_EQ(dropped(b, b.cancel(run)), 0u);
  EXPECT_EQ(b.board.counters().embargoed, 0u);
  EXPECT_EQ(b.run_of(run).status, run_status::cancelled);
  EXPECT_EQ(b.run_of(run).name, "cooking");
  b.later(1min);
  EXPECT_TRUE(b.deliveries(b.local).empty());
}

TEST(blackboard_cancel, of_one_run_among_several_reaches_only_the_activations_of_its_newest_inputs) {
  board_fixture b;
  b.local_hello({agent("pairing").all({"idea", "rejected"}).across_runs()});
  auto const first = b.open_run();
  auto const second = b.open_run();
  b.publish({.type = "idea", .run = first});
  b.publish({.type = "rejected", .run = second});
  auto const held = b.delivered(b.local);
  EXPECT_EQ(dropped(b, b.cancel(first)), 0u);
  b.release(first);
  EXPECT_TRUE(b.ended.empty()) << "it is open work of both";
  EXPECT_EQ(dropped(b, b.cancel(second)), 1u);
  EXPECT_TRUE(b.answered<cancel>(b.local, held));
  b.release(second);
  EXPECT_EQ(b.ended.size(), 2u);
}

TEST(blackboard_cancel, of_an_agent_closes_its_work_in_every_run_and_leaves_others_alone) {
  board_fixture b;
  b.local_hello({cook(), critic()});
  b.publish("idea");
  b.publish("idea");
  b.publish("pizza");
  EXPECT_EQ(dropped(b, b.cancel("cook")), 2u);
  EXPECT_EQ(b.only_open().state, activation_state::leased);
  EXPECT_EQ(b.board.counters().cancelled, 2u);
  b.publish("idea");
  EXPECT_EQ(b.board.open_activations().size(), 2u) << "the agent goes on";
  EXPECT_EQ(code_of(b, b.cancel("nobody")), errc::not_found);
}

TEST(blackboard_cancel, of_an_agent_leaves_to_its_rivals_what_they_may_take) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea").exclusive("pool"), agent("chef").on("idea").exclusive("pool")});
  b.pause("cook");
  b.pause("chef");
  b.publish("idea");
  EXPECT_EQ(dropped(b, b.cancel("cook")), 0u);
  b.pause("cook", false);
  EXPECT_TRUE(b.deliveries(b.local).empty());
  b.pause("chef", false);
  EXPECT_EQ(b.delivered(b.local).agent, "chef");
}

TEST(blackboard_cancel, holds_after_a_restart) {
  board_fixture b;
  b.hello(2, {cook()});
  auto const run = b.open_run("cooking");
  b.publish({.type = "idea", .run = run});
  auto const held = b.delivered(2);
  b.cancel(run);
  b.crash();
  EXPECT_TRUE(b.board.open_activations().empty());
  b.hello(2, {cook()}, {.held = {held.activation}});
  EXPECT_TRUE(b.answered<stale>(2, held));
  EXPECT_EQ(b.run_of(run).status, run_status::interrupted) << "its body was lost before it ended";
}

// ---- what is told ----

TEST(blackboard_notices, are_told_once_by_the_report_of_their_run_or_by_the_next_one) {
  board_fixture b;
  b.local_hello({cook()});
  auto const run = b.open_run("cooking");
  b.publish({.type = "idea", .run = run, .hidden_until = b.now + 10s});
  b.cancel(run);
  EXPECT_EQ(b.notices.size(), 1u);
  EXPECT_TRUE(b.report(b.wait()).notices.empty());
  auto const of_run = b.wait(run, run);
  ASSERT_EQ(b.report(of_run).notices.size(), 1u);
  EXPECT_EQ(b.report(of_run).notices[0].kind, "embargo_cancelled");
  EXPECT_TRUE(b.report(b.wait(run, run)).notices.empty());
  b.release(run);
  EXPECT_TRUE(b.report(b.wait()).notices.empty());
}

TEST(blackboard_notices, that_a_run_has_left_are_told_after_its_end) {
  board_fixture b;
  b.local_hello({cook()});
  auto const run = b.open_run("cooking");
  b.publish({.type = "idea", .run = run, .hidden_until = b.now + 10s});
  b.publish({.type = "idea", .run = run, .hidden_until = b.now + 10s});
  b.cancel(run);
  b.release(run);
  auto const waiting = b.wait();
  ASSERT_EQ(b.report(waiting).notices.size(), 1u);
  EXPECT_EQ(b.report(waiting).notices[0].count, 2u);
}

}  // namespace
}  // namespace skein::bus::testing
