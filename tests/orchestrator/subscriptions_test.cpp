// Which artifacts an agent gets, and agents that come later.
#include "support/hub_options.hpp"

#include "agents/support/tasks.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

namespace {

using skein::testing::answer;
using skein::testing::code_thrown_by;
using skein::testing::durable;
using skein::testing::in_memory;
using skein::testing::task;
using skein::testing::temporary_folder;

TEST(where, takes_what_the_predicate_accepts) {
  skein::orchestrator hub{in_memory()};
  std::vector<int> seen;
  hub.add(skein::agent{"even"}.on(skein::when<task>().where([](task const& t) { return t.number % 2 == 0; }).where([](task const& t) { return t.number > 2; }),
                                  [&](task const& t) { seen.push_back(t.number); }));
  for (int i = 0; i < 9; ++i) hub.publish(task{i});
  auto const report = hub.run_until_idle();
  EXPECT_EQ(seen, (std::vector{4, 6, 8}));
  EXPECT_EQ(report.activations.size(), 3u);
}

TEST(where, decides_over_what_handlers_publish_too) {
  skein::orchestrator hub{in_memory(2)};
  std::atomic<int> seen = 0;
  hub.add(skein::agent{"maker"}.on<task>([](task const&) { return std::vector{answer{1}, answer{2}, answer{3}}; }).publishes<answer>());
  hub.add(skein::agent{"two"}.on(skein::when<answer>().where([](answer const& a) { return a.number == 2; }), [&](answer const& a) { seen += a.number; }));
  hub.publish(task{});
  EXPECT_TRUE(hub.run_until_idle().ok());
  EXPECT_EQ(seen, 2);
}

TEST(where, that_throws_says_no) {
  skein::orchestrator hub{in_memory()};
  int seen = 0;
  hub.add(skein::agent{"picky"}.on(skein::when<task>().where([](task const& t) { return t.number == 0 ? throw 42 : true; }), [&](task const&) { ++seen; }));
  hub.publish_all(std::vector{task{0}, task{1}});
  EXPECT_TRUE(hub.run_until_idle().ok());
  EXPECT_EQ(seen, 1);
}

TEST(from, takes_what_these_agents_made) {
  skein::orchestrator hub{in_memory()};
  std::vector<int> inside, outside;
  hub.add(skein::agent{"maker"}.on<task>([](task const& t) { return answer{t.number}; }).publishes<answer>());
  hub.add(skein::agent{"of_maker"}.on(skein::when<answer>().from("maker"), [&](answer const& a) { inside.push_back(a.number); }));
  hub.add(skein::agent{"of_others"}.on(skein::when<answer>().from("external", "nobody"), [&](answer const& a) { outside.push_back(a.number); }));
  hub.publish(task{1});
  hub.publish(answer{2});
  hub.run_until_idle();
  EXPECT_EQ(inside, std::vector{1});
  EXPECT_EQ(outside, std::vector{2});
}

TEST(tagged, takes_what_has_any_of_the_tags) {
  skein::orchestrator hub{in_memory()};
  std::vector<int> seen;
  hub.add(skein::agent{"tagged"}.on(skein::when<task>().tagged("eu", "us"), [&](task const& t) { seen.push_back(t.number); }));
  hub.publish(task{1}, {.tags = {"us", "new"}});
  hub.publish(task{2}, {.tags = {"new"}});
  hub.publish(task{3});
  hub.run_until_idle();
  EXPECT_EQ(seen, std::vector{1});
}

TEST(self_trigger, is_off_by_default) {
  skein::orchestrator hub{in_memory()};
  int plain = 0, itself = 0;
  hub.add(skein::agent{"plain"}
              .on<task>([&](task const&) {
                ++plain;
                return task{1};
              })
              .publishes<task>());
  hub.publish(task{0});
  hub.run_until_idle();
  EXPECT_EQ(plain, 1);
  hub.add(skein::agent{"itself"}
              .on(skein::when<answer>().self_trigger(),
                  [&](answer const& a) -> std::optional<answer> {
                    ++itself;
                    if (a.number == 0) return std::nullopt;
                    return answer{a.number - 1};
                  })
              .publishes<answer>());
  hub.publish(answer{4});
  hub.run_until_idle();
  EXPECT_EQ(itself, 5);
}

TEST(priority, starts_first_among_what_waits) {
  skein::orchestrator hub{in_memory()};
  std::vector<int> seen;
  hub.add(skein::agent{"worker"}
              .on<task>([&](task const& t) { seen.push_back(t.number); })
              .on(skein::when<answer>().priority(5), [&](answer const& a) { seen.push_back(a.number); }));
  hub.publish(task{1});
  hub.publish(task{2});
  hub.publish(answer{3});
  hub.run_until_idle();
  EXPECT_EQ(seen, (std::vector{3, 1, 2}));
}

TEST(add, while_running_takes_what_is_published_from_then_on) {
  for (bool on_disk : {false, true}) {
    for (unsigned threads : {0u, 2u}) {
      temporary_folder const folder;
      skein::orchestrator hub{on_disk ? durable(folder, threads) : in_memory(threads)};
      std::atomic<int> seen = 0;
      hub.add(skein::agent{"first"}
                  .on<task>([&](task const& t) {
                    if (t.number == 1) hub.add(skein::agent{"second"}.on<answer>([&](answer const& a) { seen += a.number; }));
                    return answer{t.number};
                  })
                  .publishes<answer>());
      hub.publish(task{0});
      hub.run_until_idle();
      hub.publish(task{1});
      hub.publish(task{2});
      EXPECT_TRUE(hub.run_until_idle().ok());
      EXPECT_EQ(seen, 3);
    }
  }
}

TEST(add, from_a_foreign_thread_during_a_wait_misses_nothing_published_after_it) {
  skein::orchestrator hub{in_memory(4)};
  std::latch waiting{1}, added{1};
  std::atomic<int> seen = 0;
  hub.add(skein::agent{"gate"}
              .on<task>([&](task const&) {
                waiting.count_down();
                added.wait();
                return std::vector(10, answer{1});
              })
              .publishes<answer>());
  hub.publish(task{});
  std::thread adding{[&] {
    waiting.wait();
    hub.add(skein::agent{"late"}.on(skein::when<answer>().where([](answer const& a) { return a.number > 0; }), [&](answer const& a) { seen += a.number; }));
    hub.publish(answer{5});
    added.count_down();
  }};
  EXPECT_TRUE(hub.run_until_idle().ok());
  adding.join();
  EXPECT_EQ(seen, 15);
}

TEST(add, refuses_a_name_that_is_taken_or_cannot_be_one) {
  skein::orchestrator hub{in_memory()};
  hub.add(skein::agent{"a"}.on<task>([](task const&) {}));
  EXPECT_EQ(code_thrown_by([&] { hub.add(skein::agent{"a"}.on<answer>([](answer const&) {})); }), skein::errc::misuse);
  for (auto const* name : {"", "two words", "tab\t", "\xC3\xA4"}) {
    EXPECT_EQ(code_thrown_by([&] { hub.add(skein::agent{name}); }), skein::errc::invalid_argument) << name;
  }
  EXPECT_EQ(code_thrown_by([&] { hub.add(skein::agent{std::string(256, 'a')}); }), skein::errc::invalid_argument);
  EXPECT_EQ(code_thrown_by([&] { hub.add(skein::agent{"none"}.max_concurrency(0)); }), skein::errc::invalid_argument);
  EXPECT_EQ(code_thrown_by([&] { hub.add(skein::agent{"never"}.retry({.attempts_max = 0})); }), skein::errc::invalid_argument);
}

TEST(add, of_an_agent_without_subscriptions_is_fine) {
  skein::orchestrator hub{in_memory()};
  hub.add(skein::agent{"idle"}.description("does nothing"));
  hub.publish(task{});
  EXPECT_TRUE(hub.run_until_idle().ok());
}

}  // namespace
