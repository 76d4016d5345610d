#include "support/board_fixture.hpp"

#include <skein/registry/failure.hpp>

namespace skein::bus::testing {
namespace {

agent diagnostician() { return agent("diagnostician").join({"xray", "lab"}, {"patient", "patient"}); }

artifact_spec of(char const* type, char const* patient) { return {.type = type, .payload = field_payload("patient", patient), .correlation = "ward"}; }

expired expired_of(artifact_ptr const& record) { return *std::static_pointer_cast<expired const>(*record->payload.as(type_of<expired>())); }

TEST(blackboard_join, joins_what_has_the_same_key) {
  board_fixture b;
  b.local_hello({diagnostician()});
  auto const xray = b.publish(of("xray", "p1"));
  b.publish(of("lab", "p2"));
  EXPECT_TRUE(b.deliveries(b.local).empty());
  auto const lab = b.publish(of("lab", "p1"));
  auto const given = b.delivered(b.local);
  ASSERT_EQ(given.inputs.size(), 2u);
  EXPECT_EQ(given.inputs[0]->id, xray);
  EXPECT_EQ(given.inputs[1]->id, lab);
  EXPECT_EQ(b.board.counters().groups_open, 1u);
}

TEST(blackboard_join, forms_in_arrival_order) {
  board_fixture b;
  b.local_hello({diagnostician()});
  auto const l1 = b.publish(of("lab", "p")), l2 = b.publish(of("lab", "p"));
  auto const x1 = b.publish(of("xray", "p")), x2 = b.publish(of("xray", "p"));
  auto const given = b.deliveries(b.local);
  ASSERT_EQ(given.size(), 2u);
  EXPECT_EQ(given[0].inputs[0]->id, x1);
  EXPECT_EQ(given[0].inputs[1]->id, l1);
  EXPECT_EQ(given[1].inputs[0]->id, x2);
  EXPECT_EQ(given[1].inputs[1]->id, l2);
}

TEST(blackboard_join, of_three_waits_for_all_of_them) {
  board_fixture b;
  b.local_hello({agent("board").join({"xray", "lab", "note"}, {"patient", "patient", "about"})});
  auto const note = b.publish({.type = "note", .payload = field_payload("about", "p"), .correlation = "ward"});
  auto const xray = b.publish(of("xray", "p"));
  EXPECT_TRUE(b.deliveries(b.local).empty());
  auto const lab = b.publish(of("lab", "p"));
  auto const given = b.delivered(b.local);
  ASSERT_EQ(given.inputs.size(), 3u);
  EXPECT_EQ(given.inputs[0]->id, xray);
  EXPECT_EQ(given.inputs[1]->id, lab);
  EXPECT_EQ(given.inputs[2]->id, note);
}

TEST(blackboard_join, of_one_type_by_two_fields) {
  board_fixture b;
  b.local_hello({agent("family").join({"person", "person"}, {"id", "parent"})});
  auto const child = b.publish({.type = "person", .payload = field_payload("parent", "ada"), .correlation = "c"});
  b.publish({.type = "person", .payload = field_payload("id", "bob"), .correlation = "c"});
  b.publish({.type = "person", .payload = field_payload("parent", "ada"), .correlation = "c"});
  EXPECT_TRUE(b.deliveries(b.local).empty());
  auto const parent = b.publish({.type = "person", .payload = field_payload("id", "ada"), .correlation = "c"});
  auto const given = b.delivered(b.local);
  ASSERT_EQ(given.inputs.size(), 2u);
  EXPECT_EQ(given.inputs[0]->id, parent);
  EXPECT_EQ(given.inputs[1]->id, child);
}

TEST(blackboard_join, never_mixes_runs_unless_told) {
  for (bool const across : {false, true}) {
    board_fixture b;
    auto joining = diagnostician();
    if (across) joining.across_runs();
    b.local_hello({joining});
    auto const one = b.open_run(), other = b.open_run();
    b.publish({.type = "xray", .run = one, .payload = field_payload("patient", "p")});
    b.publish({.type = "lab", .run = other, .payload = field_payload("patient", "p")});
    EXPECT_EQ(b.deliveries(b.local).size(), across ? 1u : 0u);
  }
}

TEST(blackboard_join, by_keys_that_lambdas_gave) {
  board_fixture b;
  b.local_hello({agent("diagnostician").join({"xray", "lab"}, {})});
  b.publish({.type = "xray", .correlation = "c", .keys = {{1, "p1"}}});
  b.publish({.type = "lab", .correlation = "c", .keys = {{1, "p2"}}});
  EXPECT_TRUE(b.deliveries(b.local).empty());
  b.publish({.type = "lab", .correlation = "c", .keys = {{1, "p1"}}});
  EXPECT_EQ(b.deliveries(b.local).size(), 1u);
}

TEST(blackboard_join, without_a_key_takes_no_part_and_is_told) {
  board_fixture b;
  b.local_hello({diagnostician()});
  auto const run = b.open_run();
  b.publish({.type = "xray", .run = run, .payload = field_payload("doctor", "d")});
  EXPECT_EQ(b.board.counters().groups_open, 0u);
  EXPECT_EQ(b.board.counters().mismatched, 1u);
  ASSERT_EQ(b.notices.size(), 1u);
  EXPECT_EQ(b.notices[0].kind, "left_out");
  EXPECT_EQ(b.notices[0].agent, "diagnostician");
  auto const& report = b.report(b.wait(run, run));
  EXPECT_EQ(report.mismatches, 1u);
  ASSERT_EQ(report.notices.size(), 1u);
  EXPECT_EQ(report.notices[0].kind, "left_out");
  EXPECT_EQ(report.notices[0].count, 1u);
}

TEST(blackboard_join, within_the_time_joins) {
  board_fixture b;
  b.local_hello({diagnostician().within(10s)});
  b.publish(of("xray", "p"));
  b.now += 10s;
  b.publish(of("lab", "p"));
  EXPECT_EQ(b.deliveries(b.local).size(), 1u);
  b.later(1h);
  EXPECT_EQ(b.board.counters().groups_expired, 0u);
}

TEST(blackboard_join, beyond_the_time_expires_even_before_the_clock_says_so) {
  board_fixture b;
  b.local_hello({diagnostician().within(10s)});
  b.publish(of("xray", "p"));
  b.now += 11s;
  b.publish(of("lab", "p"));
  EXPECT_TRUE(b.deliveries(b.local).empty());
  ASSERT_EQ(b.published("skein.expired").size(), 1u);
  EXPECT_EQ(expired_of(b.published("skein.expired")[0]).missing, std::vector<std::string>{"lab"});
  EXPECT_EQ(b.board.counters().groups_open, 1u);
  b.publish(of("xray", "p"));
  EXPECT_EQ(b.deliveries(b.local).size(), 1u);
}

TEST(blackboard_join, expires_in_the_order_of_opening) {
  board_fixture b;
  b.local_hello({diagnostician().within(10s)});
  for (auto const* patient : {"p1", "p2", "p3"}) {
    b.publish(of("xray", patient));
    b.now += 1s;
  }
  b.publish(of("lab", "p2"));
  EXPECT_EQ(b.deliveries(b.local).size(), 1u);
  b.later(7s);
  EXPECT_EQ(b.board.counters().groups_expired, 1u);
  b.later(1s);
  EXPECT_EQ(b.board.counters().groups_expired, 1u);
  b.later(1s);
  EXPECT_EQ(b.board.counters().groups_expired, 2u);
  EXPECT_EQ(b.published("skein.expired").size(), 2u);
}

TEST(blackboard_join, within_a_count_of_what_the_join_has_seen) {
  board_fixture b;
  b.local_hello({diagnostician().within_count(3), agent("reader").on("memo")});
  b.publish(of("xray", "p1"));
  b.publish("memo");  // not the join's
  b.publish(of("xray", "p2"));
  b.publish(of("lab", "p2"));
  b.publish(of("lab", "p1"));  // the third
  EXPECT_EQ(b.board.counters().groups_expired, 0u);
  b.publish(of("xray", "p3"));
  for (int i = 0; i < 3; ++i) b.publish(of("xray", "p4"));
  EXPECT_EQ(b.board.counters().groups_expired, 1u);
  b.publish(of("lab", "p3"));
  EXPECT_EQ(b.board.counters().groups_open, 3u);  // two of p4, of which the first has expired too, and p3's late half
}

TEST(blackboard_join, a_hidden_half_never_joins) {
  board_fixture b;
  b.local_hello({diagnostician()});
  b.publish(of("xray", "p"));
  auto hidden = of("lab", "p");
  hidden.visible_to = {"somebody"};
  b.publish(hidden);
  EXPECT_TRUE(b.deliveries(b.local).empty());
  EXPECT_EQ(b.report(b.wait()).stranded.size(), 1u);
}

TEST(blackboard_join, a_rejected_half_stays_out_and_a_later_valid_one_completes) {
  board_fixture b;
  b.local_hello({diagnostician().predicate()});
  b.publish(of("xray", "p"));
  auto rejected = of("lab", "p");
  rejected.rejected = {1};
  b.publish(rejected);
  EXPECT_TRUE(b.deliveries(b.local).empty());
  auto const valid = b.publish(of("lab", "p"));
  EXPECT_EQ(b.delivered(b.local).inputs[1]->id, valid);
}

TEST(blackboard_join, is_reported_as_stranded_with_its_key) {
  board_fixture b;
  b.local_hello({diagnostician()});
  b.publish(of("xray", "p1"));
  b.publish(of("xray", "p1"));
  b.publish(of("lab", "p2"));
  auto const& all = b.report(b.wait()).stranded;
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].missing, "lab with the key p1");
  EXPECT_EQ(all[0].count, 2u);
  EXPECT_EQ(all[1].missing, "xray with the key p2");
  EXPECT_EQ(all[1].correlation, "ward");
}

