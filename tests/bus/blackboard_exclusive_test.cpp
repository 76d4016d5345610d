// Exclusive subscriptions: each artifact goes to one of those that compete for it.
#include "support/board_fixture.hpp"

#include <map>
#include <set>

namespace skein::bus {
namespace {

using namespace testing;

agent_descriptor painter(std::string const& name, std::uint32_t concurrency = 1) { return agent(name).on("wall").exclusive("pool").concurrency(concurrency); }

TEST(blackboard_exclusive, gives_each_artifact_to_one_and_takes_turns) {
  board_fixture b;
  b.local_hello({painter("ada"), painter("bob"), painter("cat"), agent("foreman").on("wall")});
  std::map<std::string, int> count;
  std::set<std::uint64_t> painted;
  for (int i = 0; i < 30; ++i) {
    b.publish("wall");
    for (auto const& one : b.deliveries(1)) {
      ++count[one.agent];
      if (one.agent != "foreman") {
        EXPECT_TRUE(painted.insert(one.inputs[0]->seq).second);
      }
      b.done(1, one);
    }
  }
  EXPECT_EQ(count, (std::map<std::string, int>{{"ada", 10}, {"bob", 10}, {"cat", 10}, {"foreman", 30}}));
  EXPECT_EQ(painted.size(), 30u);
}

TEST(blackboard_exclusive, leaves_what_waits_to_whoever_is_free_first) {
  board_fixture b;
  b.hello(1, {painter("slow")});
  b.hello(2, {painter("fast")});
  for (int i = 0; i < 10; ++i) b.publish("wall");
  auto const held = b.deliveries(1);
  EXPECT_EQ(held.size(), 1u);  // as many as it can start, whatever its credit
  int by_fast = 0;
  for (auto all = b.deliveries(2); !all.empty(); all = b.deliveries(2)) {
    ASSERT_EQ(all.size(), 1u);
    b.done(2, all[0]);
    ++by_fast;
  }
  EXPECT_EQ(by_fast, 9);
  b.done(1, held[0]);
  EXPECT_EQ(b.board.counters().open, 0u);
  EXPECT_EQ(b.board.counters().done, 10u);
}

TEST(blackboard_exclusive, a_rival_that_is_away_gets_its_share_of_what_waits_after_thousands_were_taken_by_another) {
  board_fixture b{{.record_changes = false}};
  b.hello(1, {painter("ada")});
  b.hello(2, {painter("bob", 100)});
  b.publish("wall");
  b.publish("wall");
  auto const by_ada = b.deliveries(1);   // it is busy from here on
  ASSERT_EQ(by_ada.size(), 1u);
  b.done(2, b.delivered(2));
  for (int i = 0; i < 3'000; ++i) {
    b.publish("wall");
    b.done(2, b.delivered(2));
  }
  for (int i = 0; i < 102; ++i) b.publish("wall");
  EXPECT_EQ(b.deliveries(2).size(), 100u);
  b.done(1, by_ada[0]);
  EXPECT_EQ(b.deliveries(1).size(), 1u);
  EXPECT_EQ(b.board.counters().ready, 1u);
  EXPECT_EQ(b.board.counters(), b.board.recount());
}

TEST(blackboard_exclusive, prefers_the_subscription_of_higher_priority) {
  board_fixture b;
  b.local_hello({painter("reserve"), agent("main").on("wall").exclusive("pool").priority(1).concurrency(2)});
  for (int i = 0; i < 4; ++i) b.publish("wall");
  std::map<std::string, int> count;
  for (auto const& one : b.deliveries(1)) ++count[one.agent];
  EXPECT_EQ(count, (std::map<std::string, int>{{"main", 2}, {"reserve", 1}}));
}

TEST(blackboard_exclusive, competes_only_within_a_word) {
  board_fixture b;
  b.local_hello({painter("ada"), painter("bob"), agent("eve").on("wall").exclusive("inspection"), agent("fay").on("wall").exclusive("inspection")});
  b.publish("wall");
  auto const all = b.deliveries(1);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].agent, "ada");
  EXPECT_EQ(all[1].agent, "eve");
}

TEST(blackboard_exclusive, work_of_a_dead_rival_goes_to_another) {
  board_fixture b;
  b.hello(1, {painter("ada")});
  b.hello(2, {painter("bob")});
  b.publish("wall");
  host_key const first = b.last_number[1] > 0 ? 1 : 2, other = 3 - first;
  auto const lost = b.delivered(first);
  b.step(input::disconnected{first});
  auto const again = b.delivered(other);
  EXPECT_EQ(again.activation.id, lost.activation.id);
  EXPECT_EQ(again.activation.attempt, 2u);
  EXPECT_NE(again.agent, lost.agent);
  b.done(other, again);
  EXPECT_EQ(b.board.counters().done, 1u);
}

TEST(blackboard_exclusive, any_rival_takes_it_after_a_failure) {
  board_fixture b;
  retry_policy const twice{.attempts_max = 2, .backoff_initial = 1s};
  b.local_hello({agent("ada").on("wall").exclusive("pool").retry(twice), agent("bob").on("wall").exclusive("pool").retry(twice)});
  b.publish("wall");
  auto const first = b.delivered(1);
  EXPECT_EQ(first.agent, "ada");
  b.fails(1, first);
  b.later(1s);
  auto const second = b.delivered(1);
  EXPECT_EQ(second.agent, "bob");
  b.done(1, second);
}

