// What starts next, what is paused, and what takes too long.
#include "support/board_fixture.hpp"

#include <algorithm>
#include <array>

namespace skein::bus {
namespace {

using namespace testing;

std::vector<std::string> agents_of(std::vector<delivery> const& all) {
  std::vector<std::string> names;
  for (auto const& one : all) names.push_back(one.agent);
  return names;
}

// ---- order ----

TEST(blackboard_priority, the_urgent_one_behind_a_hundred_starts_next) {
  board_fixture b;
  b.local_hello({agent("clerk").on("letter").on("alarm").priority(10).rules({.deadline = 1h})});
  for (int i = 0; i < 100; ++i) b.publish("letter");
  auto const running = b.delivered(1);
  b.publish("alarm");
  b.done(1, running);
  auto const next = b.delivered(1);
  EXPECT_EQ(next.ordinal, 1u);
  EXPECT_EQ(next.priority, 10);
  b.done(1, next);
  EXPECT_EQ(b.delivered(1).ordinal, 0u);
}

TEST(blackboard_priority, needs_no_free_place_among_work_that_may_wait_on_the_host) {
  board_fixture b;
  b.hello(1, {agent("clerk").on("letter").on("alarm").priority(10)}, {.credit = 1});
  for (int i = 0; i < 100; ++i) b.publish("letter");
  EXPECT_EQ(b.delivered(1).ordinal, 0u);
  b.publish("alarm");
  EXPECT_EQ(b.delivered(1).priority, 10);  // the host has it beside what it holds, and starts it first
}

TEST(blackboard_priority, orders_the_subscriptions_of_all_agents_and_equals_take_turns) {
  board_fixture b;
  std::vector<agent_descriptor> const all{agent("bulk").on("a"), agent("more bulk").on("a"), agent("urgent").on("b").priority(5)};
  b.hello(1, all);
  b.step(input::disconnected{1});
  for (int i = 0; i < 3; ++i) b.publish("a"), b.publish("b");
  b.hello(1, all, {.instance = 2});
  std::vector<std::string> const expected{"urgent", "urgent", "urgent", "bulk", "more bulk", "bulk", "more bulk", "bulk", "more bulk"};
  EXPECT_EQ(agents_of(b.deliveries(1)), expected);
}

// ---- pauses ----

agent_summary summary_of(board_fixture const& b, std::string const& name) {
  for (auto const& one : b.board.agents()) {
    if (one.name == name) return one;
  }
  return {};
}

TEST(blackboard_pause, of_an_agent_blocks_its_work_until_it_is_resumed) {
  board_fixture b;
  b.local_hello({agent("cook").on("order"), agent("waiter").on("order")});
  b.step(input::pause{1, "cook", {}, true});
  b.publish("order");
  b.publish("order");
  auto const served = b.deliveries(1);
  EXPECT_EQ(agents_of(served), (std::vector<std::string>{"waiter", "waiter"}));
  EXPECT_EQ(b.board.counters().blocked, 2u);
  EXPECT_EQ(b.board.awaited(), 2u);
  EXPECT_TRUE(summary_of(b, "cook").paused);
  EXPECT_FALSE(summary_of(b, "waiter").paused);
  EXPECT_EQ(summary_of(b, "cook").blocked, 2u);
  for (auto const& one : served) b.done(1, one);
  auto const waiting = b.wait();
  ASSERT_TRUE(b.idle(waiting));
  ASSERT_EQ(b.report(waiting).blocked.size(), 1u);
  EXPECT_EQ(b.report(waiting).blocked[0].reason, "paused");
  b.step(input::pause{2, "cook", {}, false});
  EXPECT_EQ(b.deliveries(1).size(), 2u);
  EXPECT_EQ(b.board.counters().blocked, 0u);
}

TEST(blackboard_pause, lets_leased_work_end_and_keeps_its_retry) {
  board_fixture b;
  b.local_hello({agent("cook").on("order").retry({.attempts_max = 2, .backoff_initial = 1s})});
  b.publish("order");
  auto const running = b.delivered(1);
  b.step(input::pause{1, "cook", {}, true});
  b.fails(1, running);
  EXPECT_EQ(b.board.awaited(), 1u);
  b.later(1s);
  EXPECT_TRUE(b.deliveries(1).empty());
  EXPECT_EQ(b.board.awaited(), 0u);
  b.step(input::pause{2, "cook", {}, false});
  b.done(1, b.delivered(1));
}

TEST(blackboard_pause, of_a_run_puts_aside_its_work_alone) {
  board_fixture b;
  b.hello(1, {agent("cook").on("order")}, {.credit = 1});
  auto const slow = b.open_run("slow"), quick = b.open_run("quick");
  for (int i = 0; i < 3; ++i) b.publish({.type = "order", .run = slow});
  auto const running = b.delivered(1);
  b.step(input::pause{1, {}, slow, true});
  b.publish({.type = "order", .run = quick});
  EXPECT_EQ(b.board.awaited(slow), 1u);
  EXPECT_EQ(b.board.awaited(quick), 1u);
  b.done(1, running);
  auto const next = b.delivered(1);
  EXPECT_EQ(next.inputs[0]->run, quick);
  b.done(1, next);
  EXPECT_TRUE(b.deliveries(1).empty());
  EXPECT_EQ(b.board.counters().blocked, 2u);
  auto const waiting = b.wait(slow, slow);
  ASSERT_TRUE(b.idle(waiting));
  ASSERT_EQ(b.report(waiting).blocked.size(), 1u);
  EXPECT_EQ(b.report(waiting).blocked[0].reason, "the run is paused");
  b.step(input::pause{2, {}, slow, false});
  auto const second = b.delivered(1);
  EXPECT_EQ(second.inputs[0]->seq, 2u);
  b.done(1, second);
  EXPECT_EQ(b.delivered(1).inputs[0]->seq, 3u);
}

TEST(blackboard_pause, survives_a_restart) {
  board_fixture b;
  b.local_hello({agent("cook").on("order"), agent("waiter").on("order")});
  auto const run = b.open_run();
  b.publish({.type = "order", .run = run});
  (void)b.deliveries(1);
  b.step(input::pause{1, "cook", {}, true});
  b.crash();
  b.local_hello({agent("cook").on("order"), agent("waiter").on("order")});
  EXPECT_EQ(agents_of(b.deliveries(1)), std::vector<std::string>{"waiter"});
  EXPECT_EQ(b.board.counters().blocked, 1u);
  b.step(input::pause{1, {}, run, true});
  b.step(input::pause{2, "cook", {}, false});
  EXPECT_TRUE(b.deliveries(1).empty());
  b.crash();
  b.local_hello({agent("cook").on("order"), agent("waiter").on("order")});
  EXPECT_TRUE(b.deliveries(1).empty());
  b.step(input::pause{3, {}, run, false});
  EXPECT_EQ(agents_of(b.deliveries(1)), (std::vector<std::string>{"cook", "waiter"}));
}

// ---- deadlines ----

agent_descriptor bounded(std::uint32_t attempts) {
  return agent("oven").on("pizza").rules({.deadline = 2s}).retry({.attempts_max = attempts, .backoff_initial = 1s});
}

TEST(blackboard_deadline, ends_the_attempt_which_is_retried) {
  board_fixture b;
  b.hello(1, {bounded(2)});
  b.publish("pizza");
  auto const first = b.delivered(1);
  EXPECT_EQ(first.deadline, 2s);
  EXPECT_EQ(b.board.next_timer(), b.now + 2s);
  b.later(2s);
  EXPECT_TRUE(b.answered<cancel>(1, first));
  EXPECT_EQ(b.board.counters().deadlines_exceeded, 1u);
  EXPECT_EQ(b.board.counters().retry, 1u);
  EXPECT_EQ(b.only_open().error_type, "skein.deadline_exceeded");
  EXPECT_EQ(b.only_open().failures, 1u);
  EXPECT_NE(b.only_open().what.find("\"oven\""), std::string::npos);
  EXPECT_NE(b.only_open().what.find("2.00 s"), std::string::npos);
  ASSERT_EQ(b.notices.size(), 1u);
  EXPECT_EQ(b.notices[0].kind, "deadline_exceeded");
  ASSERT_EQ(b.lost.size(), 1u);

  b.done(1, first);  // too late
  EXPECT_TRUE(b.answered<stale>(1, first));
  EXPECT_EQ(b.board.counters().stale, 1u);
  EXPECT_EQ(b.board.counters().done, 0u);

  b.later(1s);
  auto const second = b.delivered(1);
  EXPECT_EQ(second.activation.attempt, 2u);
  b.done(1, first);
  EXPECT_EQ(b.board.counters().stale, 2u);
  b.done(1, second);
  EXPECT_EQ(b.board.counters().done, 1u);
  EXPECT_EQ(b.board.counters().deadlines_exceeded, 1u);
}

TEST(blackboard_deadline, kills_when_the_attempts_are_used_up) {
  board_fixture b;
  b.local_hello({bounded(1)});
  auto const run = b.open_run();
  b.publish({.type = "pizza", .run = run});
  auto const only = b.delivered(1);
  b.later(2s);
  EXPECT_TRUE(b.answered<cancel>(1, only));
  EXPECT_EQ(b.board.counters().dead, 1u);
  EXPECT_EQ(b.published("skein.failure").size(), 1u);
  b.done(1, only);
  EXPECT_TRUE(b.answered<stale>(1, only));
  EXPECT_TRUE(b.lost.empty());  // a host of this process ends the attempt's span
  auto const waiting = b.wait(run, run);
  ASSERT_EQ(b.report(waiting).failures.size(), 1u);
  EXPECT_EQ(b.report(waiting).failures[0].error_type, "skein.deadline_exceeded");
}

TEST(blackboard_deadline, leaves_no_timer_behind_what_is_done_in_time) {
  board_fixture b;
  b.local_hello({bounded(1)});
  for (int i = 0; i < 3; ++i) {
    b.publish("pizza");
    b.later(1s);
    b.done(1, b.delivered(1));
  }
  EXPECT_EQ(b.board.next_timer(), std::nullopt);
  EXPECT_EQ(b.board.counters().deadlines_exceeded, 0u);
}

TEST(blackboard_deadline, counts_for_the_breaker_and_when_the_host_says_it_first) {
  board_fixture b;
  b.local_hello({agent("oven").on("pizza").rules({.deadline = 2s, .breaker = {.failures = 2, .open_for = 1h}})});
  b.publish("pizza");
  b.publish("pizza");
  b.publish("pizza");
  b.later(2s);
  (void)b.deliveries(1);
  b.later(1s);
  b.publish("pizza");
  b.crash();
  b.local_hello({agent("oven").on("pizza").rules({.deadline = 2s, .breaker = {.failures = 2, .open_for = 1h}})});
  b.ends(1, b.delivered(1), outcome::failed, "skein.deadline_exceeded");
  EXPECT_EQ(b.board.counters().deadlines_exceeded, 1u);
  (void)b.delivered(1);
  b.later(2s);
  EXPECT_EQ(b.board.counters().deadlines_exceeded, 2u);
  EXPECT_EQ(b.board.counters().breakers_opened, 1u);
  EXPECT_EQ(b.board.counters().delayed, 1u);
}

TEST(blackboard_deadline, goes_on_from_when_the_lease_began_after_a_restart) {
  board_fixture b;
  b.hello(2, {bounded(2)});
  b.publish("pizza");
  auto const first = b.delivered(2);
  auto const began = b.now;
  b.later(1s);
  b.crash();
  b.hello(2, {bounded(2)}, {.held = {first.activation}});
  EXPECT_EQ(b.board.next_timer(), began + 2s);
  b.later(1s);
  EXPECT_EQ(b.board.counters().deadlines_exceeded, 1u);
  EXPECT_TRUE(b.answered<cancel>(2, first));
}

// ---- all of it at once ----

/// Small numbers that look drawn, the same each time.
class drawing {
 public:
  explicit drawing(std::uint64_t seed) : state_(seed) {}
  std::size_t below(std::size_t bound) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX
    return static_cast<std::size_t>(state_ >> 33) % bound;
  }

