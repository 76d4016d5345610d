#include "support/board_fixture.hpp"

#include <skein/registry/artifact_traits.hpp>
#include <skein/registry/failure.hpp>

namespace skein::bus::testing {
namespace {

retry_policy three_times() { return {.attempts_max = 3, .backoff_initial = 100ms, .backoff_factor = 2, .backoff_max = 150ms}; }

std::chrono::nanoseconds backoff_of_open(board_fixture const& b) { return b.only_open().not_before - b.now; }

TEST(blackboard_retry, is_dead_after_one_failure_unless_the_agent_retries) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea")});
  b.publish("idea");
  b.fails(b.local, b.delivered(b.local));
  EXPECT_EQ(b.board.counters().dead, 1u);
  EXPECT_EQ(b.board.counters().open, 0u);
}

TEST(blackboard_retry, waits_for_the_backoff_which_grows_up_to_its_bound) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea").retry(three_times())});
  b.publish("idea");
  b.fails(b.local, b.delivered(b.local));
  EXPECT_EQ(backoff_of_open(b), 100ms);
  EXPECT_EQ(b.board.next_timer(), b.now + 100ms);
  b.later(99ms);
  EXPECT_TRUE(b.deliveries(b.local).empty());
  b.later(1ms);
  auto const second = b.delivered(b.local);
  EXPECT_EQ(second.activation.attempt, 2u);
  b.fails(b.local, second);
  EXPECT_EQ(backoff_of_open(b), 150ms);
}

TEST(blackboard_retry, succeeds_with_a_later_attempt) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea").retry(three_times())});
  b.publish("idea");
  b.fails(b.local, b.delivered(b.local));
  b.later(1s);
  b.done(b.local, b.delivered(b.local));
  EXPECT_EQ(b.board.counters().done, 1u);
  EXPECT_EQ(b.board.counters().dead, 0u);
}

TEST(blackboard_retry, draws_jitter_within_its_share_the_same_each_time) {
  auto const drawn = [] {
    board_fixture b;
    b.local_hello({agent("cook").on("idea").retry({.attempts_max = 9, .backoff_initial = 1s, .backoff_factor = 1, .jitter = 0.5})});
    std::vector<std::chrono::nanoseconds> all;
    b.publish("idea");
    for (int i = 0; i < 8; ++i) {
      b.fails(b.local, b.delivered(b.local));
      all.push_back(backoff_of_open(b));
      b.later(1s);
    }
    return all;
  };
  auto const once = drawn();
  EXPECT_EQ(once, drawn());
  for (auto const delay : once) {
    EXPECT_GT(delay, 500ms);
    EXPECT_LE(delay, 1s);
  }
  EXPECT_NE(once[0], once[1]);
}

TEST(blackboard_retry, bounds_an_absurd_backoff) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea").retry({.attempts_max = 2, .backoff_initial = std::chrono::nanoseconds::max(), .backoff_max = std::chrono::nanoseconds::max()})});
  b.publish("idea");
  b.fails(b.local, b.delivered(b.local));
  EXPECT_GT(backoff_of_open(b), std::chrono::hours{24});
}

TEST(blackboard_retry, gives_up_at_once_when_trying_again_cannot_help) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea").retry(three_times())});
  b.publish("idea");
  b.ends(b.local, b.delivered(b.local), outcome::permanent);
  EXPECT_EQ(b.board.counters().dead, 1u);
}

TEST(blackboard_retry, leases_what_was_given_back_again_without_counting) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea")});
  b.publish("idea");
  b.ends(b.local, b.delivered(b.local), outcome::released);
  auto const again = b.delivered(b.local);
  EXPECT_EQ(again.activation.attempt, 2u);
  EXPECT_EQ(b.only_open().failures, 0u);
  EXPECT_EQ(b.only_open().losses, 0u);
}

TEST(blackboard_retry, counts_a_repeated_failure_once) {
  board_fixture b;
  b.hello(2, {agent("cook").on("idea").retry(three_times())}, {.credit = 1});
  b.publish("idea");
  auto const first = b.delivered(2);
  b.fails(2, first);
  b.publish("idea");  // takes the only credit
  b.later(1s);
  EXPECT_EQ(b.board.counters().ready, 1u);
  b.fails(2, first);
  EXPECT_TRUE(b.answered<done_ok>(2, first));
  EXPECT_EQ(b.board.open_activations().at(0).failures, 1u);
}

TEST(blackboard_retry, closes_a_mismatch_without_a_failure) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea")});
  auto const run = b.open_run();
  b.publish({.type = "idea", .run = run});
  b.ends(b.local, b.delivered(b.local), outcome::mismatch);
  b.release(run);
  EXPECT_EQ(b.board.counters().mismatched, 1u);
  EXPECT_EQ(b.run_of(run).status, run_status::completed);
}

TEST(blackboard_failure, tells_of_a_death_in_an_artifact) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea"), agent("medic").on("skein.failure")});
  b.publish("idea");
  auto const given = b.delivered(b.local);
  b.fails(b.local, given);
  auto const told = b.delivered(b.local);
  EXPECT_EQ(told.agent, "medic");
  auto const value = value_of<failure>(told.inputs[0]->payload);
  ASSERT_TRUE(value);
  EXPECT_EQ((*value)->agent, "cook");
  EXPECT_EQ((*value)->error_type, "std::runtime_error");
  EXPECT_EQ((*value)->what, "it burnt");
  EXPECT_EQ((*value)->input_type, "idea");
  EXPECT_EQ((*value)->activation, given.activation.id.to_string());
  EXPECT_EQ((*value)->attempts, 1u);
  ASSERT_EQ(b.announcements.size(), 1u);
  EXPECT_EQ(b.announcements[0].parent, derive_invoke_span_id(given.activation.id, 1));
}

TEST(blackboard_failure, keeps_the_run_open_until_the_failure_is_handled) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea"), agent("medic").on("skein.failure")});
  b.publish("idea");
  b.fails(b.local, b.delivered(b.local));
  EXPECT_TRUE(b.ended.empty());
  b.done(b.local, b.delivered(b.local));
  ASSERT_EQ(b.ended.size(), 1u);
  EXPECT_EQ(b.ended[0].run.status, run_status::failed);
}

TEST(blackboard_failure, of_a_failure_handler_makes_no_further_failure) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea"), agent("medic").on("skein.failure"), agent("doctor").on("skein.failure")});
  b.publish("idea");
  b.fails(b.local, b.delivered(b.local));
  for (auto const& told : b.deliveries(b.local)) b.fails(b.local, told);
  EXPECT_EQ(b.published("skein.failure").size(), 1u);
  EXPECT_EQ(b.board.counters().dead, 3u);
}

}  // namespace
}  // namespace skein::bus::testing
