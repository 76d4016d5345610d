// Failures that are repeated, on a clock that only moves when told.
#include "support/hub_options.hpp"

#include "agents/support/tasks.hpp"

#include <skein/testing.hpp>

#include <gtest/gtest.h>

#include <algorithm>

using namespace std::chrono_literals;

namespace {

using skein::testing::task;

/// A hub on a manual clock whose agent fails the first `failures` times; when each attempt was, since the start.
struct failing_hub {
  explicit failing_hub(int failures, skein::retry_policy retry) : failures_left(failures) {
    hub.add(skein::agent{"flaky"}
                .on<task>([this](task const&) {
                  times.push_back(clock.now() - skein::testing::manual_clock::default_start);
                  if (failures_left-- > 0) throw std::runtime_error{"busy"};
                })
                .retry(retry));
  }

  skein::testing::manual_clock clock;
  std::vector<std::chrono::nanoseconds> times;
  int failures_left;
  skein::orchestrator hub{{.ledger = "memory:", .traces = "none", .worker_threads = 0, .clock = &clock}};
};

using times = std::vector<std::chrono::nanoseconds>;

TEST(retry, is_off_by_default) {
  failing_hub it{1, {}};
  it.hub.publish(task{});
  EXPECT_EQ(it.hub.run_until_idle().failures.size(), 1u);
  EXPECT_EQ(it.times.size(), 1u);
}

TEST(retry, waits_longer_each_time_up_to_a_limit) {
  failing_hub it{4, {.attempts_max = 5, .backoff_initial = 10s, .backoff_factor = 3.0, .backoff_max = 60s}};
  it.hub.publish(task{});
  EXPECT_TRUE(it.hub.run_until_idle().ok());
  EXPECT_EQ(it.times, (times{0s, 10s, 40s, 100s, 160s}));
}

TEST(retry, varies_within_the_jitter_only) {
  failing_hub it{1, {.attempts_max = 2, .backoff_initial = 10s, .jitter = 0.5}};
  for (int i = 0; i < 20; ++i) {
    it.times.clear();
    it.failures_left = 1;
    auto const start = it.clock.now() - skein::testing::manual_clock::default_start;
    it.hub.publish(task{i});
    EXPECT_TRUE(it.hub.run_until_idle().ok());
    ASSERT_EQ(it.times.size(), 2u);
    auto const waited = it.times[1] - start;
    EXPECT_GT(waited, 5s);
    EXPECT_LE(waited, 10s);
  }
}

TEST(retry, of_different_activations_is_spread_by_jitter) {
  failing_hub it{8, {.attempts_max = 2, .backoff_initial = 10s, .jitter = 1.0}};
  for (int i = 0; i < 8; ++i) it.hub.publish(task{i});
  EXPECT_TRUE(it.hub.run_until_idle().ok());
  std::sort(it.times.begin() + 8, it.times.end());
  EXPECT_EQ(std::adjacent_find(it.times.begin() + 8, it.times.end()), it.times.end());
}

TEST(retry, is_open_work_until_it_is_due) {
  failing_hub it{1, {.attempts_max = 2, .backoff_initial = 10s}};
  it.hub.publish(task{});
  it.hub.run_pending();
  it.clock.advance(9s);
  it.hub.run_pending();
  EXPECT_EQ(it.times, times{0s});
  it.clock.advance(1s);
  it.hub.run_pending();
  EXPECT_EQ(it.times, (times{0s, 10s}));
}

TEST(retry, that_a_wait_was_too_short_for_is_named_in_the_report) {
  failing_hub it{1, {.attempts_max = 2, .backoff_initial = 10s}};
  it.hub.publish(task{});
  auto const report = it.hub.run_until_idle(4s);
  EXPECT_EQ(report.reason, "timeout");
  ASSERT_EQ(report.open.size(), 1u);
  EXPECT_EQ(report.open[0].agent, "flaky");
  EXPECT_EQ(report.open[0].state, "retry");
  EXPECT_EQ(it.clock.now() - skein::testing::manual_clock::default_start, 4s);
  EXPECT_TRUE(it.hub.run_until_idle().ok());
  EXPECT_EQ(it.times, (times{0s, 10s}));
}

TEST(retry, ends_in_a_dead_activation_after_the_last_attempt) {
  failing_hub it{100, {.attempts_max = 3, .backoff_initial = 1s}};
  it.hub.publish(task{});
  auto const report = it.hub.run_until_idle();
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.reason, "idle");
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_EQ(report.failures[0].attempt, 3u);
  ASSERT_EQ(report.activations.size(), 1u);
  EXPECT_FALSE(report.activations[0].ok);
  EXPECT_EQ(it.times.size(), 3u);
}

