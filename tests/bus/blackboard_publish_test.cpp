#include "support/board_fixture.hpp"

#include <skein/bus/spare_artifacts.hpp>

namespace skein::bus::testing {
namespace {

reply::published last_published(board_fixture const& b) { return std::get<reply::published>(b.replies.back()); }

TEST(blackboard_publish, numbers_artifacts_in_board_order_and_dates_them) {
  board_fixture b;
  b.publish("idea");
  b.later(1s);
  b.publish("idea");
  auto const all = b.board.artifacts("idea");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]->seq, 1u);
  EXPECT_EQ(all[1]->seq, 2u);
  EXPECT_EQ(all[1]->created_at - all[0]->created_at, 1s);
}

TEST(blackboard_publish, answers_a_repeated_key_with_the_first_artifact) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea")});
  auto const first = b.publish({.type = "idea", .key = "order 1"});
  b.publish({.type = "idea", .key = "order 1"});
  EXPECT_TRUE(last_published(b).duplicate);
  EXPECT_EQ(last_published(b).id, first);
  EXPECT_EQ(b.deliveries(b.local).size(), 1u);
}

TEST(blackboard_publish, remembers_keys_across_a_crash) {
  board_fixture b;
  auto const first = b.publish({.type = "idea", .key = "order 1"});
  b.crash();
  b.publish({.type = "idea", .key = "order 1"});
  EXPECT_EQ(last_published(b).id, first);
}

TEST(blackboard_publish, forgets_the_oldest_key_at_the_bound) {
  board_fixture b{{.idempotency_keys_max = 2, .record_changes = false}};
  auto const first = b.publish({.type = "idea", .key = "1"});
  auto const second = b.publish({.type = "idea", .key = "2"});
  b.publish({.type = "idea", .key = "3"});
  b.publish({.type = "idea", .key = "2"});
  EXPECT_EQ(last_published(b).id, second);
  b.publish({.type = "idea", .key = "1"});
  EXPECT_FALSE(last_published(b).duplicate);
  EXPECT_NE(last_published(b).id, first);
}

TEST(blackboard_publish, keeps_the_newest_artifacts_in_memory) {
  board_fixture b{{.artifacts_kept_max = 2}};
  b.publish("idea");
  b.publish("pizza");
  auto const last = b.publish("idea");
  EXPECT_EQ(b.board.counters().artifacts, 3u);
  EXPECT_EQ(b.board.counters().artifacts_kept, 2u);
  EXPECT_EQ(b.board.counters().artifacts_evicted, 1u);
  ASSERT_EQ(b.board.artifacts("idea").size(), 1u);
  EXPECT_EQ(b.board.artifacts("idea")[0]->id, last);
  EXPECT_EQ(b.board.artifacts({}).size(), 2u);
}

TEST(blackboard_publish, uses_the_memory_of_an_artifact_again_only_when_nobody_has_it) {
  board_fixture b{{.artifacts_kept_max = 1, .record_changes = false}};
  b.local_hello({agent("cook").on("idea")});
  child marked{.type = "pizza", .tags = {"hot"}, .headers = std::make_shared<trace_headers const>(trace_headers{"a=b", {}})};
  artifact_ptr held;
  for (int round = 0; round < 4; ++round) {
    auto const idea = b.publish("idea");
    b.done(b.local, b.delivered(b.local), {marked});
    auto const made = b.board.artifacts({});
    ASSERT_EQ(made.size(), 1u);
    EXPECT_EQ(made[0]->tags, marked.tags);
    EXPECT_EQ(made[0]->headers, marked.headers);
    EXPECT_NE(made[0]->id, idea);
    if (round == 1) held = made[0], marked = {.type = "salad"};
  }
  EXPECT_EQ(held->type, "pizza");
  EXPECT_EQ(held->seq, 4u);
  EXPECT_EQ(held->tags, std::vector<std::string>{"hot"});
}

std::shared_ptr<artifact_data> loose_idea(std::uint8_t number) {
  auto made = make_artifact();
  made->id = artifact_id{{number}};
  made->run = run_id{{number}};
  made->type = "idea";
  return made;
}

