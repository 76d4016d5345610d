#include "support/board_fixture.hpp"

namespace skein::bus::testing {
namespace {

agent_descriptor tough_cook(std::uint32_t losses_max) { return agent("cook").on("idea").retry({.losses_max = losses_max}); }

TEST(blackboard_lease, gives_a_host_no_more_than_its_credit) {
  board_fixture b;
  b.hello(2, {cook()}, {.credit = 2});
  for (int i = 0; i < 3; ++i) b.publish("idea");
  auto const given = b.deliveries(2);
  ASSERT_EQ(given.size(), 2u);
  b.done(2, given[0]);
  EXPECT_EQ(b.deliveries(2).size(), 1u);
}

TEST(blackboard_lease, follows_a_host_that_raises_its_credit) {
  board_fixture b;
  b.hello(2, {cook()}, {.credit = 0});
  b.publish("idea");
  EXPECT_TRUE(b.deliveries(2).empty());
  b.hello(2, {cook()}, {.credit = 1});
  EXPECT_EQ(b.deliveries(2).size(), 1u);
}

TEST(blackboard_lease, bounds_the_credit_that_a_host_asks_for) {
  board_fixture b{{.host_held_max = 1}};
  b.hello(2, {cook()}, {.credit = 1000});
  b.publish("idea");
  b.publish("idea");
  EXPECT_EQ(b.deliveries(2).size(), 1u);
}

TEST(blackboard_lease, prefers_the_host_with_the_most_free_credit) {
  board_fixture b;
  b.hello(2, {cook()}, {.credit = 1});
  b.hello(3, {cook()}, {.credit = 5});
  b.publish("idea");
  EXPECT_EQ(b.deliveries(3).size(), 1u);
}

TEST(blackboard_lease, acknowledges_a_result_and_a_repeated_one) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  auto const given = b.delivered(2);
  b.done(2, given, {child_of_type("pizza")});
  EXPECT_TRUE(b.answered<done_ok>(2, given));
  b.messages.clear();
  b.done(2, given, {child_of_type("pizza")});
  EXPECT_TRUE(b.answered<done_ok>(2, given));
  EXPECT_EQ(b.published("pizza").size(), 1u);
}

TEST(blackboard_lease, takes_a_result_and_leaves_the_memory_to_who_brought_it) {
  board_fixture b;
  b.local_hello({cook(), agent("eater").on("pizza")});
  b.publish("idea");
  bus::done result;
  result.activation = b.delivered(board_fixture::local).activation;
  result.children = {child_of_type("pizza")};
  effects out;
  b.board.step(b.now, board_fixture::local, result, {}, true, out);
  EXPECT_EQ(result.children.size(), 1u);
  ASSERT_EQ(out.messages.size(), 1u);
  auto const* const next = std::get_if<deliver>(&out.messages[0].message);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->deliveries[0].agent, "eater");
  EXPECT_EQ(b.board.counters().artifacts, 2u);
  artifact_ptr const input = next->deliveries[0].inputs[0];
  out.changes.clear();
  auto const owners = input.use_count();
  out.clear();
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(input.use_count(), owners - 1);   // memory keeps no artifact alive
}

TEST(blackboard_lease, refuses_the_result_of_an_attempt_that_was_taken_over) {
  board_fixture b;
  b.hello(2, {cook()}, {.credit = 1});
  b.publish("idea");
  auto const first = b.delivered(2);
  b.hello(3, {cook()});  // with more credit
  b.later(1s);
  b.beat(2, {});  // received, and not held any more: lost
  EXPECT_EQ(b.delivered(3).activation.attempt, 2u);
  b.done(2, first, {child_of_type("pizza")});
  EXPECT_TRUE(b.answered<stale>(2, first));
  EXPECT_TRUE(b.published("pizza").empty());
  EXPECT_EQ(b.board.counters().stale, 1u);
}

TEST(blackboard_lease, refuses_a_result_for_an_activation_that_it_never_had) {
  board_fixture b;
  b.hello(2, {cook()});
  delivery unknown;
  unknown.activation = {77, activation_id{{1}}, 1};
  b.done(2, unknown);
  EXPECT_TRUE(b.answered<stale>(2, unknown));
}

TEST(blackboard_lease, takes_the_late_result_of_a_lost_lease_that_nobody_has_taken_over) {
  board_fixture b;
  b.hello(2, {cook()}, {.credit = 1});
  b.publish("idea");
  auto const first = b.delivered(2);
  b.hello(2, {}, {.credit = 0, .held = {first.activation}});  // serves nothing from here on, still works on it
  b.later(1s);
  b.beat(2, {});
  EXPECT_EQ(b.board.counters().ready, 1u);
  b.done(2, first);
  EXPECT_TRUE(b.answered<done_ok>(2, first));
  EXPECT_EQ(b.board.counters().done, 1u);
}

TEST(blackboard_lease, lasts_while_beats_list_it) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  auto const given = b.delivered(2);
  for (int i = 0; i < 20; ++i) {
    b.later(3s);
    b.beat(2, {given.activation});
  }
  b.done(2, given);
  EXPECT_EQ(b.board.counters().done, 1u);
  EXPECT_EQ(b.board.counters().losses, 0u);
}

TEST(blackboard_lease, is_lost_when_its_delivery_arrived_and_a_beat_does_not_list_it) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  (void)b.deliveries(2);
  b.later(1s);
  b.beat(2, {});
  EXPECT_EQ(b.board.counters().losses, 1u);
  EXPECT_EQ(b.delivered(2).activation.attempt, 2u);
}

