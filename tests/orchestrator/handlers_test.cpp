// What a handler may take and return, and how it may fail.
#include "support/hub_options.hpp"

#include "agents/support/tasks.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <tuple>
#include <variant>

namespace {

using skein::testing::answer;
using skein::testing::in_memory;
using skein::testing::remark;
using skein::testing::task;

/// Runs one task through the handler; the numbers of the answers.
template <class Handler>
std::vector<int> answers_of(Handler handler) {
  skein::orchestrator hub{in_memory()};
  hub.add(skein::agent{"worker"}.on<task>(handler).template publishes<answer, remark>());
  hub.publish(task{7});
  auto const report = hub.run_until_idle();
  EXPECT_TRUE(report.ok()) << report;
  std::vector<int> numbers;
  for (auto const& made : hub.artifacts<answer>()) numbers.push_back(made->number);
  return numbers;
}

/// Runs one task through the handler; how that failed.
template <class Handler>
skein::failure_report failure_of(Handler handler, skein::retry_policy retry = {}) {
  skein::orchestrator hub{in_memory()};
  hub.add(skein::agent{"worker"}.on<task>(handler).retry(retry));
  hub.publish(task{7});
  auto const report = hub.run_until_idle();
  EXPECT_EQ(report.failures.size(), 1u) << report;
  return report.failures.empty() ? skein::failure_report{} : report.failures.front();
}

using numbers = std::vector<int>;

TEST(handlers, take_a_value) {
  EXPECT_EQ(answers_of([](task const& t) { return answer{t.number}; }), numbers{7});
}

TEST(handlers, take_a_value_and_the_context) {
  EXPECT_EQ(answers_of([](task const& t, skein::context& ctx) { return answer{t.number + static_cast<int>(ctx.attempt())}; }), numbers{8});
}

TEST(handlers, take_an_artifact_with_what_is_known_of_it) {
  EXPECT_EQ(answers_of([](skein::artifact<task> const& t) {
              EXPECT_EQ(t.meta().produced_by, "external");
              EXPECT_EQ(t.meta().type, "test.task");
              return answer{t->number};
            }),
            numbers{7});
}

TEST(handlers, take_an_artifact_and_the_context) {
  EXPECT_EQ(answers_of([](skein::artifact<task> const& t, skein::context& ctx) {
              EXPECT_EQ(ctx.inputs().front()->id, t.id());
              EXPECT_EQ(ctx.agent(), "worker");
              EXPECT_EQ(ctx.run(), t.meta().run);
              EXPECT_FALSE(ctx.cancelled());
              return answer{t->number};
            }),
            numbers{7});
}

TEST(handlers, may_be_function_objects_that_can_only_be_moved) {
  skein::orchestrator hub{in_memory()};
  auto owned = std::make_unique<int>(3);
  int seen = 0;
  hub.add(skein::agent{"worker"}.on<task>([owned = std::move(owned), &seen](task const&) mutable { seen = ++*owned; }));
  hub.publish(task{7});
  hub.run_until_idle();
  EXPECT_EQ(seen, 4);
}

TEST(handlers, return_nothing) {
  EXPECT_EQ(answers_of([](task const&) {}), numbers{});
}

TEST(handlers, return_an_optional) {
  EXPECT_EQ(answers_of([](task const&) { return std::optional{answer{1}}; }), numbers{1});
  EXPECT_EQ(answers_of([](task const&) { return std::optional<answer>{}; }), numbers{});
}

TEST(handlers, return_a_vector_in_its_order) {
  EXPECT_EQ(answers_of([](task const&) { return std::vector{answer{3}, answer{1}, answer{2}}; }), (numbers{3, 1, 2}));
  EXPECT_EQ(answers_of([](task const&) { return std::vector<answer>{}; }), numbers{});
}

TEST(handlers, return_a_variant) {
  using either = std::variant<std::monostate, answer, remark>;
  EXPECT_EQ(answers_of([](task const&) -> either { return answer{1}; }), numbers{1});
  EXPECT_EQ(answers_of([](task const&) -> either { return remark{"none"}; }), numbers{});
  EXPECT_EQ(answers_of([](task const&) -> either { return {}; }), numbers{});
}

TEST(handlers, return_a_tuple) {
  EXPECT_EQ(answers_of([](task const&) { return std::tuple{answer{1}, remark{"and"}, answer{2}}; }), (numbers{1, 2}));
}

TEST(handlers, return_any_nesting_of_these) {
  using either = std::variant<answer, remark>;
  EXPECT_EQ(answers_of([](task const&) {
              return std::tuple{std::vector<std::optional<either>>{answer{1}, std::nullopt, remark{"x"}, answer{2}}, std::optional{std::vector{answer{3}}}};
            }),
            (numbers{1, 2, 3}));
}

TEST(handlers, publish_what_the_context_was_given_before_what_they_return) {
  EXPECT_EQ(answers_of([](task const&, skein::context& ctx) {
              ctx.publish(answer{1});
              return answer{2};
            }),
            (numbers{1, 2}));
}

TEST(handlers, of_one_agent_run_independently_for_each_subscription) {
  skein::orchestrator hub{in_memory()};
  hub.add(skein::agent{"both"}
              .on<task>([](task const& t) { return answer{t.number}; })
              .on<task>([](task const& t) { return remark{std::to_string(t.number)}; })
              .publishes<answer, remark>());
  hub.publish(task{1});
  EXPECT_EQ(hub.run_until_idle().activations.size(), 2u);
  EXPECT_EQ(hub.artifacts<answer>().size(), 1u);
  EXPECT_EQ(hub.artifacts<remark>().size(), 1u);
}

TEST(handlers, that_throw_have_published_nothing) {
  skein::orchestrator hub{in_memory()};
  hub.add(skein::agent{"worker"}
              .on<task>([](task const&, skein::context& ctx) {
                ctx.publish(answer{1});
                throw std::runtime_error{"late"};
              })
              .publishes<answer>());
  hub.publish(task{});
  EXPECT_EQ(hub.run_until_idle().failures.size(), 1u);
  EXPECT_TRUE(hub.artifacts<answer>().empty());
}

TEST(handlers, fail_by_an_undeclared_type_and_learn_which_declaration_is_missing) {
  skein::orchestrator hub{in_memory()};
  int calls = 0;
  hub.add(skein::agent{"worker"}
              .on<task>([&](task const&) {
                ++calls;
                return remark{"x"};
              })
              .publishes<answer>()
              .retry({.attempts_max = 3}));
  hub.publish(task{});
  auto const report = hub.run_until_idle();
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_EQ(calls, 1) << "trying again cannot help";
  EXPECT_NE(report.failures[0].what.find("test.remark"), std::string::npos) << report;
  EXPECT_NE(report.failures[0].what.find("add .publishes<"), std::string::npos) << report;
  EXPECT_NE(report.failures[0].what.find("remark>()"), std::string::npos) << report;
}

TEST(handlers, fail_by_an_undeclared_type_even_if_they_catch_the_error) {
  auto const failed = failure_of([](task const&, skein::context& ctx) {
    try {
      ctx.publish(remark{"x"});
    } catch (...) {
    }
  });
  EXPECT_NE(failed.what.find("without declaring it"), std::string::npos);
}

TEST(handlers, may_not_give_an_idempotency_key) {
  skein::orchestrator hub{in_memory()};
  hub.add(skein::agent{"worker"}.on<task>([&](task const&) { hub.publish(answer{1}, {.idempotency_key = "k"}); }).publishes<answer>());
  hub.publish(task{});
  auto const report = hub.run_until_idle();
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_NE(report.failures[0].what.find("idempotency_key"), std::string::npos);
}

TEST(handlers, fail_with_the_type_and_message_of_an_exception) {
  auto const failed = failure_of([](task const&) { throw std::out_of_range{"7 is too many"}; });
  EXPECT_EQ(failed.agent, "worker");
  EXPECT_EQ(failed.error_type, "std::out_of_range");
  EXPECT_EQ(failed.what, "7 is too many");
  EXPECT_EQ(failed.attempt, 1u);
}

TEST(handlers, fail_with_what_is_no_exception_class) {
  EXPECT_EQ(failure_of([](task const&) { throw 42; }).error_type, "int");
  auto const text = failure_of([](task const&) { throw std::string{"just text"}; });
  EXPECT_EQ(text.what, "just text");
  EXPECT_EQ(failure_of([](task const&) { throw "a literal"; }).what, "a literal");
}

TEST(handlers, fail_for_good_by_permanent_error) {
  auto const failed = failure_of([](task const&) { throw skein::permanent_error{"no use"}; }, {.attempts_max = 5});
  EXPECT_EQ(failed.attempt, 1u);
  EXPECT_EQ(failed.what, "no use");
}

TEST(handlers, see_artifacts_of_their_own_correlation_and_visibility) {
  skein::orchestrator hub{in_memory()};
  std::vector<std::string> seen;
  hub.add(skein::agent{"reader"}.on<task>([&](task const&, skein::context& ctx) {
    for (auto const& one : ctx.artifacts<remark>()) seen.push_back(one->text);
  }));
  skein::traced_run run{hub, "reading"};
  hub.publish(remark{"mine"});
  hub.publish(remark{"elsewhere"}, {.correlation_id = "another"});
  hub.publish(remark{"for others"}, {.visibility = skein::visible_to_agents{{"writer"}}});
  hub.publish(remark{"for me"}, {.visibility = skein::visible_to_agents{{"reader"}}});
  hub.publish(task{});
  hub.run_until_idle();
  EXPECT_EQ(seen, (std::vector<std::string>{"for me", "mine"})) << "newest first";
}

TEST(handlers, see_one_idempotency_key_in_all_attempts) {
  std::vector<std::string> keys;
  skein::orchestrator hub{in_memory()};
  hub.add(skein::agent{"worker"}
              .on<task>([&](task const&, skein::context& ctx) {
                keys.push_back(ctx.idempotency_key());
                if (ctx.attempt() == 1) throw std::runtime_error{"again"};
              })
              .retry({.attempts_max = 2, .backoff_initial = std::chrono::nanoseconds{0}}));
  hub.publish(task{});
  EXPECT_TRUE(hub.run_until_idle().ok());
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0], keys[1]);
}

}  // namespace