TEST(blackboard_exclusive, what_one_does_not_want_goes_to_the_next) {
  board_fixture b;
  b.local_hello({agent("ada").on("wall").exclusive("pool").predicate(), agent("bob").on("wall").exclusive("pool").predicate(), painter("cat")});
  b.publish("wall");
  std::vector<std::string> asked;
  for (int i = 0; i < 2; ++i) {
    auto const one = b.delivered(1);
    asked.push_back(one.agent);
    b.ends(1, one, outcome::mismatch);
  }
  EXPECT_EQ(asked, (std::vector<std::string>{"ada", "bob"}));
  EXPECT_EQ(b.board.counters().mismatched, 0u);
  auto const last = b.delivered(1);
  EXPECT_EQ(last.agent, "cat");
  b.ends(1, last, outcome::mismatch);
  EXPECT_EQ(b.board.counters().mismatched, 1u);
  EXPECT_EQ(b.board.counters().open, 0u);
}

TEST(blackboard_exclusive, restored_work_is_for_any_rival) {
  board_fixture b;
  b.local_hello({painter("ada"), painter("bob")});
  for (int i = 0; i < 5; ++i) b.publish("wall");
  EXPECT_EQ(b.deliveries(1).size(), 2u);
  b.crash();
  b.local_hello({painter("ada"), painter("bob")});
  std::map<std::string, int> count;
  for (auto all = b.deliveries(1); !all.empty(); all = b.deliveries(1)) {
    for (auto const& one : all) {
      ++count[one.agent];
      b.done(1, one);
    }
  }
  EXPECT_EQ(count["ada"] + count["bob"], 5);
  EXPECT_GE(count["ada"], 2);
  EXPECT_GE(count["bob"], 2);
  EXPECT_EQ(b.board.counters().open, 0u);
}

TEST(blackboard_exclusive, an_invoked_agent_does_its_work_itself_after_a_restart_too) {
  board_fixture b;
  b.local_hello({painter("ada"), painter("bob")});
  for (int i = 0; i < 2; ++i) b.publish({.type = "wall", .only = b.board.find_subscription("bob", 0u), .routed = false});
  EXPECT_EQ(b.delivered(1).agent, "bob");
  b.crash();
  b.local_hello({painter("ada"), painter("bob")});
  auto const first = b.delivered(1);
  EXPECT_EQ(first.agent, "bob");
  b.done(1, first);
  EXPECT_EQ(b.delivered(1).agent, "bob");
}

TEST(blackboard_exclusive, work_of_a_rival_that_stays_away_after_a_restart_goes_to_another) {
  board_fixture b;
  b.hello(2, {painter("ada")});
  b.hello(3, {painter("bob")});
  b.publish("wall");
  b.publish("wall");
  auto const of_ada = b.delivered(2), of_bob = b.delivered(3);
  b.crash();
  b.hello(3, {painter("bob")}, {.held = {of_bob.activation}});
  EXPECT_TRUE(b.deliveries(3).empty());
  b.done(3, of_bob);
  for (int i = 0; i < 3; ++i) {  // the grace: nobody comes for it
    b.beat(3, {});
    b.later(2s);
  }
  auto const again = b.delivered(3);
  EXPECT_EQ(again.activation.id, of_ada.activation.id);
  EXPECT_EQ(again.agent, "bob");
  b.done(3, again);
  EXPECT_EQ(b.board.counters().open, 0u);
}

TEST(blackboard_exclusive, is_blocked_only_when_nobody_takes_it) {
  board_fixture b;
  b.hello(1, {painter("ada")});
  b.hello(2, {painter("bob")});
  b.step(input::disconnected{1});
  b.step(input::disconnected{2});
  b.later(5s);
  b.publish("wall");
  EXPECT_EQ(b.board.counters().blocked, 1u);
  b.hello(2, {painter("bob")}, {.instance = 2});
  EXPECT_EQ(b.board.counters().blocked, 0u);
  b.done(2, b.delivered(2));
}

TEST(blackboard_exclusive, waits_for_breakers_only_when_all_are_open) {
  board_fixture b;
  breaker_policy const fragile{.failures = 1, .open_for = 60s};
  agent_rules const rules{.breaker = fragile};
  b.local_hello({agent("ada").on("wall").exclusive("pool").rules(rules), agent("bob").on("wall").exclusive("pool").rules(rules)});
  b.publish("wall");
  b.fails(1, b.delivered(1));
  b.publish("wall");
  auto const second = b.delivered(1);
  EXPECT_EQ(second.agent, "bob");
  b.publish("wall");
  EXPECT_EQ(b.board.counters().delayed, 0u);
  b.fails(1, second);
  EXPECT_EQ(b.board.counters().delayed, 1u);
  EXPECT_TRUE(b.board.waits_only_for_time());
  b.later(60s);
  b.done(1, b.delivered(1));
}

TEST(blackboard_exclusive, a_forgotten_rival_leaves_its_work_to_the_others) {
  board_fixture b;
  b.hello(1, {painter("ada")});
  b.hello(2, {painter("bob")});
  b.step(input::disconnected{1});
  b.step(input::disconnected{2});
  b.publish("wall");
  b.step(input::forget_agent{9, "ada"});
  EXPECT_EQ(b.board.counters().open, 1u);
  b.hello(2, {painter("bob")}, {.instance = 2});
  b.done(2, b.delivered(2));
}

}  // namespace
}  // namespace skein::bus
