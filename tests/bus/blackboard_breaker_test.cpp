// Breakers and rates: when an agent that fails, or is asked too often, may start again. Nothing that waits for it is lost.
#include "support/board_fixture.hpp"

#include <algorithm>

namespace skein::bus {
namespace {

using namespace testing;

constexpr retry_policy five_times{.attempts_max = 5, .backoff_initial = 1ms, .backoff_factor = 1.0};

agent_descriptor fragile(std::uint32_t concurrency = 1) {
  return agent("oven").on("pizza").rules({.breaker = {.failures = 3, .open_for = 60s}}).retry(five_times).concurrency(concurrency);
}

std::string breaker_of(board_fixture const& b, std::string const& name) {
  auto const all = b.board.agents();
  auto const found = std::find_if(all.begin(), all.end(), [&](auto const& one) { return one.name == name; });
  return found == all.end() ? "unknown" : found->breaker;
}

/// The oven has failed three times in a row; what it is asked for next waits.
void trip(board_fixture& b) {
  for (int i = 0; i < 3; ++i) {
    b.fails(1, b.delivered(1));
    b.later(1ms);
  }
}

TEST(blackboard_breaker, opens_after_failures_in_a_row_and_nothing_is_lost) {
  board_fixture b;
  b.local_hello({fragile()});
  for (int i = 0; i < 10; ++i) b.publish("pizza");
  auto const waiting = b.wait();
  trip(b);
  EXPECT_EQ(breaker_of(b, "oven"), "open");
  EXPECT_TRUE(b.deliveries(1).empty());
  EXPECT_EQ(b.board.counters().breakers_opened, 1u);
  EXPECT_EQ(b.board.counters().open, 10u);
  EXPECT_EQ(b.board.counters().delayed, 10u);
  EXPECT_EQ(b.board.counters().blocked, 0u);
  ASSERT_EQ(b.notices.size(), 1u);
  EXPECT_EQ(b.notices[0].kind, "breaker_opened");
  EXPECT_EQ(b.notices[0].agent, "oven");

  b.publish("pizza");  // what arrives waits, and is awaited
  EXPECT_EQ(b.board.counters().delayed, 11u);
  EXPECT_EQ(b.board.awaited(), 11u);
  EXPECT_FALSE(b.idle(waiting));
  EXPECT_TRUE(b.board.waits_only_for_time());

  b.later(60s);
  for (int i = 0; i < 11; ++i) b.done(1, b.delivered(1));
  EXPECT_TRUE(b.idle(waiting));
  EXPECT_EQ(b.report(waiting).activations.size(), 11u);
}

TEST(blackboard_breaker, lets_one_trial_through_when_half_open) {
  board_fixture b;
  b.local_hello({fragile(4)});
  for (int i = 0; i < 10; ++i) b.publish("pizza");
  auto const first = b.deliveries(1);
  ASSERT_EQ(first.size(), 4u);
  for (int i = 0; i < 3; ++i) b.fails(1, first[static_cast<std::size_t>(i)]);
  EXPECT_EQ(breaker_of(b, "oven"), "open");
  b.done(1, first[3]);  // these began before: they say nothing of the oven's state
  auto const late = b.deliveries(1);
  ASSERT_EQ(late.size(), 2u);
  b.done(1, late[0]);
  b.fails(1, late[1]);
  EXPECT_EQ(breaker_of(b, "oven"), "open");
  EXPECT_EQ(b.board.counters().breakers_opened, 1u);
  EXPECT_TRUE(b.deliveries(1).empty());
  ASSERT_TRUE(b.board.next_timer());
  b.later(60s - 1ns);
  EXPECT_EQ(b.deliveries(1).size(), 0u);
  EXPECT_EQ(b.board.next_timer(), b.now + 1ns);
  b.later(1ns);
  EXPECT_EQ(breaker_of(b, "oven"), "half_open");
  auto const trial = b.delivered(1);
  EXPECT_EQ(b.board.counters().delayed, 7u);
  EXPECT_FALSE(b.board.waits_only_for_time());
  b.done(1, trial);
  EXPECT_EQ(breaker_of(b, "oven"), "closed");
  EXPECT_EQ(b.deliveries(1).size(), 4u);
  EXPECT_EQ(b.board.counters().delayed, 0u);
  EXPECT_EQ(b.notices.back().kind, "breaker_closed");
}

TEST(blackboard_breaker, opens_again_when_the_trial_fails) {
  board_fixture b;
  b.local_hello({fragile()});
  b.publish("pizza");
  b.publish("pizza");
  trip(b);
  b.later(60s);
  b.fails(1, b.delivered(1));
  EXPECT_EQ(breaker_of(b, "oven"), "open");
  EXPECT_EQ(b.board.counters().breakers_opened, 2u);
  b.later(1s);
  EXPECT_TRUE(b.deliveries(1).empty());
  b.later(59s);
  b.done(1, b.delivered(1));
  b.done(1, b.delivered(1));
  EXPECT_EQ(b.board.counters().open, 0u);
}

TEST(blackboard_breaker, closes_only_by_a_trial_that_ends) {
  board_fixture b;
  b.hello(1, {fragile()});
  b.hello(2, {fragile()});
  b.publish("pizza");
  for (int i = 0; i < 3; ++i) {
    host_key const at = b.last_number[1] > b.last_number[2] ? 1 : 2;
    b.fails(at, b.delivered(at));
    b.later(1ms);
  }
  EXPECT_EQ(breaker_of(b, "oven"), "open");
  while (breaker_of(b, "oven") == "open") {
    b.beat(1, {}), b.beat(2, {});
    b.later(2s);
  }
  EXPECT_EQ(breaker_of(b, "oven"), "half_open");
  host_key const holder = b.deliveries(1).size() == 1 ? 1 : 2, other = 3 - holder;
  b.step(input::disconnected{holder});
  EXPECT_EQ(breaker_of(b, "oven"), "half_open");  // a lost trial decides nothing
  auto const second = b.delivered(other);
  b.ends(other, second, outcome::released);
  b.done(other, b.delivered(other));
  EXPECT_EQ(breaker_of(b, "oven"), "closed");
}

TEST(blackboard_breaker, counts_failures_in_a_row_only) {
  board_fixture b;
  b.local_hello({fragile()});
  for (int i = 0; i < 9; ++i) {
    b.publish("pizza");
    auto const one = b.delivered(1);
    i % 3 == 2 ? b.done(1, one) : b.ends(1, one, outcome::permanent);
  }
  EXPECT_EQ(breaker_of(b, "oven"), "closed");
  EXPECT_EQ(b.board.counters().breakers_opened, 0u);
}

TEST(blackboard_breaker, is_shared_by_all_subscriptions_of_the_agent) {
  board_fixture b;
  b.local_hello({agent("oven").on("pizza").on("bread").rules({.breaker = {.failures = 1, .open_for = 60s}})});
  b.publish("pizza");
  b.fails(1, b.delivered(1));
  b.publish("bread");
  EXPECT_TRUE(b.deliveries(1).empty());
  EXPECT_EQ(b.board.counters().delayed, 1u);
  b.later(60s);
  b.done(1, b.delivered(1));
}

TEST(blackboard_breaker, that_an_agent_gives_up_lets_its_work_go) {
  board_fixture b;
  b.local_hello({fragile()});
  b.publish("pizza");
  trip(b);
  b.local_hello({agent("oven").on("pizza").retry(five_times)});
  EXPECT_EQ(breaker_of(b, "oven"), "");
  b.done(1, b.delivered(1));
  EXPECT_EQ(b.board.next_timer(), std::nullopt);
}

TEST(blackboard_breaker, is_closed_after_a_restart) {
  board_fixture b;
  b.local_hello({fragile()});
  b.publish("pizza");
  trip(b);
  b.crash();
  b.local_hello({fragile()});
  EXPECT_EQ(breaker_of(b, "oven"), "closed");
  b.done(1, b.delivered(1));
}

// ---- rates ----

TEST(blackboard_rate, starts_no_more_than_allowed_within_any_window) {
  board_fixture b;
  b.local_hello({agent("mailer").on("mail").rules({.rate = {.activations = 2, .per = 10s}}).concurrency(10)});
  std::vector<timestamp> starts;
  auto const look = [&] {
    for (auto const& one : b.deliveries(1)) {
      starts.push_back(b.now);
      b.done(1, one);
    }
  };
  b.publish("mail");
  look();
  b.later(3s);
  for (int i = 0; i < 5; ++i) b.publish("mail");
  look();
  EXPECT_EQ(starts.size(), 2u);
  EXPECT_EQ(b.board.counters().delayed, 4u);
  EXPECT_EQ(b.board.awaited(), 4u);
  while (b.board.waits_only_for_time()) {
    b.now = *b.board.next_timer();
    b.step(input::tick{});
    look();
  }
  auto const first = starts.front();
  std::vector<timestamp> const expected{first, first + 3s, first + 10s, first + 13s, first + 20s, first + 23s};
  EXPECT_EQ(starts, expected);
  EXPECT_EQ(b.board.counters().open, 0u);
}

TEST(blackboard_rate, is_counted_over_all_hosts) {
  board_fixture b;
  agent_descriptor const mailer = agent("mailer").on("mail").rules({.rate = {.activations = 3, .per = 1s}}).concurrency(10);
  b.hello(1, {mailer});
  b.hello(2, {mailer});
  for (int i = 0; i < 8; ++i) b.publish("mail");
  EXPECT_EQ(b.deliveries(1).size() + b.deliveries(2).size(), 3u);
  b.later(1s);
  EXPECT_EQ(b.deliveries(1).size() + b.deliveries(2).size(), 3u);
  b.later(1s);
  EXPECT_EQ(b.deliveries(1).size() + b.deliveries(2).size(), 2u);
  EXPECT_EQ(b.board.counters().delayed, 0u);
}

TEST(blackboard_rate, holds_back_no_other_agent) {
  board_fixture b;
  b.local_hello({agent("mailer").on("mail").rules({.rate = {.activations = 1, .per = 1h}}), agent("archive").on("mail")});
  for (int i = 0; i < 3; ++i) b.publish("mail");
  EXPECT_EQ(b.deliveries(1).size(), 4u);
}

}  // namespace
}  // namespace skein::bus