TEST(blackboard_lease, is_not_lost_by_a_beat_from_before_its_delivery_arrived) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  auto const given = b.delivered(2);
  b.later(1s);
  b.beat(2, {}, b.last_number[2] - 1);
  EXPECT_EQ(b.board.counters().losses, 0u);
  b.done(2, given);
  EXPECT_EQ(b.board.counters().done, 1u);
}

TEST(blackboard_lease, is_lost_when_its_delivery_never_arrived_for_a_whole_lease) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  (void)b.deliveries(2);
  auto const before = b.last_number[2] - 1;
  for (int i = 0; i < 3; ++i) {
    b.later(3s);
    b.beat(2, {}, before);
  }
  EXPECT_EQ(b.board.counters().losses, 0u);
  b.later(1s);
  b.beat(2, {}, before);
  EXPECT_EQ(b.board.counters().losses, 1u);
}

TEST(blackboard_lease, ignores_a_beat_that_lists_another_activation_under_the_same_number) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  auto held = b.delivered(2).activation;
  held.id = activation_id{{9}};
  b.later(1s);
  b.beat(2, {held});
  EXPECT_EQ(b.board.counters().losses, 1u);
}

TEST(blackboard_lease, is_lost_with_a_host_that_falls_silent) {
  board_fixture b;
  b.hello(2, {cook()});
  b.hello(3, {cook()}, {.credit = 1});
  b.publish("idea");
  (void)b.delivered(2);
  b.later(9s);
  b.beat(3, {});
  EXPECT_EQ(b.board.next_timer(), b.now + 1s);
  b.later(1s);
  EXPECT_EQ(b.delivered(3).activation.attempt, 2u);
}

TEST(blackboard_lease, of_the_local_host_never_expires) {
  board_fixture b;
  b.local_hello({cook()});
  b.publish("idea");
  auto const given = b.delivered(b.local);
  b.later(std::chrono::hours{24});
  b.done(b.local, given);
  EXPECT_EQ(b.board.counters().done, 1u);
  EXPECT_FALSE(b.board.next_timer());
}

TEST(blackboard_lease, kills_an_activation_that_is_lost_too_often) {
  board_fixture b;
  b.hello(2, {tough_cook(3)});
  b.publish("idea");
  for (int i = 0; i < 3; ++i) {
    (void)b.delivered(2);
    b.later(1s);
    b.beat(2, {});
  }
  EXPECT_TRUE(b.deliveries(2).empty());
  EXPECT_EQ(b.board.counters().dead, 1u);
  ASSERT_EQ(b.published("skein.failure").size(), 1u);
}

TEST(blackboard_host, makes_way_for_a_newer_instance_of_itself) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  (void)b.delivered(2);
  b.hello(3, {cook()}, {.instance = 2, .name = "host2"});
  EXPECT_EQ(b.delivered(3).activation.attempt, 2u);
}

TEST(blackboard_host, ignores_the_late_hello_of_an_older_instance) {
  board_fixture b;
  b.hello(3, {cook()}, {.instance = 2, .name = "host2"});
  b.messages.clear();
  b.hello(2, {cook()}, {.instance = 1, .name = "host2"});
  EXPECT_TRUE(b.messages.empty());
  b.publish("idea");
  EXPECT_EQ(b.deliveries(3).size(), 1u);
}

TEST(blackboard_host, takes_its_leases_along_to_a_fresh_connection) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  auto const given = b.delivered(2);
  b.hello(3, {cook()}, {.held = {given.activation}, .name = "host2"});
  EXPECT_EQ(b.board.counters().losses, 0u);
  b.done(3, given);
  EXPECT_TRUE(b.answered<done_ok>(3, given));
}

TEST(blackboard_host, gives_back_what_it_has_not_started_without_counting_a_loss) {
  board_fixture b;
  b.hello(2, {tough_cook(1)});
  b.publish("idea");
  (void)b.delivered(2);
  b.step(input::goodbye{2, 1});
  EXPECT_EQ(b.board.counters().losses, 0u);
  b.hello(3, {tough_cook(1)});
  EXPECT_EQ(b.delivered(3).activation.attempt, 2u);
}

TEST(blackboard_host, is_not_dismissed_by_the_goodbye_of_an_older_instance) {
  board_fixture b;
  b.hello(2, {cook()}, {.instance = 2});
  b.step(input::goodbye{2, 1});
  b.publish("idea");
  EXPECT_EQ(b.deliveries(2).size(), 1u);
}

TEST(blackboard_host, that_is_unknown_is_asked_to_say_hello) {
  board_fixture b;
  b.beat(9, {}, 0);
  ASSERT_EQ(b.messages.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<hello_again>(b.messages[0].message));
}

TEST(blackboard_host, of_another_protocol_is_refused) {
  board_fixture b;
  hello m;
  m.host = "future";
  m.version_min = m.version_max = protocol_max + 1;
  b.step(input::hello{2, m});
  ASSERT_EQ(b.messages.size(), 1u);
  auto const* refused = std::get_if<bus::refused>(&b.messages[0].message);
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->code, errc::unsupported_version);
}

TEST(blackboard_host, loses_everything_when_its_connection_is_gone_for_ever) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  b.step(input::disconnected{2});
  EXPECT_EQ(b.board.counters().losses, 1u);
  EXPECT_EQ(b.board.counters().ready, 1u);
  EXPECT_TRUE(b.board.hosts().empty());
}

}  // namespace
}  // namespace skein::bus::testing
