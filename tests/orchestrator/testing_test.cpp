// How users test their agents: everything on one thread, time by hand, traces in memory.
#include <skein/testing.hpp>

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace {

struct alert {
  int sensor = 0;
  SKEIN_ARTIFACT("testing.alert", 1, sensor)
};

TEST(a_manual_clock, advances_to_the_next_timer_by_itself_while_somebody_waits) {
  for (unsigned threads : {0u, 2u}) {
    skein::testing::manual_clock clock;
    skein::testing::memory_traces traces;
    skein::orchestrator hub{{.ledger = "memory:", .worker_threads = threads, .clock = &clock, .sinks = {traces.sink()}}};
    int tries = 0;
    hub.add(skein::agent{"flaky"}
                .on<alert>([&](alert const&) {
                  if (++tries < 3) throw std::runtime_error{"busy"};
                })
                .retry({.attempts_max = 3, .backoff_initial = 10s}));
    hub.publish(alert{1});
    auto const report = hub.run_until_idle();
    EXPECT_TRUE(report.ok());
    EXPECT_EQ(tries, 3);
    EXPECT_EQ(clock.now() - skein::testing::manual_clock::default_start, 30s);
    EXPECT_EQ(traces.spans().find("invoke_agent flaky").size(), 3u);
  }
}

TEST(a_manual_clock, gives_spans_and_artifacts_their_times) {
  skein::testing::manual_clock clock;
  skein::testing::memory_traces traces;
  skein::orchestrator hub{{.ledger = "memory:", .worker_threads = 0, .clock = &clock, .sinks = {traces.sink()}}};
  hub.add(skein::agent{"worker"}.on<alert>([&](alert const&) { clock.advance(2s); }));
  clock.advance(1h);
  hub.publish(alert{1});
  hub.run_until_idle();
  EXPECT_EQ(hub.artifacts<alert>().at(0).meta().created_at, skein::testing::manual_clock::default_start + 1h);
  auto const span = traces.spans().find("invoke_agent worker").front();
  EXPECT_EQ(span.end - span.start, 2s);
}

TEST(run_pending, does_not_wait_for_time) {
  skein::testing::manual_clock clock;
  skein::orchestrator hub{{.ledger = "memory:", .traces = "none", .worker_threads = 0, .clock = &clock}};
  int tries = 0;
  hub.add(skein::agent{"flaky"}
              .on<alert>([&](alert const&) {
                if (++tries == 1) throw std::runtime_error{"busy"};
              })
              .retry({.attempts_max = 2, .backoff_initial = 30s}));
  hub.publish(alert{1});
  hub.run_pending();
  hub.run_pending();
  EXPECT_EQ(tries, 1);
  clock.advance(30s);
  hub.run_pending();
  EXPECT_EQ(tries, 2);
}

}  // namespace
