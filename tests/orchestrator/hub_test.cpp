// Making and ending a hub: options, locks, restarts.
#include "support/captured_log.hpp"
#include "support/hub_options.hpp"

#include "agents/support/tasks.hpp"

#include <skein/testing.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <latch>
#include <thread>

namespace {

using skein::testing::answer;
using skein::testing::captured_log;
using skein::testing::code_thrown_by;
using skein::testing::durable;
using skein::testing::in_memory;
using skein::testing::task;
using skein::testing::temporary_folder;
using skein::testing::text_thrown_by;

/// The working directory, for a while.
class working_directory {
 public:
  explicit working_directory(std::filesystem::path const& folder) : before_(std::filesystem::current_path()) { std::filesystem::current_path(folder); }
  working_directory(working_directory const&) = delete;
  working_directory& operator=(working_directory const&) = delete;
  ~working_directory() { std::filesystem::current_path(before_); }

 private:
  std::filesystem::path before_;
};

bool contains(std::string const& text, std::string const& part) { return text.find(part) != std::string::npos; }

TEST(options, that_cannot_be_right_are_refused_by_name) {
  for (auto const* ledger : {"foo:", "sqlite:", "", "memory"}) {
    EXPECT_EQ(code_thrown_by([&] { skein::orchestrator hub{{.ledger = ledger, .traces = "none"}}; }), skein::errc::invalid_argument) << ledger;
  }
  EXPECT_TRUE(contains(text_thrown_by([] { skein::orchestrator hub{{.ledger = "foo:"}}; }), "\"foo:\""));
  EXPECT_EQ(code_thrown_by([] { skein::orchestrator hub{{.ledger = "memory:", .traces = "file.db"}}; }), skein::errc::invalid_argument);
}

TEST(options, default_to_files_in_the_working_directory) {
  temporary_folder const folder;
  working_directory const here{folder.path()};
  {
    skein::orchestrator hub;
    hub.publish(task{1});
  }
  EXPECT_TRUE(std::filesystem::exists(".skein/ledger.db"));
  EXPECT_EQ(skein::trace_store{".skein/traces.db"}.runs().size(), 1u);
}

TEST(a_ledger, that_is_in_use_is_refused_naming_the_process) {
  temporary_folder const folder;
  working_directory const here{folder.path()};
  skein::orchestrator first;
  EXPECT_EQ(code_thrown_by([] { skein::orchestrator second; }), skein::errc::locked);
  auto const text = text_thrown_by([] { skein::orchestrator second; });
  EXPECT_TRUE(contains(text, std::to_string(::getpid()))) << text;
  EXPECT_TRUE(contains(text, "ledger.db")) << text;
  EXPECT_TRUE(first.run_until_idle().ok());
}

TEST(a_ledger, that_cannot_be_made_is_refused_naming_the_file_and_the_way_out) {
  temporary_folder const folder;
  std::ofstream{folder / "file"} << "x";
  auto const open = [&] { skein::orchestrator hub{{.ledger = "sqlite:" + folder / "file" + "/ledger.db", .traces = "none"}}; };
  EXPECT_EQ(code_thrown_by(open), skein::errc::io_failed);
  EXPECT_TRUE(contains(text_thrown_by(open), folder / "file")) << text_thrown_by(open);
  EXPECT_TRUE(contains(text_thrown_by(open), "another path")) << text_thrown_by(open);
}

TEST(two_hubs, with_memory_ledgers_share_a_process_and_default_traces) {
  temporary_folder const folder;
  working_directory const here{folder.path()};
  captured_log const log;
  {
    skein::orchestrator first{{.ledger = "memory:", .worker_threads = 1}}, second{{.ledger = "memory:", .worker_threads = 1}};
    int handled = 0;
    first.add(skein::agent{"worker"}.on<task>([&](task const&) { ++handled; }));
    for (auto* hub : {&first, &second}) {
      hub->publish(task{1});
      EXPECT_TRUE(hub->run_until_idle().ok());
      EXPECT_TRUE(hub->flush());
    }
    EXPECT_EQ(handled, 1);
    EXPECT_EQ(first.traces().runs().at(0).spans, 2u);
    EXPECT_EQ(second.traces().runs().at(0).spans, 1u);
  }
  EXPECT_TRUE(std::filesystem::exists(".skein/traces-" + std::to_string(::getpid()) + ".db"));
  EXPECT_EQ(log.lines(), 1u) << log.text();
}

TEST(two_hubs, may_call_each_other_from_handlers) {
  skein::testing::memory_traces traces;
  skein::orchestrator first{{.ledger = "memory:", .worker_threads = 1, .sinks = {traces.sink()}}};
  skein::orchestrator second{{.ledger = "memory:", .worker_threads = 1, .sinks = {traces.sink()}}};
  second.add(skein::agent{"inner"}.on<task>([](task const& t) { return answer{t.number + 1}; }).publishes<answer>());
  std::atomic<int> got = 0;
  first.add(skein::agent{"outer"}.on<task>([&](task const& t) { got = second.invoke<answer>("inner", t).at(0)->number; }));
  first.publish(task{1});
  EXPECT_TRUE(first.run_until_idle().ok());
  EXPECT_EQ(got, 2);
  auto const inner = traces.spans().find("invoke_agent inner"), outer = traces.spans().find("invoke_agent outer");
  ASSERT_EQ(inner.size(), 1u);
  EXPECT_EQ(inner[0].context.trace, outer[0].context.trace);
}

TEST(a_hub_destroyed_with_work_in_flight, on_a_memory_ledger_says_so_once) {
  for (unsigned threads : {0u, 1u}) {
    captured_log const log;
    {
      skein::orchestrator hub{in_memory(threads)};
      std::latch started{1}, go{1};
      hub.add(skein::agent{"worker"}.on<task>([&](task const& t, skein::context& ctx) {
        if (t.number > 0) return;
        started.count_down();
        // Running handlers are finished, and see that nobody waits for them any more.
        while (!ctx.cancelled()) std::this_thread::yield();
      }));
      for (int i = 0; i < 3; ++i) hub.publish(task{i});
      if (threads > 0) started.wait();
    }
    EXPECT_EQ(log.lines(), 1u) << log.text();
    EXPECT_TRUE(contains(log.text(), threads > 0 ? "2 activations open" : "3 activations open")) << log.text();
  }
}

TEST(a_hub_destroyed_with_work_in_flight, without_any_is_silent) {
  captured_log const log;
  { skein::orchestrator hub{in_memory(2)}; }
  EXPECT_EQ(log.lines(), 0u) << log.text();
}

TEST(a_hub_destroyed_with_work_in_flight, on_a_durable_ledger_is_continued_by_the_next) {
  for (auto link : {skein::local_link::direct, skein::local_link::inproc}) {
    temporary_folder const folder;
    captured_log const log;
    std::atomic<int> first = 0, second = 0, answers = 0;
    auto options = durable(folder, 1);
    options.local_link = link;
    {
      skein::orchestrator hub{options};
      std::latch started{1};
      hub.add(skein::agent{"worker"}
                  .on<task>([&](task const&, skein::context& ctx) {
                    ++first;
                    started.count_down();
                    while (!ctx.cancelled()) std::this_thread::yield();
                    return answer{};
                  })
                  .publishes<answer>());
      for (int i = 0; i < 5; ++i) hub.publish(task{i});
      started.wait();
    }
    EXPECT_EQ(first, 1) << "nothing new is started";
    skein::orchestrator hub{options};
    hub.add(skein::agent{"worker"}
                .on<task>([&](task const& t) {
                  ++second;
                  return answer{t.number};
                })
                .publishes<answer>());
    hub.add(skein::agent{"reader"}.on<answer>([&](answer const&) { ++answers; }));
    EXPECT_TRUE(hub.run_until_idle().ok());
    EXPECT_EQ(second, 4) << "what was finished is not done again";
    EXPECT_EQ(answers, 4) << "those of the first hub came before the reader was there";
    EXPECT_EQ(log.lines(), 0u) << log.text();
  }
}

TEST(work_that_an_earlier_hub_left, is_blocked_until_its_agent_is_added) {
  temporary_folder const folder;
  {
    skein::orchestrator hub{durable(folder)};
    hub.add(skein::agent{"worker"}.on<task>([](task const&) {}));
    hub.publish(task{1});
  }
  skein::orchestrator hub{durable(folder)};
  auto const report = hub.run_until_idle();
  EXPECT_EQ(report.reason, "idle");
  ASSERT_EQ(report.blocked.size(), 1u);
  EXPECT_EQ(report.blocked[0].agent, "worker");
  EXPECT_EQ(report.blocked[0].count, 1u);
  hub.add(skein::agent{"worker"}.on<task>([](task const&) {}));
  auto const done = hub.run_until_idle();
  EXPECT_EQ(done.activations.size(), 1u);
  EXPECT_TRUE(done.blocked.empty());
}

TEST(work_that_an_earlier_hub_left, continues_its_run_and_trace) {
  temporary_folder const folder;
  auto options = durable(folder);
  options.traces = "sqlite:" + folder / "traces.db";
  skein::run_id id;
  {
    skein::orchestrator hub{options};
    hub.add(skein::agent{"worker"}.on<task>([](task const&) {}));
    skein::traced_run run{hub, "two_hubs"};
    id = run.id();
    hub.publish(task{1});
  }
  skein::orchestrator hub{options};
  hub.add(skein::agent{"worker"}.on<task>([](task const&, skein::context& ctx) { EXPECT_EQ(ctx.attempt(), 2u); }));
  EXPECT_TRUE(hub.run_until_idle().ok());
  EXPECT_TRUE(hub.flush());
  auto const tree = hub.traces().tree(id);
  EXPECT_EQ(tree.name, "two_hubs");
  ASSERT_EQ(tree.children.size(), 1u);
  auto const& attempts = tree.children[0].children;
  EXPECT_TRUE(std::any_of(attempts.begin(), attempts.end(), [](auto const& one) { return one.record.status == skein::status_code::unset; }));
}

TEST(work_that_an_earlier_hub_left, ends_its_run_and_keeps_what_was_known_of_it) {
  temporary_folder const folder;
  auto options = durable(folder);
  options.traces = "sqlite:" + folder / "traces.db";
  {
    skein::orchestrator hub{options};
    hub.add(skein::agent{"worker"}.on<task>([](task const&) {}));
    hub.publish(task{1});
    skein::traced_run run{hub, "named", {.tags = {{"team", "search"}, {"parts", std::vector<std::string>{"a", "b"}}}, .session = "s-1", .user = "ada"}};
    run.set_attribute("size", 3);
    hub.publish(task{2});
  }
  skein::orchestrator hub{options};
  hub.add(skein::agent{"worker"}.on<task>([](task const&) {}));
  EXPECT_EQ(hub.run_until_idle().activations.size(), 2u);
  EXPECT_TRUE(hub.flush());
  auto const store = hub.traces();
  auto const plain = store.runs({.name = "publish test.task"});
  ASSERT_EQ(plain.size(), 1u);
  EXPECT_EQ(plain[0].status, skein::run_status::completed);
  auto const named = store.runs({.name = "named"});
  ASSERT_EQ(named.size(), 1u);
  EXPECT_NE(named[0].status, skein::run_status::running);
  EXPECT_EQ(named[0].tags, R"({"parts":["a","b"],"team":"search"})");
  EXPECT_EQ(named[0].attributes, R"({"size":3})");
  EXPECT_EQ(named[0].session, "s-1");
  EXPECT_EQ(named[0].user, "ada");
}

TEST(work_that_an_earlier_hub_left, is_not_started_before_all_agents_are_there) {
  temporary_folder const folder;
  {
    skein::orchestrator hub{durable(folder)};
    hub.add(skein::agent{"first"}.on<task>([](task const& t) { return answer{t.number}; }).publishes<answer>());
    for (int i = 0; i < 20; ++i) hub.publish(task{i});
  }
  std::atomic<int> seen = 0;
  skein::orchestrator hub{durable(folder, 4)};
  hub.add(skein::agent{"first"}.on<task>([](task const& t) { return answer{t.number}; }).publishes<answer>());
  for (int i = 0; i < 10; ++i) hub.add(skein::agent{"between" + std::to_string(i)});
  hub.add(skein::agent{"second"}.on<answer>([&](answer const&) { ++seen; }));
  EXPECT_TRUE(hub.run_until_idle().ok());
  EXPECT_EQ(seen, 20);
}

}  // namespace
