// stop_on_signals.
#include "support/captured_log.hpp"
#include "support/hub_options.hpp"

#include "agents/support/tasks.hpp"

#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>

#include <latch>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

using skein::testing::code_thrown_by;
using skein::testing::in_memory;
using skein::testing::task;
using skein::testing::temporary_folder;

skein::orchestrator_options stopping(temporary_folder const& folder) {
  return {.ledger = "memory:", .traces = "sqlite:" + folder / "traces.db", .worker_threads = 1, .stop_on_signals = true};
}

TEST(stop_on_signals, ends_waits_and_the_run_as_cancelled) {
  skein::testing::captured_log const log;   // the hub goes with work open
  temporary_folder const folder;
  skein::run_id run;
  {
    skein::orchestrator hub{stopping(folder)};
    hub.add(skein::agent{"endless"}.on(skein::when<task>().self_trigger(), [](task const& t) {
                                     if (t.number == 0) ::raise(SIGTERM);
                                     return task{t.number + 1};
                                   }).publishes<task>());
    {
      skein::traced_run traced{hub, "stopped"};
      run = traced.id();
      hub.publish(task{0});
      auto const report = hub.run_until_idle();
      EXPECT_EQ(report.reason, "cancelled");
      EXPECT_FALSE(report.ok());
      EXPECT_EQ(hub.run_until_idle().reason, "cancelled") << "it stays so";
    }
  }
  auto const runs = skein::trace_store{folder / "traces.db"}.runs();
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].id, run);
  EXPECT_EQ(runs[0].status, skein::run_status::cancelled);
}

TEST(stop_on_signals, ends_an_invocation_and_a_wait_for_agents) {
  skein::testing::captured_log const log;
  temporary_folder const folder;
  std::latch go{1};
  skein::orchestrator hub{stopping(folder)};
  hub.add(skein::agent{"slow"}.on<task>([&](task const&) {
    ::raise(SIGINT);
    go.wait();
  }));
  EXPECT_EQ(code_thrown_by([&] { (void)hub.invoke<task>("slow", task{}); }), skein::errc::cancelled);
  EXPECT_EQ(code_thrown_by([&] { hub.wait_for_agents({"nobody"}, 1h); }), skein::errc::cancelled);
  go.count_down();
}

TEST(stop_on_signals, is_seen_by_handlers_here) {
  skein::testing::captured_log const log;
  temporary_folder const folder;
  auto options = stopping(folder);
  options.worker_threads = 0;
  {
    skein::orchestrator hub{options};
    hub.add(skein::agent{"endless"}.on<task>([](task const&, skein::context& ctx) {
      ::raise(SIGINT);
      while (!ctx.cancelled()) std::this_thread::yield();
    }));
    skein::traced_run run{hub, "stopped"};
    hub.publish_all(std::vector<task>{{1}, {2}});
    EXPECT_EQ(run.run_until_idle().reason, "cancelled");
  }
  EXPECT_EQ(log.text(), "") << "work that is left open was to be left";
}

TEST(stop_on_signals, a_run_that_had_ended_stays_completed) {
  temporary_folder const folder;
  {
    skein::orchestrator hub{stopping(folder)};
    {
      skein::traced_run const run{hub, "before"};
    }
  }
  EXPECT_EQ(skein::trace_store{folder / "traces.db"}.runs().at(0).status, skein::run_status::completed);
}

TEST(stop_on_signals, puts_the_handlers_back) {
  auto* const before = ::signal(SIGTERM, SIG_IGN);
  {
    auto options = in_memory();
    options.stop_on_signals = true;
    skein::orchestrator const hub{options};
    auto second = in_memory();
    second.stop_on_signals = true;
    EXPECT_EQ(code_thrown_by([&] { skein::orchestrator const other{second}; }), skein::errc::misuse) << "one hub at a time";
  }
  EXPECT_EQ(::signal(SIGTERM, before), SIG_IGN);
}

TEST(stop_on_signals, a_second_signal_ends_the_process) {
  temporary_folder const folder;
  ::pid_t const child = ::fork();
  if (child == 0) {
    auto options = in_memory();
    options.stop_on_signals = true;
    skein::orchestrator hub{options};
    ::raise(SIGTERM);
    ::raise(SIGTERM);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGTERM);
}

}  // namespace
