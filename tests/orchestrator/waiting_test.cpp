// run_until_idle, its report, and run_pending.
#include "support/captured_log.hpp"
#include "support/hub_options.hpp"

#include "agents/support/tasks.hpp"

#include <skein/testing.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <latch>
#include <sstream>
#include <thread>

using namespace std::chrono_literals;

namespace {

using skein::testing::answer;
using skein::testing::code_thrown_by;
using skein::testing::durable;
using skein::testing::in_memory;
using skein::testing::task;
using skein::testing::temporary_folder;

TEST(run_until_idle, returns_at_once_when_there_is_nothing_to_do) {
  skein::orchestrator hub{in_memory(2)};
  auto const report = hub.run_until_idle();
  EXPECT_TRUE(report.ok());
  EXPECT_TRUE(report.activations.empty());
}

TEST(run_until_idle, reports_each_activation_once) {
  skein::orchestrator hub{in_memory()};
  hub.add(skein::agent{"worker"}.on<task>([](task const&) {}));
  hub.publish(task{1});
  EXPECT_EQ(hub.run_until_idle().activations.size(), 1u);
  hub.publish(task{2});
  EXPECT_EQ(hub.run_until_idle().activations.size(), 1u);
  EXPECT_TRUE(hub.run_until_idle().activations.empty());
}

TEST(run_until_idle, times_out_and_names_what_it_waited_for) {
  for (auto link : {skein::local_link::direct, skein::local_link::inproc}) {
    auto options = in_memory(1);
    options.local_link = link;
    skein::orchestrator hub{options};
    std::latch started{1}, go{1};
    hub.add(skein::agent{"slow"}.on<task>([&](task const&) {
      started.count_down();
      go.wait();
    }));
    hub.publish(task{1});
    started.wait();
    auto const report = hub.run_until_idle(1ms);
    EXPECT_EQ(report.reason, "timeout");
    EXPECT_FALSE(report.ok());
    ASSERT_EQ(report.open.size(), 1u);
    EXPECT_EQ(report.open[0].agent, "slow");
    EXPECT_EQ(report.open[0].state, "leased");
    EXPECT_EQ(report.open[0].count, 1u);
    go.count_down();
    EXPECT_TRUE(hub.run_until_idle().ok());
  }
}

TEST(run_until_idle, times_out_between_handlers_that_never_end) {
  skein::testing::captured_log const log;  // the rest of the work is lost with the hub
  skein::orchestrator hub{in_memory(0)};
  hub.add(skein::agent{"mill"}.on(skein::when<task>().self_trigger(), [](task const& t) { return task{t.number + 1}; }).publishes<task>());
  hub.publish(task{0});
  EXPECT_EQ(hub.run_until_idle(2ms).reason, "timeout");
}

TEST(run_until_idle, inside_a_handler_is_misuse) {
  skein::orchestrator hub{in_memory(1)};
  std::vector<std::optional<skein::errc>> codes;
  hub.add(skein::agent{"worker"}.on<task>([&](task const&) {
    codes.push_back(code_thrown_by([&] { hub.run_until_idle(); }));
    codes.push_back(code_thrown_by([&] { hub.run_pending(); }));
    codes.push_back(code_thrown_by([&] { (void)hub.invoke<answer>("worker", task{}); }));
  }));
  hub.publish(task{1});
  EXPECT_TRUE(hub.run_until_idle().ok());
  EXPECT_EQ(codes, std::vector<std::optional<skein::errc>>(3, skein::errc::misuse));
}

TEST(run_until_idle, may_be_called_by_several_threads) {
  for (unsigned threads : {0u, 2u}) {
    skein::orchestrator hub{in_memory(threads)};
    std::atomic<int> handled = 0;
    hub.add(skein::agent{"worker"}.on(skein::when<task>().self_trigger(),
                                      [&](task const& t) {
                                        ++handled;
                                        return t.number > 0 ? std::vector{task{t.number - 1}, task{t.number - 1}} : std::vector<task>{};
                                      })
                .publishes<task>());
    hub.publish(task{6});
    std::vector<std::thread> waiting;
    for (int i = 0; i < 3; ++i) {
      waiting.emplace_back([&] {
        hub.run_until_idle();
        EXPECT_EQ(handled, 127);
      });
    }
    for (auto& thread : waiting) thread.join();
  }
}

TEST(run_until_idle, of_one_thread_leaves_no_work_that_another_one_waits_for) {
  skein::orchestrator hub{in_memory(0)};
  std::latch inside{1}, go{1};
  int handled = 0;
  hub.add(skein::agent{"worker"}.on<task>([&](task const&) {
    if (++handled > 1) return;
    inside.count_down();
    go.wait();
  }));
  hub.publish(task{1});
  hub.publish(task{2});
  // The first thread may give up while the second activation is queued behind the handler that it is in.
  std::thread impatient{[&] { (void)hub.run_until_idle(0s); }};
  inside.wait();
  std::thread patient{[&] { EXPECT_EQ(hub.run_until_idle().reason, "idle"); }};
  go.count_down();
  impatient.join();
  patient.join();
  EXPECT_EQ(handled, 2);
}

TEST(max_concurrency, is_one_by_default) {
  skein::orchestrator hub{in_memory(8)};
  std::atomic<int> inside = 0, most = 0;
  hub.add(skein::agent{"worker"}.on<task>([&](task const&) {
    most = std::max(most.load(), ++inside);
    std::this_thread::yield();
    --inside;
  }));
  for (int i = 0; i < 100; ++i) hub.publish(task{i});
  EXPECT_TRUE(hub.run_until_idle().ok());
  EXPECT_EQ(most, 1);
}

TEST(max_concurrency, is_reached_and_not_exceeded) {
  for (bool on_disk : {false, true}) {
    for (auto link : {skein::local_link::direct, skein::local_link::inproc}) {
      temporary_folder const folder;
      auto options = on_disk ? durable(folder, 8) : in_memory(8);
      options.local_link = link;
      skein::orchestrator hub{options};
      std::barrier three{3};
      std::atomic<int> inside = 0;
      std::atomic<bool> exceeded = false;
      // Nobody leaves before three are in.
      hub.add(skein::agent{"worker"}.on<task>([&](task const&) {
        if (++inside > 3) exceeded = true;
        three.arrive_and_wait();
        --inside;
      }).max_concurrency(3));
      for (int i = 0; i < 30; ++i) hub.publish(task{i});
      EXPECT_TRUE(hub.run_until_idle().ok());
      EXPECT_FALSE(exceeded);
    }
  }
}

TEST(handlers, that_wait_for_each_other_all_get_a_thread) {
  // The first activation's child must be on the board although the thread that made it is inside the next handler.
  for (bool on_disk : {false, true}) {
    for (auto link : {skein::local_link::direct, skein::local_link::inproc}) {
      temporary_folder const folder;
      auto options = on_disk ? durable(folder, 2) : in_memory(2);
      options.local_link = link;
      skein::orchestrator hub{options};
      std::latch answered{1};
      hub.add(skein::agent{"worker"}
                  .on<task>([&](task const& t) -> std::optional<answer> {
                    if (t.number == 1) return answer{1};
                    answered.wait();
                    return std::nullopt;
                  })
                  .publishes<answer>());
      hub.add(skein::agent{"reader"}.on<answer>([&](answer const&) { answered.count_down(); }));
      hub.publish_all(std::vector{task{1}, task{2}});
      EXPECT_TRUE(hub.run_until_idle().ok());
    }
  }
}

TEST(report, is_printed_in_a_few_lines) {
  skein::orchestrator hub{in_memory()};
  hub.add(skein::agent{"good"}.on<task>([](task const&) {}));
  hub.publish(task{1});
  std::ostringstream text;
  text << hub.run_until_idle();
  EXPECT_EQ(text.str(), "idle: 1 activation done, 0 failed");
  hub.add(skein::agent{"bad"}.on<task>([](task const&) { throw std::runtime_error{"no"}; }));
  hub.publish_all(std::vector{task{1}, task{2}});
  text.str("");
  text << hub.run_until_idle();
  EXPECT_EQ(text.str(),
            "idle: 2 activations done, 2 failed\n"
            "  failed   bad (attempt 1): std::runtime_error: no\n"
            "  failed   bad (attempt 1): std::runtime_error: no");
}

TEST(report, covers_the_run_that_the_caller_is_in) {
  skein::orchestrator hub{in_memory()};
  hub.add(skein::agent{"worker"}.on<task>([](task const&) {}));
  hub.publish(task{1});
  {
    skein::traced_run run{hub, "mine"};
    hub.publish(task{2});
    auto const report = hub.run_until_idle();
    ASSERT_EQ(report.activations.size(), 1u);
    EXPECT_EQ(report.activations[0].run, run.id());
    EXPECT_EQ(report.activations[0].agent, "worker");
    EXPECT_EQ(report.activations[0].attempt, 1u);
    EXPECT_TRUE(report.activations[0].ok);
  }
  EXPECT_EQ(hub.run_until_idle().activations.size(), 1u) << "what closed outside, and was not reported";
}

TEST(report, gives_the_trace_of_its_run) {
  temporary_folder const folder;
  skein::orchestrator hub{{.ledger = "memory:", .traces = "sqlite:" + folder / "traces.db", .worker_threads = 1}};
  hub.add(skein::agent{"worker"}.on<task>([](task const&) {}));
  skein::traced_run run{hub, "mine"};
  hub.publish(task{1});
  auto const report = hub.run_until_idle();
  auto const tree = report.trace();
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->name, "mine");
  ASSERT_EQ(tree->children.size(), 2u);
  EXPECT_EQ(tree->children[0].name, "publish test.task");
  EXPECT_EQ(tree->children[1].name, "run_until_idle");
  EXPECT_EQ(tree->children[0].children.at(0).name, "invoke_agent worker");
}

