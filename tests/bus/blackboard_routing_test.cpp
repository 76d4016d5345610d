#include "support/board_fixture.hpp"

namespace skein::bus::testing {
namespace {

TEST(blackboard_routing, delivers_an_artifact_to_every_subscription_of_its_type) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea"), agent("critic").on("idea").on("pizza")});
  b.publish("idea");
  auto const started = b.deliveries(b.local);
  ASSERT_EQ(started.size(), 2u);
  EXPECT_EQ(started[0].agent, "cook");
  EXPECT_EQ(started[1].agent, "critic");
  EXPECT_EQ(started[1].ordinal, 0u);
}

TEST(blackboard_routing, lets_an_agent_choose_producers) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea"), agent("critic").on("pizza").from("cook")});
  b.publish("pizza");
  EXPECT_TRUE(b.deliveries(b.local).empty());
  b.publish("idea");
  b.done(b.local, b.delivered(b.local), {child_of_type("pizza")});
  EXPECT_EQ(b.delivered(b.local).agent, "critic");
}

TEST(blackboard_routing, needs_one_of_the_wanted_tags) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea").tagged("hot").tagged("new")});
  b.publish({.type = "idea", .tags = {"old"}});
  b.publish({.type = "idea"});
  EXPECT_TRUE(b.deliveries(b.local).empty());
  b.publish({.type = "idea", .tags = {"old", "new"}});
  EXPECT_EQ(b.deliveries(b.local).size(), 1u);
}

TEST(blackboard_routing, shows_an_artifact_only_to_the_agents_it_names) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea"), agent("critic").on("idea")});
  b.publish({.type = "idea", .visible_to = {"critic"}});
  EXPECT_EQ(b.delivered(b.local).agent, "critic");
}

TEST(blackboard_routing, does_not_feed_an_agent_with_its_own_artifacts) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea")});
  b.publish("idea");
  b.done(b.local, b.delivered(b.local), {child_of_type("idea")});
  EXPECT_TRUE(b.deliveries(b.local).empty());
}

TEST(blackboard_routing, feeds_an_agent_that_triggers_itself) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea").self_trigger()});
  b.publish("idea");
  b.done(b.local, b.delivered(b.local), {child_of_type("idea")});
  EXPECT_EQ(b.deliveries(b.local).size(), 1u);
}

TEST(blackboard_routing, skips_subscriptions_whose_predicate_said_no) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea"), agent("critic").on("idea")});
  b.publish({.type = "idea", .rejected = {b.board.find_subscription("cook", 0u)}});
  EXPECT_EQ(b.delivered(b.local).agent, "critic");
}

TEST(blackboard_routing, offers_a_private_artifact_and_its_children_to_nobody_else) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea"), agent("critic").on("idea").on("pizza")});
  b.publish({.type = "idea", .only = b.board.find_subscription("cook", 0u), .routed = false});
  b.done(b.local, b.delivered(b.local), {child_of_type("pizza")});
  EXPECT_TRUE(b.deliveries(b.local).empty());
  EXPECT_EQ(b.board.artifacts("pizza").size(), 1u);
}

TEST(blackboard_routing, tells_a_caller_of_one_agent_what_came_of_it) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea")});
  b.publish({.type = "idea", .only = b.board.find_subscription("cook", "idea")});
  b.done(b.local, b.delivered(b.local), {child_of_type("pizza")});
  auto const* closed = std::get_if<reply::input_closed>(&b.replies.back());
  ASSERT_NE(closed, nullptr);
  EXPECT_EQ(closed->state, activation_state::done);
  ASSERT_EQ(closed->children.size(), 1u);
  EXPECT_EQ(closed->children[0]->type, "pizza");
}

TEST(blackboard_routing, refuses_a_subscription_that_does_not_exist) {
  board_fixture b;
  b.publish({.type = "idea", .only = 7});
  auto const* refused = std::get_if<reply::refused>(&b.replies.back());
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->why.code(), errc::not_found);
}

TEST(blackboard_routing, gives_children_the_run_and_correlation_of_their_parent) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea")});
  b.publish("idea");
  auto const given = b.delivered(b.local);
  b.done(b.local, given, {child_of_type("pizza")});
  auto const pizza = b.published("pizza").at(0);
  EXPECT_EQ(pizza->run, given.inputs[0]->run);
  EXPECT_EQ(pizza->cause, given.activation.id);
  EXPECT_EQ(pizza->produced_by, "cook");
  EXPECT_EQ(pizza->id, derive_artifact_id(given.activation.id, 0));
}

TEST(blackboard_routing, starts_an_agent_that_is_added_with_what_comes_after) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea")});
  b.publish("idea");
  b.local_hello({agent("cook").on("idea"), agent("critic").on("idea")});
  EXPECT_EQ(b.delivered(b.local).agent, "cook");
  b.publish("idea");
  EXPECT_EQ(b.deliveries(b.local).size(), 2u);
}

TEST(blackboard_routing, stops_feeding_a_subscription_that_its_agent_has_replaced) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea")});
  b.local_hello({agent("cook").on("pizza")});
  b.publish("idea");
  EXPECT_TRUE(b.deliveries(b.local).empty());
  b.publish("pizza");
  EXPECT_EQ(b.deliveries(b.local).size(), 1u);
}

TEST(blackboard_routing, opens_nothing_for_subscriptions_of_other_types) {
  board_fixture b;
  std::vector<agent_descriptor> many{agent("cook").on("idea")};
  for (int i = 0; i < 1000; ++i) many.push_back(agent("agent" + std::to_string(i)).on("type" + std::to_string(i)));
  b.local_hello(many);
  b.publish("idea");
  EXPECT_EQ(b.board.counters().open, 1u);
  EXPECT_EQ(b.ledger.activations().size(), 1u);
}

}  // namespace
}  // namespace skein::bus::testing
