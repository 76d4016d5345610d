#include "support/board_fixture.hpp"
#include "support/groups.hpp"

namespace skein::bus::testing {
namespace {

TEST(blackboard_group, starts_when_the_second_half_comes) {
  board_fixture b;
  b.local_hello({pairing()});
  auto const run = b.open_run();
  auto const idea = b.publish({.type = "idea", .run = run});
  EXPECT_TRUE(b.deliveries(b.local).empty());
  EXPECT_EQ(b.board.counters().open, 0u);
  EXPECT_EQ(b.board.counters().groups_open, 1u);
  auto const why = b.publish({.type = "rejected", .run = run});
  EXPECT_EQ(ids_of(b.delivered(b.local)), (std::vector{idea, why}));
  EXPECT_EQ(b.board.counters().groups_open, 0u);
}

TEST(blackboard_group, alone_does_not_hold_up_a_wait) {
  board_fixture b;
  b.local_hello({pairing()});
  auto const run = b.open_run();
  b.publish({.type = "idea", .run = run});
  EXPECT_TRUE(b.idle(b.wait(run)));
}

TEST(blackboard_group, pairs_form_in_arrival_order) {
  board_fixture b;
  b.local_hello({pairing()});
  auto const run = b.open_run();
  auto const a1 = b.publish({.type = "idea", .run = run}), a2 = b.publish({.type = "idea", .run = run});
  auto const b1 = b.publish({.type = "rejected", .run = run}), b2 = b.publish({.type = "rejected", .run = run});
  auto const given = b.deliveries(b.local);
  ASSERT_EQ(given.size(), 2u);
  EXPECT_EQ(ids_of(given[0]), (std::vector{a1, b1}));
  EXPECT_EQ(ids_of(given[1]), (std::vector{a2, b2}));
}

TEST(blackboard_group, comes_in_declared_order_whatever_the_arrival_order) {
  board_fixture b;
  b.local_hello({agent("editor").all({"a", "b", "c"})});
  auto const run = b.open_run();
  auto const c = b.publish({.type = "c", .run = run}), a = b.publish({.type = "a", .run = run}), second = b.publish({.type = "b", .run = run});
  EXPECT_EQ(ids_of(b.delivered(b.local)), (std::vector{a, second, c}));
}

TEST(blackboard_group, of_one_type_twice_needs_two) {
  board_fixture b;
  b.local_hello({agent("pairing").all({"idea", "idea"})});
  auto const run = b.open_run();
  auto const first = b.publish({.type = "idea", .run = run});
  EXPECT_TRUE(b.deliveries(b.local).empty());
  auto const second = b.publish({.type = "idea", .run = run});
  EXPECT_EQ(ids_of(b.delivered(b.local)), (std::vector{first, second}));
  b.publish({.type = "idea", .run = run});
  EXPECT_TRUE(b.deliveries(b.local).empty());
}

TEST(blackboard_group, takes_two_of_one_type_and_one_of_another) {
  board_fixture b;
  b.local_hello({agent("jury").all({"vote", "case", "vote"})});
  auto const run = b.open_run();
  auto const v1 = b.publish({.type = "vote", .run = run}), v2 = b.publish({.type = "vote", .run = run}), v3 = b.publish({.type = "vote", .run = run});
  auto const c1 = b.publish({.type = "case", .run = run});
  EXPECT_EQ(ids_of(b.delivered(b.local)), (std::vector{v1, c1, v2}));
  auto const c2 = b.publish({.type = "case", .run = run});
  EXPECT_TRUE(b.deliveries(b.local).empty());
  auto const v4 = b.publish({.type = "vote", .run = run});
  EXPECT_EQ(ids_of(b.delivered(b.local)), (std::vector{v3, c2, v4}));
}

TEST(blackboard_group, keeps_what_is_left_over_for_the_next) {
  board_fixture b;
  b.local_hello({pairing()});
  auto const run = b.open_run();
  for (int i = 0; i < 5; ++i) b.publish({.type = "idea", .run = run});
  for (int i = 0; i < 3; ++i) b.publish({.type = "rejected", .run = run});
  EXPECT_EQ(b.deliveries(b.local).size(), 3u);
  EXPECT_EQ(b.board.counters().groups_open, 2u);
  for (int i = 0; i < 2; ++i) b.publish({.type = "rejected", .run = run});
  EXPECT_EQ(b.deliveries(b.local).size(), 2u);
}

TEST(blackboard_group, never_mixes_runs) {
  board_fixture b;
  b.local_hello({pairing()});
  auto const one = b.open_run(), other = b.open_run();
  b.publish({.type = "idea", .run = one});
  b.publish({.type = "rejected", .run = other});
  EXPECT_TRUE(b.deliveries(b.local).empty());
  EXPECT_EQ(b.board.counters().groups_open, 2u);
}

TEST(blackboard_group, never_mixes_what_the_publisher_correlates_otherwise) {
  board_fixture b;
  b.local_hello({pairing()});
  b.publish({.type = "idea", .correlation = "cart-1"});
  b.publish({.type = "rejected", .correlation = "cart-2"});
  EXPECT_TRUE(b.deliveries(b.local).empty());
  b.publish({.type = "rejected", .correlation = "cart-1"});
  EXPECT_EQ(b.deliveries(b.local).size(), 1u);
}

TEST(blackboard_group, across_runs_mixes_them_and_is_open_work_of_each) {
  board_fixture b;
  b.local_hello({agent("pairing").all({"idea", "rejected"}).across_runs()});
  auto const one = b.open_run(), other = b.open_run();
  b.publish({.type = "idea", .run = one});
  b.publish({.type = "rejected", .run = other});
  auto const given = b.delivered(b.local);
  ASSERT_EQ(given.inputs.size(), 2u);
  EXPECT_EQ(b.only_open().run, other);
  auto const of_one = b.wait(one), of_other = b.wait(other);
  EXPECT_FALSE(b.idle(of_one));
  EXPECT_FALSE(b.idle(of_other));
  b.release(one);
  EXPECT_TRUE(b.ended.empty());
  b.done(b.local, given);
  EXPECT_TRUE(b.idle(of_one));
  EXPECT_TRUE(b.idle(of_other));
  ASSERT_EQ(b.ended.size(), 1u);
  EXPECT_EQ(b.ended[0].run.id, one);
}

TEST(blackboard_group, fails_each_of_its_runs_and_is_told_to_each) {
  board_fixture b;
  b.local_hello({agent("pairing").all({"idea", "rejected"}).across_runs()});
  auto const one = b.open_run(), other = b.open_run();
  b.publish({.type = "idea", .run = one});
  b.publish({.type = "rejected", .run = other});
  b.fails(b.local, b.delivered(b.local));
  EXPECT_EQ(b.report(b.wait(one, one)).failures.size(), 1u);
  EXPECT_EQ(b.report(b.wait(other, other)).failures.size(), 1u);
  b.release(one);
  b.release(other);
  ASSERT_EQ(b.ended.size(), 2u);
  EXPECT_EQ(b.ended[0].run.status, run_status::failed);
  EXPECT_EQ(b.ended[1].run.status, run_status::failed);
  EXPECT_TRUE(b.report(b.wait()).failures.empty());
}

TEST(blackboard_group, is_retried_with_all_its_inputs) {
  board_fixture b;
  b.local_hello({agent("pairing").all({"idea", "rejected"}).retry({.attempts_max = 2})});
  auto const run = b.open_run();
  b.publish({.type = "rejected", .run = run});
  b.publish({.type = "idea", .run = run});
  auto const first = b.delivered(b.local);
  b.fails(b.local, first);
  b.later(1s);
  auto const second = b.delivered(b.local);
  EXPECT_EQ(ids_of(second), ids_of(first));
  EXPECT_EQ(second.activation.id, first.activation.id);
  EXPECT_EQ(second.activation.attempt, 2u);
}

TEST(blackboard_group, of_two_subscriptions_is_independent) {
  board_fixture b;
  b.local_hello({agent("pairing").all({"idea", "rejected"}).all({"idea", "idea"}), agent("reader").on("idea")});
  auto const run = b.open_run();
  b.publish({.type = "idea", .run = run});
  EXPECT_EQ(b.deliveries(b.local).size(), 1u);
  b.publish({.type = "idea", .run = run});
  EXPECT_EQ(b.deliveries(b.local).size(), 2u);
  b.publish({.type = "rejected", .run = run});
  EXPECT_EQ(b.deliveries(b.local).size(), 1u);
}

TEST(blackboard_group, does_not_take_what_its_agent_may_not_see) {
  board_fixture b;
  b.local_hello({pairing()});
  auto const run = b.open_run();
  b.publish({.type = "idea", .run = run});
  b.publish({.type = "rejected", .visible_to = {"somebody"}, .run = run});
  EXPECT_TRUE(b.deliveries(b.local).empty());
  auto const seen = b.publish({.type = "rejected", .visible_to = {"pairing"}, .run = run});
  EXPECT_EQ(b.delivered(b.local).inputs[1]->id, seen);
}

TEST(blackboard_group, does_not_take_what_its_predicate_rejects) {
  board_fixture b;
  b.local_hello({agent("pairing").all({"idea", "rejected"}).predicate()});
  auto const run = b.open_run();
  b.publish({.type = "idea", .run = run});
  b.publish({.type = "rejected", .run = run, .rejected = {1}});
  EXPECT_TRUE(b.deliveries(b.local).empty());
  auto const valid = b.publish({.type = "rejected", .run = run});
  EXPECT_EQ(b.delivered(b.local).inputs[1]->id, valid);
}

TEST(blackboard_group, leaves_out_what_its_predicate_could_not_be_asked_about) {
  board_fixture b;
  b.local_hello({agent("cook").on("order"), agent("watch").all({"skein.failure", "order"}).predicate()});
  auto const run = b.open_run();
  b.publish({.type = "order", .run = run});
  b.fails(b.local, b.delivered(b.local));  // the board makes skein.failure itself
  EXPECT_TRUE(b.deliveries(b.local).empty());
  EXPECT_EQ(b.board.counters().mismatched, 1u);
  ASSERT_EQ(b.notices.size(), 1u);
  EXPECT_EQ(b.notices[0].kind, "left_out");
}

// ---- what expires ----

TEST(blackboard_group, expires_with_a_record_a_notice_and_a_count) {
  board_fixture b;
  b.local_hello({agent("editor").all({"a", "b", "c", "c"}).within(10s), agent("janitor").on("skein.expired")});
  auto const run = b.open_run();
  auto const first = b.publish({.type = "c", .run = run}), second = b.publish({.type = "a", .run = run});
  EXPECT_EQ(b.board.next_timer(), b.now + 10s);
  b.later(9s);
  EXPECT_TRUE(b.published("skein.expired").empty());
  b.later(1s);
  ASSERT_EQ(b.published("skein.expired").size(), 1u);
  auto const record = b.published("skein.expired")[0];
  EXPECT_EQ(record->produced_by, "editor");
  EXPECT_EQ(record->run, run);
  auto const told = expired_of(record);
  EXPECT_EQ(told.agent, "editor");
  EXPECT_EQ(told.why, "within");
  EXPECT_EQ(told.missing, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(told.had, (std::vector{second.to_string(), first.to_string()}));
  EXPECT_EQ(told.run, run.to_string());
  EXPECT_EQ(told.correlation, run.to_string());
  EXPECT_EQ(b.board.counters().groups_expired, 1u);
  EXPECT_EQ(b.board.counters().groups_open, 0u);
  ASSERT_EQ(b.notices.size(), 1u);
  EXPECT_EQ(b.notices[0].kind, "group_expired");
  ASSERT_EQ(b.announcements.size(), 1u);
  EXPECT_EQ(b.announcements[0].artifact->id, record->id);
  EXPECT_EQ(b.delivered(b.local).inputs[0]->id, record->id);
  EXPECT_EQ(b.board.next_timer(), std::nullopt);
}

TEST(blackboard_group, expires_when_so_many_others_have_come) {
  board_fixture b;
  b.local_hello({agent("pairing").all({"idea", "rejected"}).within_count(2).across_runs()});
  auto const run = b.open_run();
  b.publish({.type = "idea", .run = run});
  b.publish({.type = "idea", .run = run});
  EXPECT_EQ(b.board.counters().groups_open, 2u);
  b.publish({.type = "idea", .run = run});  // the second after the first one
  EXPECT_EQ(b.board.counters().groups_open, 2u);
  ASSERT_EQ(b.published("skein.expired").size(), 1u);
  EXPECT_EQ(expired_of(b.published("skein.expired")[0]).why, "within_count");
}

TEST(blackboard_group, is_completed_by_the_last_one_that_counts) {
  board_fixture b;
  b.local_hello({agent("pairing").all({"idea", "rejected"}).within_count(2)});
  auto const run = b.open_run(), other = b.open_run();
  b.publish({.type = "idea", .run = run});
  b.publish({.type = "idea", .run = other});
  b.publish({.type = "rejected", .run = run});
  EXPECT_EQ(b.deliveries(b.local).size(), 1u);
  EXPECT_EQ(b.board.counters().groups_expired, 0u);
}

TEST(blackboard_group, past_groups_max_the_oldest_expires) {
  board_fixture b{{.groups_max = 2}};
  b.local_hello({pairing()});
  auto const run = b.open_run();
  auto const oldest = b.publish({.type = "idea", .run = run});
  for (int i = 0; i < 2; ++i) b.publish({.type = "idea", .run = run});
  EXPECT_EQ(b.board.counters().groups_open, 2u);
  ASSERT_EQ(b.published("skein.expired").size(), 1u);
  auto const told = expired_of(b.published("skein.expired")[0]);
  EXPECT_EQ(told.why, "groups_max");
  EXPECT_EQ(told.had, std::vector{oldest.to_string()});
}

TEST(blackboard_group, past_group_bytes_max_the_oldest_expires) {
  auto const one = field_payload("text", "0123456789");
  board_fixture b{{.group_bytes_max = 2 * one.encoded()->size()}};
  b.local_hello({pairing()});
  auto const run = b.open_run();
  for (int i = 0; i < 3; ++i) b.publish({.type = "idea", .run = run, .payload = one});
  EXPECT_EQ(b.board.counters().groups_open, 2u);
  ASSERT_EQ(b.published("skein.expired").size(), 1u);
  EXPECT_EQ(expired_of(b.published("skein.expired")[0]).why, "group_bytes_max");
}

TEST(blackboard_group, of_expired_groups_does_not_feed_itself) {
  board_fixture b{{.groups_max = 1}};
  b.local_hello({agent("one").all({"idea", "rejected"}), agent("two").all({"skein.expired", "x"}), agent("three").all({"skein.expired", "y"})});
  auto const run = b.open_run();
  for (int i = 0; i < 4; ++i) b.publish({.type = "idea", .run = run});
  // Three of the first agent's groups expire; of each other agent's three the first two follow.
  EXPECT_EQ(b.board.counters().groups_expired, 3u + 2u + 2u);
  EXPECT_EQ(b.published("skein.expired").size(), 7u);
  EXPECT_EQ(b.board.counters().groups_open, 3u);
}

TEST(blackboard_group, of_a_changed_subscription_expires) {
  board_fixture b;
  b.local_hello({pairing()});
  auto const run = b.open_run();
  b.publish({.type = "idea", .run = run});
  b.local_hello({agent("pairing").all({"idea", "verdict"})});
  ASSERT_EQ(b.published("skein.expired").size(), 1u);
  EXPECT_EQ(expired_of(b.published("skein.expired")[0]).why, "changed");
  EXPECT_EQ(b.board.counters().groups_open, 0u);
}

TEST(blackboard_group, is_reported_as_stranded) {
  board_fixture b;
  b.local_hello({agent("editor").all({"a", "b", "c", "c"})});
  auto const run = b.open_run(), other = b.open_run();
  b.publish({.type = "a", .run = run});
  b.publish({.type = "a", .run = other});
  auto const& all = b.report(b.wait(run)).stranded;
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].agent, "editor");
  EXPECT_EQ(all[0].missing, "b and 2 of c");
  EXPECT_EQ(all[0].correlation, run.to_string());
  EXPECT_EQ(all[0].count, 1u);
  EXPECT_EQ(b.report(b.wait()).stranded.size(), 2u);
}

}  // namespace
}  // namespace skein::bus::testing