TEST(retry, reports_only_the_attempt_that_succeeded) {
  failing_hub it{2, {.attempts_max = 3, .backoff_initial = 1s}};
  it.hub.publish(task{});
  auto const report = it.hub.run_until_idle();
  EXPECT_TRUE(report.ok());
  ASSERT_EQ(report.activations.size(), 1u);
  EXPECT_TRUE(report.activations[0].ok);
  EXPECT_EQ(report.activations[0].attempt, 3u);
}

TEST(failures, that_are_final_become_artifacts) {
  failing_hub it{100, {.attempts_max = 2, .backoff_initial = 1s}};
  std::vector<skein::failure> seen;
  it.hub.add(skein::agent{"janitor"}.on<skein::failure>([&](skein::failure const& f) { seen.push_back(f); }));
  it.hub.publish(task{});
  EXPECT_EQ(it.hub.run_until_idle().failures.size(), 1u);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].agent, "flaky");
  EXPECT_EQ(seen[0].error_type, "std::runtime_error");
  EXPECT_EQ(seen[0].what, "busy");
  EXPECT_EQ(seen[0].input_type, "test.task");
  EXPECT_EQ(seen[0].attempts, 2u);
  EXPECT_EQ(it.hub.artifacts<skein::failure>().size(), 1u);
}

TEST(failures, of_their_own_handlers_end_there) {
  failing_hub it{1, {}};
  int calls = 0;
  it.hub.add(skein::agent{"janitor"}.on<skein::failure>([&](skein::failure const&) {
    ++calls;
    throw std::runtime_error{"the janitor, too"};
  }));
  it.hub.publish(task{});
  EXPECT_EQ(it.hub.run_until_idle().failures.size(), 2u);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(it.hub.artifacts<skein::failure>().size(), 1u);
}

TEST(failures, are_taken_only_as_the_predicate_says) {
  failing_hub it{1, {}};
  int wanted = 0, unwanted = 0;
  it.hub.add(skein::agent{"wants"}.on(skein::when<skein::failure>().where([](skein::failure const& f) { return !f.agent.empty(); }),
                                      [&](skein::failure const&) { ++wanted; }));
  it.hub.add(skein::agent{"does_not"}.on(skein::when<skein::failure>().where([](skein::failure const& f) { return f.agent.empty(); }),
                                         [&](skein::failure const&) { ++unwanted; }));
  it.hub.publish(task{});
  EXPECT_EQ(it.hub.run_until_idle().mismatches, 1u);
  EXPECT_EQ(wanted, 1);
  EXPECT_EQ(unwanted, 0);
}

TEST(artifacts, of_all_sessions_are_read_from_the_ledger) {
  skein::testing::temporary_folder const folder;
  skein::orchestrator_options const durable{.ledger = "sqlite:" + folder / "ledger.db", .traces = "none", .worker_threads = 0};
  { skein::orchestrator{durable}.publish(task{}); }
  skein::orchestrator hub{durable};
  hub.publish(task{});
  EXPECT_EQ(hub.artifacts<task>().size(), 1u);
  EXPECT_EQ(hub.artifacts<task>({.all_sessions = true}).size(), 2u);
}

}  // namespace