 private:
  std::uint64_t state_;
};

std::vector<agent_descriptor> everybody() {
  retry_policy const patient{.attempts_max = 100, .losses_max = 100, .backoff_initial = 10ms, .backoff_factor = 1.0};
  return {agent("plain").on("a").retry(patient),
          agent("fragile").on("a").on("b").priority(3).retry(patient).concurrency(2).rules({.breaker = {.failures = 2, .open_for = 300ms}}),
          agent("rated").on("a").retry(patient).concurrency(3).rules({.deadline = 200ms, .rate = {.activations = 3, .per = 100ms}}),
          agent("ada").on("b").exclusive("pool").retry(patient).rules({.deadline = 50ms, .breaker = {.failures = 1, .open_for = 70ms}}),
          agent("bob").on("b").exclusive("pool").retry(patient).concurrency(2).rules({.rate = {.activations = 1, .per = 20ms}})};
}

/// Everything that waits is let go, and whatever is delivered ends well: nothing may be left.
void run_to_end(board_fixture& b, std::vector<run_id> const& runs) {
  for (auto const& one : everybody()) b.step(input::pause{1, one.name, {}, false});
  for (auto const& run : runs) b.step(input::pause{1, {}, run, false});
  for (int i = 0; i < 10'000 && b.board.counters().open > 0; ++i) {
    auto const all = b.deliveries(1);
    for (auto const& one : all) b.done(1, one);
    if (all.empty() && b.board.next_timer()) b.later(std::max(*b.board.next_timer() - b.now, std::chrono::nanoseconds{0}));
  }
}

// The fixture recounts the counters after every step.
TEST(blackboard_schedule, strands_nothing_whatever_comes_when) {
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    board_fixture b;
    drawing draw{seed};
    b.local_hello(everybody());
    std::vector<run_id> runs{b.open_run("one"), b.open_run("two")};
    std::vector<delivery> held;
    for (int i = 0; i < 300; ++i) {
      for (auto& one : b.deliveries(1)) held.push_back(std::move(one));
      switch (draw.below(12)) {
        case 0: case 1: case 2: b.publish({.type = draw.below(2) == 0 ? "a" : "b", .run = runs[draw.below(2)]}); break;
        case 3: b.step(input::pause{1, everybody()[draw.below(5)].name, {}, draw.below(3) == 0}); break;
        case 4: b.step(input::pause{1, {}, runs[draw.below(2)], draw.below(3) == 0}); break;
        case 5: case 6: b.later(std::chrono::milliseconds{draw.below(40)}); break;
        case 7:
          if (draw.below(20) > 0) break;
          b.crash();
          b.local_hello(everybody());
          held.clear();
          break;
        default:
          if (held.empty()) break;
          std::swap(held[draw.below(held.size())], held.back());
          b.ends(1, held.back(), std::array{outcome::ok, outcome::ok, outcome::failed, outcome::released}[draw.below(4)]);
          held.pop_back();
      }
    }
    for (auto const& one : held) b.done(1, one);
    run_to_end(b, runs);
    EXPECT_EQ(b.board.counters().open, 0u) << "seed " << seed;
    EXPECT_EQ(b.board.counters().dead, 0u) << "seed " << seed;
  }
}

}  // namespace
}  // namespace skein::bus