TEST(report, outside_any_run_gives_a_trace_when_it_covers_one_run) {
  temporary_folder const folder;
  skein::orchestrator hub{{.ledger = "memory:", .traces = "sqlite:" + folder / "traces.db", .worker_threads = 0}};
  hub.add(skein::agent{"worker"}.on<task>([](task const&) {}));
  hub.publish(task{1});
  auto const tree = hub.run_until_idle().trace();
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->name, "publish test.task");
  hub.publish_all(std::vector{task{1}, task{2}});
  EXPECT_FALSE(hub.run_until_idle().trace()) << "of several runs there is no one trace";
}

TEST(report, of_a_hub_without_a_traces_file_has_no_trace) {
  skein::orchestrator hub{in_memory()};
  hub.add(skein::agent{"worker"}.on<task>([](task const&) {}));
  hub.publish(task{1});
  EXPECT_FALSE(hub.run_until_idle().trace());
  EXPECT_EQ(code_thrown_by([&] { (void)hub.traces(); }), skein::errc::misuse);
}

TEST(report, counts_what_is_past_its_limit) {
  auto options = in_memory();
  options.report_entries_max = 3;
  skein::orchestrator hub{options};
  hub.add(skein::agent{"worker"}.on<task>([](task const&) {}));
  for (int i = 0; i < 5; ++i) hub.publish(task{i});
  auto const report = hub.run_until_idle();
  EXPECT_EQ(report.activations.size(), 3u);
  EXPECT_EQ(report.omitted, 2u);
}

