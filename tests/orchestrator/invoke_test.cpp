// Running one agent directly.
#include "support/hub_options.hpp"

#include "agents/support/tasks.hpp"

#include <gtest/gtest.h>

#include <latch>

using namespace std::chrono_literals;

namespace {

using skein::testing::answer;
using skein::testing::code_thrown_by;
using skein::testing::durable;
using skein::testing::in_memory;
using skein::testing::remark;
using skein::testing::task;
using skein::testing::temporary_folder;
using skein::testing::text_thrown_by;

skein::agent doubler() {
  return skein::agent{"doubler"}
      .on<task>([](task const& t) { return std::tuple{answer{t.number}, remark{"twice"}, answer{t.number * 2}}; })
      .publishes<answer, remark>();
}

TEST(invoke, returns_what_the_agent_makes_of_the_wanted_type) {
  for (unsigned threads : {0u, 2u}) {
    for (bool on_disk : {false, true}) {
      for (auto link : {skein::local_link::direct, skein::local_link::inproc}) {
        temporary_folder const folder;
        auto options = on_disk ? durable(folder, threads) : in_memory(threads);
        options.local_link = link;
        skein::orchestrator hub{options};
        hub.add(doubler());
        auto const made = hub.invoke<answer>("doubler", task{21});
        ASSERT_EQ(made.size(), 2u);
        EXPECT_EQ(made[1]->number, 42);
        EXPECT_EQ(made[1].meta().produced_by, "doubler");
        EXPECT_EQ(hub.invoke<remark>("doubler", task{1}).at(0)->text, "twice");
      }
    }
  }
}

TEST(invoke, is_private_to_its_caller) {
  skein::orchestrator hub{in_memory()};
  int others = 0;
  hub.add(doubler());
  hub.add(skein::agent{"tasks"}.on<task>([&](task const&) { ++others; }));
  hub.add(skein::agent{"answers"}.on<answer>([&](answer const&) { ++others; }));
  EXPECT_EQ(hub.invoke<answer>("doubler", task{1}).size(), 2u);
  hub.run_until_idle();
  EXPECT_EQ(others, 0);
  EXPECT_TRUE(hub.artifacts<answer>().empty());
  EXPECT_TRUE(hub.artifacts<task>().empty());
}

TEST(invoke, offers_the_results_to_all_when_asked_to) {
  skein::orchestrator hub{in_memory()};
  int tasks = 0, answers = 0;
  hub.add(doubler());
  hub.add(skein::agent{"tasks"}.on<task>([&](task const&) { ++tasks; }));
  hub.add(skein::agent{"answers"}.on<answer>([&](answer const&) { ++answers; }));
  EXPECT_EQ(hub.invoke<answer>("doubler", task{1}, 10s, {.publish = true}).size(), 2u);
  hub.run_until_idle();
  EXPECT_EQ(tasks, 0) << "the input is for the invoked agent";
  EXPECT_EQ(answers, 2);
  EXPECT_EQ(hub.artifacts<answer>().size(), 2u);
}

TEST(invoke, throws_what_the_handler_failed_by) {
  skein::orchestrator hub{in_memory()};
  hub.add(skein::agent{"bad"}.on<task>([](task const&) { throw std::runtime_error{"no such pizza"}; }));
  EXPECT_EQ(code_thrown_by([&] { (void)hub.invoke<answer>("bad", task{1}); }), skein::errc::handler_failed);
  auto const text = text_thrown_by([&] { (void)hub.invoke<answer>("bad", task{1}); });
  EXPECT_NE(text.find("no such pizza"), std::string::npos) << text;
  EXPECT_NE(text.find("std::runtime_error"), std::string::npos) << text;
}

TEST(invoke, retries_as_the_agent_says) {
  skein::orchestrator hub{in_memory()};
  int calls = 0;
  hub.add(skein::agent{"flaky"}
              .on<task>([&](task const& t) {
                if (++calls == 1) throw std::runtime_error{"busy"};
                return answer{t.number};
              })
              .publishes<answer>()
              .retry({.attempts_max = 2, .backoff_initial = 0ns}));
  EXPECT_EQ(hub.invoke<answer>("flaky", task{1}).size(), 1u);
  EXPECT_EQ(calls, 2);
}

TEST(invoke, of_an_unknown_agent_or_with_a_type_it_does_not_take_says_so) {
  skein::orchestrator hub{in_memory()};
  hub.add(doubler());
  EXPECT_EQ(code_thrown_by([&] { (void)hub.invoke<answer>("nobody", task{1}); }), skein::errc::not_found);
  EXPECT_NE(text_thrown_by([&] { (void)hub.invoke<answer>("nobody", task{1}); }).find("nobody"), std::string::npos);
  EXPECT_EQ(code_thrown_by([&] { (void)hub.invoke<answer>("doubler", remark{"x"}); }), skein::errc::invalid_argument);
  EXPECT_NE(text_thrown_by([&] { (void)hub.invoke<answer>("doubler", remark{"x"}); }).find("test.remark"), std::string::npos);
}

TEST(invoke, that_takes_too_long_times_out_and_its_work_goes_on) {
  for (bool on_disk : {false, true}) {
    temporary_folder const folder;
    skein::orchestrator hub{on_disk ? durable(folder, 1) : in_memory(1)};
    std::latch go{1};
    bool ended = false;
    hub.add(skein::agent{"slow"}.on<task>([&](task const&) {
      go.wait();
      ended = true;
    }));
    EXPECT_EQ(code_thrown_by([&] { (void)hub.invoke<answer>("slow", task{1}, 1ms); }), skein::errc::timeout);
    go.count_down();
    EXPECT_TRUE(hub.run_until_idle().ok());
    EXPECT_TRUE(ended);
  }
}

TEST(invoke, works_inside_a_run) {
  skein::orchestrator hub{in_memory(2)};
  hub.add(doubler());
  skein::traced_run run{hub, "asking"};
  auto const made = hub.invoke<answer>("doubler", task{4});
  ASSERT_EQ(made.size(), 2u);
  EXPECT_EQ(made[0].meta().run, run.id());
}

}  // namespace