TEST(blackboard_publish, gives_memory_back_that_is_as_good_as_new) {
  blackboard board{{.artifacts_kept_max = 1, .record_changes = false}};
  effects out;
  auto first = loose_idea(1);
  first->tags = {"hot"};
  first->correlation = "a text that has memory of its own";
  auto const* const memory = first.get();
  input::publish in{0, std::move(first), {}, {}, 0, false};
  ASSERT_TRUE(board.publish({}, in, out));
  EXPECT_EQ(in.artifact, nullptr) << "the first one is kept";
  in.artifact = loose_idea(2);
  EXPECT_EQ(board.publish({}, in, out).value().id, (artifact_id{{2}}));
  ASSERT_EQ(in.artifact.get(), memory);
  EXPECT_TRUE(in.artifact->tags.empty());
  EXPECT_TRUE(in.artifact->correlation.empty());
  EXPECT_EQ(in.artifact->id, artifact_id{});
  give_back(std::move(in.artifact));
  EXPECT_EQ(loose_idea(3).get(), memory) << "of the same thread";
}

TEST(spare_artifacts, are_those_that_nobody_else_has) {
  auto shared = loose_idea(1), alone = loose_idea(2);
  auto const* const memory = alone.get();
  std::vector<artifact_ptr> all{shared, std::move(alone)};
  let_go(all);
  EXPECT_TRUE(all.empty());
  EXPECT_EQ(shared->id, (artifact_id{{1}}));
  auto const next = make_artifact();
  EXPECT_EQ(next.get(), memory);
  EXPECT_EQ(next->id, artifact_id{});
  EXPECT_NE(make_artifact(), shared);
}

TEST(blackboard_publish, takes_all_of_several_or_none) {
  blackboard board{{.embargoed_max = 1, .record_changes = false}};
  effects out;
  auto const hidden = [](std::uint8_t number) {
    auto made = loose_idea(number);
    made->visible_to = std::make_shared<visibility>(visibility{{}, {}, {}, timestamp{1s}});
    return made;
  };
  input::publish_all too_many{{hidden(1), loose_idea(2), hidden(3)}, {}};
  auto const refused = board.publish({}, too_many, out);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), errc::busy);
  EXPECT_EQ(board.counters().artifacts, 0u);
  input::publish_all just_enough{{hidden(1), loose_idea(2), loose_idea(3)}, {}};
  ASSERT_TRUE(board.publish({}, just_enough, out));
  EXPECT_EQ(board.counters().artifacts, 3u);
  EXPECT_EQ(board.counters().embargoed, 1u);
  EXPECT_EQ(board.counters(), board.recount());
}

TEST(blackboard_publish, keeps_showing_artifacts_after_a_failed_commit) {
  board_fixture b;
  auto const kept = b.publish("idea");
  b.rebuild();
  ASSERT_EQ(b.board.artifacts("idea").size(), 1u);
  EXPECT_EQ(b.board.artifacts("idea")[0]->id, kept);
}

TEST(blackboard_publish, writes_no_changes_for_a_ledger_that_keeps_nothing) {
  board_fixture b{{.record_changes = false}};
  b.local_hello({agent("cook").on("idea")});
  b.publish("idea");
  b.done(b.local, b.delivered(b.local));
  EXPECT_TRUE(b.ledger.artifacts().empty());
  EXPECT_TRUE(b.ledger.runs().empty());
}

TEST(blackboard_publish, tells_of_local_code_that_threw) {
  board_fixture b;
  b.local_hello({agent("cook").on("idea").predicate()});
  auto made = std::make_shared<artifact_data>();
  made->id = artifact_id::parse("00000000-0000-7000-8000-000000000001").value();
  made->run = run_id::parse("00000000-0000-7000-8000-000000000002").value();
  made->type = "idea";
  b.step(input::publish{1, made, {}, {{1}, {}, {{1, "std::logic_error: no"}}}, 0, false});
  EXPECT_TRUE(b.deliveries(b.local).empty());
  EXPECT_EQ(b.board.counters().predicates_threw, 1u);
  ASSERT_EQ(b.notices.size(), 1u);
  EXPECT_EQ(b.notices[0].kind, "predicate_threw");
  EXPECT_EQ(b.notices[0].agent, "cook");
  EXPECT_EQ(b.notices[0].what, "std::logic_error: no");
}

}  // namespace
}  // namespace skein::bus::testing
