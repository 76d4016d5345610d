// What an agent's description becomes.
#include <skein/agents/agent.hpp>

#include <gtest/gtest.h>

namespace {

struct task {
  int number = 0;
  SKEIN_ARTIFACT("agents.task", 1, number)
};
struct answer {
  int number = 0;
  SKEIN_ARTIFACT("agents.answer", 1, number)
};

skein::bus::artifact_data holding(int number) {
  skein::bus::artifact_data made;
  made.payload = skein::make_payload(task{number});
  return made;
}

TEST(agent, describes_what_it_was_given) {
  auto const made = skein::agent{"critic"}
                        .description("Judges")
                        .on<task>([](task const&) {})
                        .on(skein::when<answer>().from("a", "b").tagged("eu").priority(3).self_trigger(), [](answer const&) {})
                        .publishes<answer, task>()
                        .publishes<answer>()
                        .max_concurrency(4)
                        .retry({.attempts_max = 7});
  auto const& d = made.descriptor();
  EXPECT_EQ(d.name, "critic");
  EXPECT_EQ(d.description, "Judges");
  EXPECT_EQ(d.max_concurrency, 4u);
  EXPECT_EQ(d.retry.attempts_max, 7u);
  EXPECT_EQ(d.publishes, (std::vector<std::string>{"agents.answer", "agents.task"}));
  ASSERT_EQ(d.subscriptions.size(), 2u);
  EXPECT_EQ(d.subscriptions[0].types, std::vector<std::string>{"agents.task"});
  EXPECT_FALSE(d.subscriptions[0].has_predicate);
  EXPECT_EQ(d.subscriptions[1].ordinal, 1u);
  EXPECT_EQ(d.subscriptions[1].from, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(d.subscriptions[1].tagged, std::vector<std::string>{"eu"});
  EXPECT_EQ(d.subscriptions[1].priority, 3);
  EXPECT_TRUE(d.subscriptions[1].self_trigger);
  EXPECT_EQ(made.reactions().size(), 2u);
}

TEST(agent, is_a_value) {
  auto const first = skein::agent{"a"}.on<task>([](task const&) {});
  auto second = first;
  second.description("other");
  EXPECT_TRUE(first.descriptor().description.empty());
  EXPECT_EQ(second.reactions().size(), 1u);
}

TEST(when, accepts_everything_without_a_predicate) { EXPECT_FALSE(skein::when<task>().predicate()); }

TEST(when, combines_predicates_by_and) {
  auto const which = skein::when<task>().where([](task const& t) { return t.number > 2; }).where([](task const& t) { return t.number < 5; });
  EXPECT_TRUE(which.descriptor().has_predicate);
  EXPECT_FALSE(which.predicate()(holding(2)));
  EXPECT_TRUE(which.predicate()(holding(3)));
  EXPECT_FALSE(which.predicate()(holding(5)));
}

TEST(when, does_not_want_what_it_cannot_read) {
  auto const which = skein::when<task>().where([](task const&) { return true; });
  skein::bus::artifact_data broken;
  broken.payload = skein::payload{skein::bytes{static_cast<skein::bytes::value_type>(0xC1)}};
  EXPECT_FALSE(which.predicate()(broken));
}

TEST(a_filter, accepts_what_meets_all_its_parts) {
  skein::bus::artifact_data made;
  made.produced_by = "critic";
  made.tags = {"eu", "new"};
  made.correlation = "c";
  EXPECT_TRUE(skein::artifact_filter{}.accepts(made));
  EXPECT_TRUE((skein::artifact_filter{.produced_by = "critic", .tagged = {"old", "new"}, .correlation_id = "c"}.accepts(made)));
  EXPECT_FALSE(skein::artifact_filter{.produced_by = "other"}.accepts(made));
  EXPECT_FALSE(skein::artifact_filter{.tagged = {"old"}}.accepts(made));
  EXPECT_FALSE(skein::artifact_filter{.correlation_id = "d"}.accepts(made));
}

}  // namespace
