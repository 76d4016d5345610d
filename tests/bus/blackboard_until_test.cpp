#include "support/board_fixture.hpp"

namespace skein::bus::testing {
namespace {

using kind = board_condition::kind;

board_condition at_least(std::uint64_t n, std::string type) {
  board_condition made;
  made.what = kind::count;
  made.type = std::move(type);
  made.count = n;
  return made;
}

board_condition a_failure(std::string agent = {}) {
  board_condition made;
  made.what = kind::failure;
  made.agent = std::move(agent);
  return made;
}

board_condition of(kind what, std::vector<board_condition> operands) {
  board_condition made;
  made.what = what;
  made.operands = std::move(operands);
  return made;
}

/// Whether it has been answered, and that it holds.
bool met(board_fixture const& b, ticket to) {
  auto const* const found = b.answer<reply::met>(to);
  return found && found->holds;
}

TEST(blackboard_until, a_count_is_met_with_the_artifact_that_makes_it_whole) {
  board_fixture b;
  auto const waiting = b.until(at_least(2, "pizza"));
  b.publish("pizza");
  b.publish("idea");
  EXPECT_FALSE(met(b, waiting));
  b.publish("pizza");
  EXPECT_TRUE(met(b, waiting));
  auto const answers = b.replies.size();
  b.publish({.type = "pizza", .routed = false});
  EXPECT_EQ(b.replies.size(), answers + 1) << "it is answered once";
}

TEST(blackboard_until, counts_what_is_on_the_board_already) {
  board_fixture b;
  b.publish("pizza");
  EXPECT_TRUE(met(b, b.until(at_least(1, "pizza"))));
  EXPECT_FALSE(met(b, b.until(at_least(2, "pizza"))));
  EXPECT_TRUE(met(b, b.until(at_least(0, "nothing"))));
}

TEST(blackboard_until, counts_only_what_the_condition_holds_for) {
  board_fixture b;
  auto condition = at_least(1, "pizza");
  condition.where = field("for") == "ada";
  b.publish({.type = "pizza", .payload = field_payload("for", "bob")});
  auto const waiting = b.until(condition);
  b.publish({.type = "pizza", .payload = field_payload("for", "bob")});
  EXPECT_FALSE(met(b, waiting));
  b.publish({.type = "pizza", .payload = field_payload("for", "ada")});
  EXPECT_TRUE(met(b, waiting));
  EXPECT_TRUE(met(b, b.until(condition)));
}

TEST(blackboard_until, counts_what_handlers_publish) {
  board_fixture b;
  b.local_hello({cook()});
  auto const waiting = b.until(at_least(1, "pizza"));
  b.publish("idea");
  b.done(b.local, b.delivered(b.local), {child_of_type("pizza")});
  EXPECT_TRUE(met(b, waiting));
}

TEST(blackboard_until, counts_hidden_artifacts_when_they_come_out_and_those_of_invocations_never) {
  board_fixture b;
  auto const waiting = b.until(at_least(1, "pizza"));
  b.publish({.type = "pizza", .routed = false});
  b.publish({.type = "pizza", .hidden_until = b.now + 10s});
  EXPECT_FALSE(met(b, waiting));
  EXPECT_FALSE(met(b, b.until(at_least(1, "pizza"))));
  b.later(10s);
  EXPECT_TRUE(met(b, waiting));
  EXPECT_FALSE(met(b, b.until(at_least(2, "pizza"))));
}

TEST(blackboard_until, counts_what_an_earlier_session_had_hidden) {
  board_fixture b;
  b.publish({.type = "pizza", .hidden_until = b.now + 10s});
  b.crash();
  auto const waiting = b.until(at_least(1, "pizza"));
  EXPECT_FALSE(met(b, waiting));
  b.later(10s);
  EXPECT_TRUE(met(b, waiting));
  EXPECT_TRUE(met(b, b.until(at_least(1, "pizza"))));
}

TEST(blackboard_until, a_failure_is_met_by_the_agent_that_is_named_or_by_any) {
  board_fixture b;
  b.local_hello({cook(), agent("critic").on("pizza")});
  auto const of_cook = b.until(a_failure("cook"));
  auto const of_any = b.until(a_failure());
  b.publish("pizza");
  b.fails(b.local, b.delivered(b.local));
  EXPECT_FALSE(met(b, of_cook));
  EXPECT_TRUE(met(b, of_any));
  EXPECT_TRUE(met(b, b.until(a_failure("critic"))));
  b.rebuild();
  EXPECT_TRUE(met(b, b.until(a_failure("critic")))) << "the session goes on after a failed commit";
}

TEST(blackboard_until, idle_is_met_when_nothing_awaited_is_open) {
  board_fixture b;
  b.local_hello({cook()});
  b.publish("idea");
  auto const waiting = b.until({});
  EXPECT_FALSE(met(b, waiting));
  b.done(b.local, b.delivered(b.local));
  EXPECT_TRUE(met(b, waiting));
}

TEST(blackboard_until, idle_flushes_partial_batches_first) {
  board_fixture b;
  b.local_hello({agent("cashier").on("order").batch(25, 1h)});
  b.publish("order");
  EXPECT_EQ(b.board.counters().groups_open, 1u);
  auto const waiting = b.until(of(kind::any_of, {at_least(1, "invoice"), {}}));
  EXPECT_FALSE(met(b, waiting));
  b.done(b.local, b.delivered(b.local));
  EXPECT_TRUE(met(b, waiting));
}

TEST(blackboard_until, all_any_and_none_compose) {
  board_fixture b;
  auto const both = b.until(of(kind::all_of, {at_least(1, "a"), at_least(1, "b")}));
  auto const either = b.until(of(kind::any_of, {at_least(1, "a"), at_least(1, "b")}));
  auto const deep = b.until(of(kind::all_of, {of(kind::any_of, {at_least(9, "a"), at_least(1, "b")}), of(kind::none_of, {a_failure(), at_least(1, "c")}), at_least(2, "b")}));
  b.publish("b");
  EXPECT_TRUE(met(b, either));
  EXPECT_FALSE(met(b, both));
  b.publish("a");
  EXPECT_TRUE(met(b, both));
  EXPECT_FALSE(met(b, deep));
  b.publish("b");
  EXPECT_TRUE(met(b, deep));
  b.publish("c");
  EXPECT_FALSE(met(b, b.until(of(kind::none_of, {at_least(1, "c")}))));
  EXPECT_TRUE(met(b, b.until(of(kind::all_of, {}))));
  EXPECT_FALSE(met(b, b.until(of(kind::any_of, {}))));
}

TEST(blackboard_until, agrees_with_a_count_anew_after_every_step) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    id_generator dice{seed};
    auto const below = [&](std::uint64_t n) { return dice.next() % n; };
    board_fixture b;
    b.hello(2, {cook()});
    std::vector<std::pair<ticket, std::vector<std::uint64_t>>> waits;  // how many of a and of b, each
    for (int i = 0; i < 200; ++i) {
      switch (below(6)) {
        case 0: b.publish("a"); break;
        case 1: b.publish({.type = "b", .routed = below(4) != 0}); break;
        case 2: b.publish({.type = below(2) == 0 ? "a" : "b", .hidden_until = b.now + std::chrono::seconds{below(5)}}); break;
        case 3: b.later(std::chrono::milliseconds{below(1500)}), b.beat(2, {}); break;
        case 4: b.publish({.type = "a", .run = b.open_run(), .hidden_until = b.now + 1s}), b.cancel(b.ledger.runs().back().id); break;
        default: {
          std::vector<std::uint64_t> const wanted{below(150), below(150)};
          waits.emplace_back(b.until(of(kind::all_of, {at_least(wanted[0], "a"), of(kind::any_of, {at_least(wanted[1], "b")})})), wanted);
        }
      }
      auto const visible = [&](std::string_view type) {
        std::uint64_t n = 0;
        auto const all = b.board.artifacts(type);
        auto const cancelled = [&](artifact_data const& one) { return b.run_of(one.run).name == "run"; };
        for (auto const& one : all) n += one->routed && (cancelled(*one) || !is_embargoed(*one, b.now)) ? 1u : 0u;
        return n;
      };
      auto const as = visible("a"), bs = visible("b");
      for (auto const& [to, wanted] : waits) {
        bool const holds = as >= wanted[0] && bs >= wanted[1];
        ASSERT_EQ(met(b, to), holds) << "seed " << seed << ", step " << i;
      }
    }
  }
}

TEST(blackboard_until, is_ended_by_cancel_wait_with_no) {
  board_fixture b;
  auto const waiting = b.until(at_least(1, "pizza"));
  b.step(input::cancel_wait{waiting});
  auto const* const answer = b.answer<reply::met>(waiting);
  ASSERT_NE(answer, nullptr);
  EXPECT_FALSE(answer->holds);
  b.publish("pizza");
  EXPECT_FALSE(b.answer<reply::met>(waiting)->holds);
  b.step(input::cancel_wait{waiting});
}

}  // namespace
}  // namespace skein::bus::testing