TEST(run_pending, runs_what_is_due_and_what_follows_from_it) {
  for (auto link : {skein::local_link::direct, skein::local_link::inproc}) {
    temporary_folder const folder;
    auto options = durable(folder);
    options.local_link = link;
    skein::orchestrator hub{options};
    hub.add(skein::agent{"worker"}.on<task>([](task const& t) { return answer{t.number}; }).publishes<answer>());
    int seen = 0;
    hub.add(skein::agent{"reader"}.on<answer>([&](answer const&) { ++seen; }));
    hub.publish(task{1});
    hub.run_pending();
    EXPECT_EQ(seen, 1);
    EXPECT_EQ(hub.run_until_idle().activations.size(), 2u);
  }
}

TEST(idle, with_no_threads_is_deterministic) {
  auto const order = [] {
    skein::orchestrator hub{in_memory(0)};
    std::vector<int> seen;
    for (auto const* name : {"a", "b"}) {
      hub.add(skein::agent{name}.on<task>([&seen, name](task const& t) { seen.push_back(t.number * (*name == 'a' ? 1 : -1)); }).max_concurrency(2));
    }
    for (int i = 1; i <= 20; ++i) hub.publish(task{i});
    hub.run_until_idle();
    return seen;
  };
  EXPECT_EQ(order(), order());
}

TEST(idle, means_that_the_rows_of_all_ended_runs_are_known) {
  skein::testing::memory_traces traces;
  skein::orchestrator hub{{.ledger = "memory:", .worker_threads = 8, .sinks = {traces.sink()}}};
  hub.add(skein::agent{"worker"}.on<task>([](task const&) {}).max_concurrency(8));
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 20; ++i) hub.publish(task{i});
    hub.run_until_idle();
    auto const runs = traces.runs();
    EXPECT_EQ(std::count_if(runs.begin(), runs.end(), [](auto const& run) { return run.status == skein::run_status::completed; }),
              static_cast<std::ptrdiff_t>(runs.size()));
  }
  EXPECT_EQ(traces.runs().size(), 400u);
}

}  // namespace