TEST(blackboard_join, is_completed_after_a_restart) {
  board_fixture b;
  b.local_hello({diagnostician()});
  b.publish(of("xray", "p1"));
  b.publish(of("xray", "p2"));
  b.crash();
  b.publish(of("note", "p1"));
  b.local_hello({diagnostician()});
  b.publish(of("lab", "p2"));
  EXPECT_EQ(b.delivered(b.local).inputs.size(), 2u);
  b.publish(of("lab", "p1"));
  EXPECT_EQ(b.delivered(b.local).inputs.size(), 2u);
  EXPECT_EQ(b.board.counters().groups_open, 0u);
}

TEST(blackboard_join, its_stranded_groups_wait_for_their_agent_after_a_restart) {
  board_fixture b;
  b.local_hello({diagnostician()});
  b.publish(of("xray", "p1"));
  b.crash();
  auto const& all = b.report(b.wait()).stranded;
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].agent, "diagnostician");
  EXPECT_FALSE(all[0].missing.empty());
}

TEST(blackboard_join, of_a_cancelled_run_expires_and_leaves_others_their_half) {
  board_fixture b;
  b.local_hello({diagnostician().across_runs()});
  auto const mine = b.open_run(), other = b.open_run();
  b.publish({.type = "xray", .run = mine, .payload = field_payload("patient", "p")});
  b.step(input::cancel_work{900, {}, mine});
  ASSERT_EQ(b.published("skein.expired").size(), 1u);
  EXPECT_EQ(expired_of(b.published("skein.expired")[0]).why, "cancelled");
  EXPECT_EQ(b.board.counters().groups_open, 0u);

  b.local_hello({agent("diagnostician").join({"xray", "lab", "note"}, {"patient", "patient", "patient"}).across_runs()});
  auto const third = b.open_run();
  b.publish({.type = "xray", .run = third, .payload = field_payload("patient", "p")});
  auto const kept = b.publish({.type = "lab", .run = other, .payload = field_payload("patient", "p")});
  b.release(other);
  b.step(input::cancel_work{901, {}, third});
  EXPECT_EQ(b.board.counters().groups_open, 1u);
  EXPECT_EQ(expired_of(b.published("skein.expired")[1]).had.size(), 1u);
  b.publish({.type = "xray", .run = other, .payload = field_payload("patient", "p")});
  b.publish({.type = "note", .run = other, .payload = field_payload("patient", "p")});
  auto const given = b.delivered(b.local);
  EXPECT_EQ(given.inputs[1]->id, kept);
  b.done(b.local, given);
  EXPECT_EQ(b.ended.back().run.name, "run");
}

}  // namespace
}  // namespace skein::bus::testing
