#include "support/board_fixture.hpp"

#include <skein/registry/failure.hpp>

namespace skein::bus::testing {
namespace {

agent cashier(std::uint32_t size, std::chrono::nanoseconds age = {}) { return agent("cashier").on("order").batch(size, age); }

std::vector<std::size_t> sizes(std::vector<delivery> const& given) {
  std::vector<std::size_t> all;
  for (auto const& one : given) all.push_back(one.inputs.size());
  return all;
}

void publish(board_fixture& b, int count, run_id const& run, char const* type = "order") {
  for (int i = 0; i < count; ++i) b.publish({.type = type, .run = run});
}

TEST(blackboard_batch, six_give_three_of_two_and_two_of_three) {
  board_fixture b;
  b.local_hello({cashier(2), agent("accountant").on("order").batch(3)});
  publish(b, 6, b.open_run());
  std::map<std::string, std::vector<std::size_t>> given;
  for (auto const& one : b.deliveries(b.local)) given[one.agent].push_back(one.inputs.size());
  EXPECT_EQ(given["cashier"], (std::vector<std::size_t>{2, 2, 2}));
  EXPECT_EQ(given["accountant"], (std::vector<std::size_t>{3, 3}));
}

TEST(blackboard_batch, holds_its_members_in_arrival_order) {
  board_fixture b;
  b.local_hello({cashier(3)});
  auto const run = b.open_run();
  std::vector<artifact_id> made;
  for (int i = 0; i < 3; ++i) made.push_back(b.publish({.type = "order", .run = run}));
  auto const given = b.delivered(b.local);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(given.inputs[i]->id, made[i]);
}

TEST(blackboard_batch, starts_on_age_and_on_size_whichever_is_first) {
  board_fixture b;
  b.local_hello({cashier(5, 30s)});
  auto const run = b.open_run();
  publish(b, 1, run);
  EXPECT_EQ(b.board.next_timer(), b.now + 30s);
  b.later(20s);
  publish(b, 2, run);
  b.later(9s);
  EXPECT_TRUE(b.deliveries(b.local).empty());
  b.later(1s);
  EXPECT_EQ(sizes(b.deliveries(b.local)), std::vector<std::size_t>{3});
  publish(b, 5, run);
  EXPECT_EQ(sizes(b.deliveries(b.local)), std::vector<std::size_t>{5});
  EXPECT_EQ(b.board.next_timer(), std::nullopt);
  b.later(1h);
  EXPECT_TRUE(b.deliveries(b.local).empty());
}

TEST(blackboard_batch, of_one_starts_at_once) {
  board_fixture b;
  b.local_hello({cashier(1)});
  publish(b, 2, b.open_run());
  EXPECT_EQ(sizes(b.deliveries(b.local)), (std::vector<std::size_t>{1, 1}));
}

TEST(blackboard_batch, gathers_by_run) {
  board_fixture b;
  b.local_hello({cashier(2)});
  auto const one = b.open_run(), other = b.open_run();
  publish(b, 1, one);
  publish(b, 1, other);
  EXPECT_TRUE(b.deliveries(b.local).empty());
  publish(b, 1, one);
  EXPECT_EQ(sizes(b.deliveries(b.local)), std::vector<std::size_t>{2});
}

TEST(blackboard_batch, gathers_what_is_published_outside_any_run) {
  board_fixture b;
  b.local_hello({cashier(3)});
  for (int i = 0; i < 3; ++i) b.publish("order");
  auto const given = b.delivered(b.local);
  EXPECT_EQ(given.inputs.size(), 3u);
  EXPECT_EQ(b.board.counters().runs_open, 3u);
  b.done(b.local, given);
  EXPECT_EQ(b.board.counters().runs_open, 0u);
}

TEST(blackboard_batch, partial_is_flushed_at_idle_despite_its_age) {
  board_fixture b;
  b.local_hello({cashier(25, 1h)});
  auto const run = b.open_run();
  publish(b, 3, run);
  auto const who = b.wait(run, run);
  EXPECT_FALSE(b.idle(who));
  auto const given = b.delivered(b.local);
  EXPECT_EQ(given.inputs.size(), 3u);
  b.done(b.local, given);
  ASSERT_TRUE(b.idle(who));
  EXPECT_EQ(b.report(who).batches_flushed, 1u);
  EXPECT_TRUE(b.report(who).stranded.empty());
  EXPECT_EQ(b.board.counters().batches_flushed, 1u);
  EXPECT_EQ(b.report(b.wait(run, run)).batches_flushed, 0u);
}

TEST(blackboard_batch, is_flushed_only_when_nothing_else_is_open) {
  board_fixture b;
  b.local_hello({cashier(25), agent("cook").on("idea")});
  auto const run = b.open_run();
  publish(b, 1, run);
  publish(b, 1, run, "idea");
  auto const who = b.wait(run);
  auto const cooking = b.delivered(b.local);
  EXPECT_EQ(cooking.agent, "cook");
  b.done(b.local, cooking, {child_of_type("order")});  // of the same run: it inherits the correlation
  EXPECT_FALSE(b.idle(who));
  auto const given = b.delivered(b.local);
  EXPECT_EQ(given.inputs.size(), 2u);
  b.done(b.local, given);
  EXPECT_TRUE(b.idle(who));
}

TEST(blackboard_batch, whose_handler_fills_another_is_followed_by_it) {
  board_fixture b;
  b.local_hello({cashier(25), agent("accountant").on("invoice").batch(25)});
  publish(b, 2, b.open_run());
  auto const who = b.wait();
  b.done(b.local, b.delivered(b.local), {child_of_type("invoice")});
  EXPECT_FALSE(b.idle(who));
  auto const second = b.delivered(b.local);
  EXPECT_EQ(second.agent, "accountant");
  b.done(b.local, second);
  ASSERT_TRUE(b.idle(who));
  EXPECT_EQ(b.report(who).batches_flushed, 2u);
}

TEST(blackboard_batch, across_runs_is_not_flushed_while_another_run_can_feed_it) {
  board_fixture b;
  b.local_hello({agent("accountant").on("order").batch(10, 60s).across_runs()});
  auto const mine = b.open_run(), other = b.open_run();
  publish(b, 2, mine);
  auto const first = b.wait(mine);
  ASSERT_TRUE(b.idle(first));
  EXPECT_EQ(b.report(first).batches_flushed, 0u);
  ASSERT_EQ(b.report(first).stranded.size(), 1u);
  EXPECT_EQ(b.report(first).stranded[0].missing, "8 more of order or 60 s");
  EXPECT_TRUE(b.report(b.wait(other)).stranded.empty());
  publish(b, 1, other);
  b.release(other);
  auto const second = b.wait(mine);
  EXPECT_FALSE(b.idle(second));
  EXPECT_EQ(sizes(b.deliveries(b.local)), std::vector<std::size_t>{3});
}

TEST(blackboard_batch, across_runs_is_flushed_when_the_whole_board_is_waited_for) {
  board_fixture b;
  b.local_hello({agent("accountant").on("order").batch(10).across_runs()});
  auto const one = b.open_run(), other = b.open_run();
  publish(b, 1, one);
  publish(b, 1, other);
  EXPECT_FALSE(b.idle(b.wait()));
  EXPECT_EQ(sizes(b.deliveries(b.local)), std::vector<std::size_t>{2});
}

TEST(blackboard_batch, of_joined_groups_holds_one_after_the_other) {
  board_fixture b;
  b.local_hello({agent("ward").join({"xray", "lab"}, {"patient", "patient"}).batch(2)});
  auto const run = b.open_run();
  auto const publish_of = [&](char const* type, char const* patient) {
    return b.publish({.type = type, .run = run, .payload = field_payload("patient", patient)});
  };
  auto const x1 = publish_of("xray", "p1"), l2 = publish_of("lab", "p2"), x2 = publish_of("xray", "p2");
  EXPECT_TRUE(b.deliveries(b.local).empty());
  EXPECT_EQ(b.report(b.wait(b.open_run())).stranded.size(), 0u);
  auto const l1 = publish_of("lab", "p1");
  auto const given = b.delivered(b.local);
  ASSERT_EQ(given.inputs.size(), 4u);
  EXPECT_EQ(given.inputs[0]->id, x2);
  EXPECT_EQ(given.inputs[1]->id, l2);
  EXPECT_EQ(given.inputs[2]->id, x1);
  EXPECT_EQ(given.inputs[3]->id, l1);
}

TEST(blackboard_batch, of_groups_is_flushed_without_those_that_are_incomplete) {
  board_fixture b;
  b.local_hello({agent("ward").all({"xray", "lab"}).batch(10, 1s)});
  auto const run = b.open_run();
  publish(b, 2, run, "xray");
  publish(b, 1, run, "lab");
  auto const who = b.wait(run);
  auto const given = b.delivered(b.local);
  EXPECT_EQ(given.inputs.size(), 2u);
  b.done(b.local, given);
  ASSERT_EQ(b.report(who).stranded.size(), 1u);
  EXPECT_EQ(b.report(who).stranded[0].missing, "lab");
}

TEST(blackboard_batch, past_group_bytes_max_starts_early) {
  auto const one = field_payload("text", "0123456789");
  board_fixture b{{.group_bytes_max = 2 * one.encoded()->size()}};
  b.local_hello({cashier(100)});
  auto const run = b.open_run();
  for (int i = 0; i < 3; ++i) b.publish({.type = "order", .run = run, .payload = one});
  EXPECT_EQ(sizes(b.deliveries(b.local)), std::vector<std::size_t>{3});
  EXPECT_EQ(b.board.counters().groups_expired, 0u);
  ASSERT_EQ(b.notices.size(), 1u);
  EXPECT_EQ(b.notices[0].kind, "batch_cut_short");
}

TEST(blackboard_batch, past_groups_max_the_oldest_starts_early) {
  board_fixture b{{.groups_max = 2}};
  b.local_hello({cashier(100)});
  for (char const* of : {"c1", "c2", "c3"}) b.publish({.type = "order", .correlation = of});
  EXPECT_EQ(sizes(b.deliveries(b.local)), std::vector<std::size_t>{1});
  EXPECT_EQ(b.board.counters().groups_open, 2u);
}

TEST(blackboard_batch, of_a_changed_subscription_expires) {
  board_fixture b;
  b.local_hello({cashier(3)});
  publish(b, 2, b.open_run());
  b.local_hello({cashier(4)});
  ASSERT_EQ(b.published("skein.expired").size(), 1u);
  auto const told = *std::static_pointer_cast<expired const>(*b.published("skein.expired")[0]->payload.as(type_of<expired>()));
  EXPECT_EQ(told.why, "changed");
  EXPECT_EQ(told.had.size(), 2u);
}

TEST(blackboard_batch, goes_on_after_a_restart) {
  board_fixture b;
  b.local_hello({cashier(5, 30s)});
  auto const run = b.open_run();
  publish(b, 3, run);
  b.later(10s);
  b.crash();
  b.local_hello({cashier(5, 30s)});
  EXPECT_EQ(b.board.counters().groups_open, 1u);
  publish(b, 1, run);
  b.later(19s);
  EXPECT_TRUE(b.deliveries(b.local).empty());
  b.later(1s);
  EXPECT_EQ(sizes(b.deliveries(b.local)), std::vector<std::size_t>{4});
  publish(b, 5, run);
  EXPECT_EQ(sizes(b.deliveries(b.local)), std::vector<std::size_t>{5});
}

TEST(blackboard_batch, that_is_leased_keeps_its_members_over_a_restart) {
  board_fixture b;
  b.hello(2, {cashier(3)});
  publish(b, 3, b.open_run());
  auto const before = b.delivered(2);
  b.crash();
  b.hello(2, {cashier(3)}, {.held = {before.activation}});
  b.done(2, before);
  EXPECT_TRUE(b.answered<done_ok>(2, before));
  EXPECT_EQ(b.board.counters().open, 0u);
}

// Each artifact costs the same however many wait.
TEST(blackboard_batch, gathers_a_hundred_thousand_beside_as_many_groups_of_one_key) {
  blackboard_limits limits;
  limits.record_changes = false;
  blackboard board{limits};
  effects out;
  bus::hello m;
  m.host = "host1";
  m.instance = 1;
  m.credit = 10'000;
  m.agents = {agent("cashier").on("order").batch(100), agent("auditor").join({"order", "receipt"}, {"n", "n"}).across_runs()};
  board.step(timestamp{1h}, input::hello{1, m, true, {}}, out);
  id_generator ids{1};
  run_id const run{ids.uuid_v7(0)};
  auto const same = field_payload("n", "1");
  for (int i = 0; i < 100'000; ++i) {
    auto made = std::make_shared<artifact_data>();
    made->id = artifact_id{ids.uuid_v7(i)};
    made->run = run;
    made->correlation = "c";
    made->type = "order";
    made->produced_by = std::string{external_producer};
    made->payload = same;
    out.clear();
    board.step(timestamp{1h}, input::publish{0, made, {}, {}, 0, false}, out);
  }
  EXPECT_EQ(board.counters().open, 1'000u);
  EXPECT_EQ(board.counters().groups_open, 100'000u);
  EXPECT_EQ(board.counters(), board.recount());
}

}  // namespace
}  // namespace skein::bus::testing
