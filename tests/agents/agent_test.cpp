// What an agent's description becomes.
#include "support/tasks.hpp"

#include <skein/agents/agent.hpp>
#include <skein/agents/check_agent.hpp>

#include <gtest/gtest.h>

namespace {

using skein::testing::answer;
using skein::testing::task;

using namespace std::chrono_literals;

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
  EXPECT_EQ(d.publishes, (std::vector<std::string>{"test.answer", "test.task"}));
  ASSERT_EQ(d.subscriptions.size(), 2u);
  EXPECT_EQ(d.subscriptions[0].types, std::vector<std::string>{"test.task"});
  EXPECT_FALSE(d.subscriptions[0].has_predicate);
  EXPECT_EQ(d.subscriptions[1].ordinal, 1u);
  EXPECT_EQ(d.subscriptions[1].from, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(d.subscriptions[1].tagged, std::vector<std::string>{"eu"});
  EXPECT_EQ(d.subscriptions[1].priority, 3);
  EXPECT_TRUE(d.subscriptions[1].self_trigger);
  EXPECT_EQ(made.reactions().size(), 2u);
}

TEST(agent, describes_its_rules) {
  auto const made = skein::agent{"critic"}
                        .on<task>([](task const&) {})
                        .labels({"trusted", "eu"})
                        .tenant("acme")
                        .deadline(30s)
                        .breaker({.failures = 5, .open_for = 60s})
                        .rate_limit({.activations = 10, .per = 1s})
                        .activations_max_per_workflow(1000);
  skein::agent_rules wanted;
  wanted.labels = {"trusted", "eu"};
  wanted.tenant = "acme";
  wanted.deadline = 30s;
  wanted.breaker = {5, 60s};
  wanted.rate = {10, 1s};
  wanted.activations_max_per_workflow = 1000;
  EXPECT_EQ(made.descriptor().rules, wanted);
  EXPECT_TRUE(skein::agents::check_agent(made));
}

TEST(agent, describes_its_timers) {
  auto const at = std::chrono::sys_time<std::chrono::nanoseconds>{1h};
  auto const made = skein::agent{"a"}.every(1h, [](skein::tick const&) {}).at(at, [](skein::tick const&) {}).cron("0 3 * * *", [](skein::tick const&) {});
  auto const& all = made.descriptor().subscriptions;
  ASSERT_EQ(all.size(), 3u);
  for (auto const& one : all) {
    EXPECT_EQ(one.grouping, skein::grouping::timer);
    EXPECT_EQ(one.types, std::vector<std::string>{"skein.tick"});
  }
  EXPECT_EQ(all[0].timer, (skein::timer_schedule{1h, {}, {}}));
  EXPECT_EQ(all[1].timer, (skein::timer_schedule{{}, at, {}}));
  EXPECT_EQ(all[2].timer, (skein::timer_schedule{{}, {}, "0 3 * * *"}));
  EXPECT_TRUE(skein::agents::check_agent(made));
}

TEST(agent, joins_rules_with_a_plain_declaration_of_the_same_type) {
  auto const made = skein::agent{"a"}.publishes<answer>().publishes(skein::output<answer>().fan_out(2)).publishes<answer>();
  EXPECT_EQ(made.descriptor().publishes, std::vector<std::string>{"test.answer"});
  ASSERT_EQ(made.output_rules().size(), 1u);
  EXPECT_EQ(made.output_rules()[0].count_max, 2u);
}

/// Why an agent is refused; empty when it is not.
std::string refusal(skein::agent const& what) {
  auto const ok = skein::agents::check_agent(what);
  if (ok) return {};
  EXPECT_EQ(ok.error().code(), skein::errc::invalid_argument);
  return ok.error().message();
}

TEST(an_agent_that_cannot_be, is_refused_for_its_rules) {
  skein::agent const plain{"a"};
  auto const with = [&](auto change) {
    auto copy = plain;
    change(copy);
    return refusal(copy);
  };
  EXPECT_EQ(refusal(plain), "");
  EXPECT_NE(refusal(skein::agent{"a b"}).find("name"), std::string::npos);
  EXPECT_NE(with([](auto& a) { a.max_concurrency(0); }).find("max_concurrency"), std::string::npos);
  EXPECT_NE(with([](auto& a) { a.retry({.attempts_max = 0}); }).find("attempts_max"), std::string::npos);
  EXPECT_NE(with([](auto& a) { a.deadline(0s); }).find("deadline()"), std::string::npos);
  EXPECT_NE(with([](auto& a) { a.breaker({.failures = 1, .open_for = 0s}); }).find("open_for"), std::string::npos);
  EXPECT_NE(with([](auto& a) { a.rate_limit({.activations = 1, .per = 0s}); }).find("rate_limit.per"), std::string::npos);
  EXPECT_NE(with([](auto& a) { a.labels({"a b"}); }).find("label"), std::string::npos);
  EXPECT_NE(with([](auto& a) { a.best_of(0, [](skein::outputs const&) { return 0; }); }).find("best_of()"), std::string::npos);
  EXPECT_NE(with([](auto& a) { a.every(0s, [](skein::tick const&) {}); }).find("every()"), std::string::npos);
  EXPECT_NE(with([](auto& a) { a.cron("61 3 * * *", [](skein::tick const&) {}); }).find("cron(\"61 3"), std::string::npos);
  EXPECT_NE(with([](auto& a) { a.publishes(skein::output<task>().fan_out(0)); }).find("fan_out()"), std::string::npos);
  EXPECT_NE(with([](auto& a) { a.publishes(skein::output<task>().fan_out(2, 1)); }).find("fan_out()"), std::string::npos);
  EXPECT_NE(with([](auto& a) { a.publishes(skein::output<task>().tagged("x"), skein::output<task>().tagged("y")); }).find("rules twice"), std::string::npos);
  EXPECT_NE(with([](auto& a) { a.consumes(skein::when<task>()); }).find(".engine("), std::string::npos);
}

TEST(agent, is_a_value) {
  auto const first = skein::agent{"a"}.on<task>([](task const&) {});
  auto second = first;
  second.description("other");
  EXPECT_TRUE(first.descriptor().description.empty());
  EXPECT_EQ(second.reactions().size(), 1u);
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
