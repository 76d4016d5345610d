// Groups that wait while the hub restarts.
#include "support/board_fixture.hpp"
#include "support/groups.hpp"

namespace skein::bus::testing {
namespace {

TEST(blackboard_group, is_completed_after_a_restart) {
  board_fixture b;
  b.local_hello({agent("jury").all({"vote", "case", "vote"})});
  auto const run = b.open_run("trial");
  auto const v1 = b.publish({.type = "vote", .run = run}), v2 = b.publish({.type = "vote", .run = run});
  b.release(run);
  EXPECT_EQ(b.ended.size(), 1u);
  b.crash();
  EXPECT_EQ(b.board.counters().groups_open, 1u);
  b.local_hello({agent("jury").all({"vote", "case", "vote"})});
  auto const c = b.publish({.type = "case", .run = run});
  EXPECT_EQ(ids_of(b.delivered(b.local)), (std::vector{v1, c, v2}));
  EXPECT_EQ(b.run_of(run).name, "trial");
  EXPECT_EQ(b.run_of(run).status, run_status::running);
}

TEST(blackboard_group, expires_in_time_after_a_restart) {
  board_fixture b;
  auto const agents = std::vector<agent_descriptor>{agent("pairing").all({"idea", "rejected"}).within(10s)};
  b.local_hello(agents);
  b.publish({.type = "idea", .correlation = "c"});
  b.later(5s);
  b.crash();
  b.local_hello(agents);
  b.later(4s);
  EXPECT_TRUE(b.published("skein.expired").empty());
  b.later(1s);
  EXPECT_EQ(b.published("skein.expired").size(), 1u);
}

TEST(blackboard_group, counts_on_after_a_restart) {
  board_fixture b;
  auto const agents = std::vector<agent_descriptor>{agent("pairing").all({"idea", "rejected"}).within_count(4)};
  b.local_hello(agents);
  b.publish({.type = "idea", .correlation = "first"});
  b.publish({.type = "idea", .correlation = "second"});
  b.publish({.type = "rejected", .correlation = "second"});
  b.publish({.type = "idea", .correlation = "third"});
  b.publish({.type = "rejected", .correlation = "third"});  // the fourth after the first
  EXPECT_EQ(b.board.counters().groups_expired, 1u);
  b.publish({.type = "idea", .correlation = "fourth"});
  for (int i = 0; i < 3; ++i) {
    b.crash();
    b.local_hello(agents);
    b.publish({.type = i % 2 == 0 ? "rejected" : "idea", .correlation = i < 2 ? "fifth" : "sixth"});
    EXPECT_EQ(b.board.counters().groups_expired, 0u);
  }
  b.publish({.type = "rejected", .correlation = "seventh"});  // the fourth after that of "fourth"
  EXPECT_EQ(b.board.counters().groups_expired, 1u);
}

TEST(blackboard_group, of_a_worker_waits_on_after_a_restart) {
  board_fixture b;
  b.hello(2, {pairing()});
  b.publish({.type = "idea", .correlation = "c"});
  b.crash();
  b.publish({.type = "rejected", .correlation = "c"});
  EXPECT_EQ(b.board.counters().open, 1u);
  b.hello(2, {pairing()});
  EXPECT_EQ(b.delivered(2).inputs.size(), 2u);
}

TEST(blackboard_group, of_a_subscription_that_is_gone_after_a_restart_expires) {
  board_fixture b;
  b.local_hello({pairing()});
  b.publish({.type = "idea", .correlation = "c"});
  b.crash();
  b.local_hello({agent("pairing").all({"idea", "verdict"})});
  ASSERT_EQ(b.published("skein.expired").size(), 1u);
  EXPECT_EQ(expired_of(b.published("skein.expired")[0]).why, "changed");
}

TEST(blackboard_group, of_several_runs_is_open_work_of_each_after_a_restart) {
  board_fixture b;
  auto const agents = std::vector<agent_descriptor>{agent("pairing").all({"idea", "rejected"}).across_runs()};
  b.local_hello(agents);
  auto const one = b.open_run(), other = b.open_run();
  b.publish({.type = "rejected", .run = one});
  b.publish({.type = "idea", .run = other});
  (void)b.deliveries(b.local);
  b.crash();
  b.local_hello(agents);
  EXPECT_EQ(b.board.awaited(one), 1u);
  EXPECT_EQ(b.board.awaited(other), 1u);
  auto const given = b.delivered(b.local);
  EXPECT_EQ(given.inputs[0]->type, "idea");
  EXPECT_EQ(b.only_open().run, other);
  b.done(b.local, given);
  EXPECT_EQ(b.ended.size(), 2u);
}

TEST(blackboard_group, that_died_is_requeued_as_work_of_each_of_its_runs) {
  board_fixture b;
  b.local_hello({agent("pairing").all({"idea", "rejected"}).across_runs()});
  auto const one = b.open_run("one"), other = b.open_run("other");
  b.publish({.type = "rejected", .run = one});
  b.publish({.type = "idea", .run = other});
  b.fails(b.local, b.delivered(b.local));
  b.release(one);
  b.release(other);
  EXPECT_EQ(b.ended.size(), 2u);
  b.step(input::requeue{900, b.board.dead().at(0).id});
  EXPECT_EQ(b.board.awaited(one), 1u);
  EXPECT_EQ(b.board.awaited(other), 1u);
  b.done(b.local, b.delivered(b.local));
  ASSERT_EQ(b.ended.size(), 4u);
  for (std::size_t i : {2u, 3u}) {
    EXPECT_EQ(b.ended[i].run.status, run_status::completed);
    EXPECT_FALSE(b.ended[i].run.name.empty());
  }
}

// One board lives through, the other one is made anew from its ledger again and again.
TEST(blackboard_group, restarts_change_nothing) {
  std::vector<agent_descriptor> const agents{
      agent("and").all({"a", "b", "a"}).within(20s),
      agent("join").join({"a", "b"}, {"k", "k"}).within_count(12),
      agent("late").join({"b", "c"}, {"k", "k"}).across_runs().within(9s).within_count(30),
      agent("batch").on("c").batch(4, 15s),
      agent("batches").all({"a", "c"}).across_runs().batch(3, 30s),
      agent("records").on("skein.expired").batch(2),
  };
  auto const every_row = [](board_fixture const& b) {
    std::vector<std::pair<activation_id, std::vector<std::uint64_t>>> rows;
    for (auto const& [no, row] : b.ledger.activations()) rows.emplace_back(row.id, row.inputs);
    return rows;
  };
  auto const every_artifact = [](board_fixture const& b) {
    std::vector<std::pair<artifact_id, std::string>> all;
    for (auto const& [seq, row] : b.ledger.artifacts()) all.emplace_back(row.artifact->id, row.artifact->type);
    return all;
  };
  // But for their counts: these go on from the oldest group that still counts.
  auto const every_group = [](board_fixture const& b) {
    auto const state = b.ledger.state();
    std::vector<std::pair<std::uint64_t, std::uint64_t>> all;
    for (auto const& row : state.groups) all.emplace_back(row.no, stable_hash(row.correlation + '|' + row.key, row.subscription));
    for (auto const& row : state.members) all.emplace_back(row.group << 8 | row.position, row.seq);
    return all;
  };
  std::uint64_t expired = 0;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    blackboard_limits const limits{.grace = 1h, .groups_max = 6, .group_bytes_max = 60};
    board_fixture steady{limits}, restarted{limits};
    // Its host takes nothing: what starts stays.
    hello_options const idle_host{.credit = 0, .local = true};
    for (auto* b : {&steady, &restarted}) b->hello(b->local, agents, idle_host);
    std::uint64_t drawn = seed;
    auto const draw = [&](std::uint64_t below) { return (drawn = stable_hash("draw", drawn)) % below; };
    for (int i = 0; i < 150; ++i) {
      auto const what = draw(10);
      artifact_spec const spec{.type = std::string(1, static_cast<char>('a' + draw(3))),
                               .payload = field_payload("k", std::to_string(draw(3))),
                               .correlation = std::to_string(draw(2))};
      auto const by = std::chrono::seconds{draw(5)};
      for (auto* b : {&steady, &restarted}) {
        if (what == 0) b->later(by);
        else if (what == 1) (void)b->wait();
        else b->publish(spec);
      }
      if (draw(4) == 0) {
        restarted.rebuild();
        restarted.hello(restarted.local, agents, idle_host);
      }
      ASSERT_EQ(every_row(steady), every_row(restarted)) << "seed " << seed << ", step " << i;
      ASSERT_EQ(every_artifact(steady), every_artifact(restarted)) << "seed " << seed << ", step " << i;
      ASSERT_EQ(every_group(steady), every_group(restarted)) << "seed " << seed << ", step " << i;
    }
    expired += steady.board.counters().groups_expired;
  }
  EXPECT_GT(expired, 20u);
}

}  // namespace
}  // namespace skein::bus::testing
