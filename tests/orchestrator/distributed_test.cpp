// A hub and workers in processes of their own.
#include "support/captured_log.hpp"
#include "support/errands.hpp"
#include "support/fifo.hpp"

#include "distributed/support/traces.hpp"

#include <skein/orchestrator/control_client.hpp>

#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>

#include <map>
#include <set>

using namespace std::chrono_literals;

namespace {

using skein::testing::captured_log;
using skein::testing::code_thrown_by;
using skein::testing::count;
using skein::testing::errand;
using skein::testing::expect_whole;
using skein::testing::fifo;
using skein::testing::receipt;
using skein::testing::temporary_folder;
using skein::testing::text_thrown_by;

skein::orchestrator_options options(temporary_folder const& folder, unsigned threads = 2) {
  return {.ledger = "sqlite:" + folder / "ledger.db", .traces = "sqlite:" + folder / "traces.db", .worker_threads = threads, .listen = {"ipc://" + folder / "bus"}};
}

skein::launch_options runners(unsigned replicas = 1) {
  return {.command = {TEST_WORKER, "--concurrency", "2", "--log", "error"}, .replicas = replicas, .name = "runner", .output = skein::worker_output::inherited, .backoff_initial = 1ms};
}

/// A worker that no hub launched.
::pid_t start_worker(temporary_folder const& folder, char const* name) {
  auto const endpoint = "ipc://" + folder / "bus";
  ::pid_t const pid = ::fork();
  if (pid != 0) return pid;
  ::execl(TEST_WORKER, TEST_WORKER, "--connect", endpoint.c_str(), "--name", name, "--log", "off", nullptr);
  ::_exit(127);
}

/// The exit code of a process once it has ended; -1 after a signal.
int exit_of(::pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::vector<errand> errands(int count, std::string const& how = {}) {
  std::vector<errand> all;
  for (int i = 0; i < count; ++i) all.push_back({i, how, {}});
  return all;
}

std::map<int, int> times_by_number(skein::orchestrator const& hub) {
  std::map<int, int> times;
  for (auto const& made : hub.artifacts<receipt>()) ++times[made->number];
  return times;
}

class with_threads : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(distributed, with_threads, testing::Values(0u, 2u));

TEST_P(with_threads, two_workers_handle_everything_once) {
  temporary_folder const folder;
  {
    skein::orchestrator hub{options(folder, GetParam())};
    auto const workers = hub.launch(runners(2));
    hub.wait_for_agents({"runner"}, 30s);
    hub.publish_all(errands(200));
    auto const report = hub.run_until_idle();
    EXPECT_TRUE(report.ok()) << report;
    EXPECT_EQ(report.activations.size(), 200u);
    auto const times = times_by_number(hub);
    EXPECT_EQ(times.size(), 200u);
    for (auto const& [number, handled] : times) EXPECT_EQ(handled, 1) << number;
  }
  expect_whole(skein::trace_store{folder / "traces.db"});
}

TEST(distributed, a_killed_worker_is_started_again_and_its_work_is_done) {
  captured_log const log;
  temporary_folder const folder;
  {
    skein::orchestrator hub{options(folder)};
    auto const workers = hub.launch(runners(2));
    hub.wait_for_agents({"runner"}, 30s);
    auto all = errands(60);
    all[20].how = "die once";
    hub.publish_all(all);
    auto const report = hub.run_until_idle();
    EXPECT_TRUE(report.ok()) << report;
    auto const times = times_by_number(hub);
    EXPECT_EQ(times.size(), 60u);
    for (auto const& [number, handled] : times) EXPECT_EQ(handled, 1) << number;
  }
  expect_whole(skein::trace_store{folder / "traces.db"});
  skein::trace_store const traces{folder / "traces.db"};
  EXPECT_GE(count(traces, "SELECT count(*) FROM spans WHERE name = 'invoke_agent runner' AND status_code = 'interrupted'"), 1);
}

TEST(distributed, a_trace_goes_through_all_processes) {
  temporary_folder const folder;
  std::map<std::string, std::string> service_of;
  {
    skein::orchestrator hub{options(folder)};
    hub.add(skein::agent{"clerk"}.on<receipt>([](receipt const&) { skein::span const filed{"filed"}; }));
    auto const workers = hub.launch(runners(2));
    hub.wait_for_agents({"runner", "clerk"}, 30s);
    {
      skein::traced_run const run{hub, "errands"};
      hub.publish(errand{1, "span", {}});
      auto const report = hub.run_until_idle();
      EXPECT_TRUE(report.ok()) << report;
      auto const tree = report.trace();
      ASSERT_TRUE(tree);
      std::ostringstream text;
      text << *tree;
      auto const at = [&](char const* name) { return text.str().find(name); };
      EXPECT_NE(at("publish tests.receipt"), std::string::npos) << text.str();
      EXPECT_LT(at("publish tests.errand"), at("invoke_agent runner"));
      EXPECT_LT(at("invoke_agent runner"), at("inside"));
      EXPECT_LT(at("inside"), at("publish tests.receipt"));
      EXPECT_LT(at("publish tests.receipt"), at("invoke_agent clerk"));
      EXPECT_LT(at("invoke_agent clerk"), at("filed"));
    }
  }
  expect_whole(skein::trace_store{folder / "traces.db"});
  for (auto const& row : skein::trace_store{folder / "traces.db"}.sql("SELECT name, service FROM spans")) service_of[row[0].text()] = row[1].text();
  EXPECT_TRUE(service_of["invoke_agent runner"].starts_with("runner-")) << service_of["invoke_agent runner"];
  EXPECT_EQ(service_of["inside"], service_of["invoke_agent runner"]);
  EXPECT_NE(service_of["invoke_agent clerk"], service_of["invoke_agent runner"]);
}

TEST(distributed, a_worker_sees_the_artifacts_of_the_board) {
  temporary_folder const folder;
  skein::orchestrator hub{options(folder)};
  hub.add(skein::agent{"clerk"}.on(skein::when<errand>().tagged("clerk"), [](errand const& e) { return receipt{e.number}; }).publishes<receipt>());
  for (int i = 0; i < 3; ++i) hub.publish(errand{i}, {.tags = {"clerk"}});
  hub.run_until_idle();
  auto const workers = hub.launch(runners());
  hub.wait_for_agents({"runner"}, 30s);
  auto const made = hub.invoke<receipt>("runner", errand{7, "look", {}});
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0]->note, "3");
}

TEST(distributed, a_worker_sees_nothing_that_is_hidden_from_its_agent) {
  temporary_folder const folder;
  skein::orchestrator hub{options(folder)};
  hub.publish(receipt{1});
  hub.publish(receipt{2}, {.visibility = skein::visible_to_agents{{"runner"}}});
  hub.publish(receipt{3}, {.visibility = skein::visible_to_agents{{"clerk"}}});
  hub.publish(receipt{4}, {.visibility = skein::visible_to_tenant{"acme"}});
  hub.run_until_idle();
  auto const workers = hub.launch(runners());
  hub.wait_for_agents({"runner"}, 30s);
  auto const made = hub.invoke<receipt>("runner", errand{7, "look at all", {}});
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0]->note, "2");
}

TEST(distributed, an_invoked_worker_answers_or_says_how_it_failed) {
  for (unsigned threads : {0u, 1u}) {
    temporary_folder const folder;
    skein::orchestrator hub{options(folder, threads)};
    auto const workers = hub.launch(runners());
    hub.wait_for_agents({"runner"}, 30s);
    EXPECT_EQ(hub.invoke<receipt>("runner", errand{7}).at(0)->number, 7);
    EXPECT_EQ(code_thrown_by([&] { (void)hub.invoke<receipt>("runner", errand{7, "fail", {}}); }), skein::errc::handler_failed);
  }
}

TEST(distributed, a_wait_for_agents_names_who_is_missing) {
  temporary_folder const folder;
  skein::orchestrator hub{options(folder)};
  hub.add(skein::agent{"clerk"}.on<receipt>([](receipt const&) {}));
  auto const text = text_thrown_by([&] { hub.wait_for_agents({"clerk", "runner", "critic"}, 1ms); });
  EXPECT_NE(text.find("runner, critic"), std::string::npos) << text;
  EXPECT_EQ(text.find("clerk"), std::string::npos) << text;
  EXPECT_EQ(code_thrown_by([&] { hub.wait_for_agents({"critic"}, 1ms); }), skein::errc::timeout);
  EXPECT_FALSE(code_thrown_by([&] { hub.wait_for_agents({"clerk"}, 0ms); }));
}

TEST(distributed, a_hub_that_does_not_listen_launches_nothing) {
  skein::orchestrator hub{skein::testing::in_memory()};
  EXPECT_TRUE(hub.endpoints().empty());
  EXPECT_EQ(code_thrown_by([&] { (void)hub.launch(runners()); }), skein::errc::misuse);
}

TEST(distributed, launch_refuses_what_cannot_be_right) {
  temporary_folder const folder;
  skein::orchestrator hub{options(folder)};
  EXPECT_EQ(code_thrown_by([&] { (void)hub.launch({}); }), skein::errc::invalid_argument);
  EXPECT_EQ(code_thrown_by([&] { (void)hub.launch({.command = {"true"}, .replicas = 0}); }), skein::errc::invalid_argument);
  EXPECT_EQ(code_thrown_by([&] { (void)hub.launch({.command = {"true"}, .name = "a b"}); }), skein::errc::invalid_argument);
  EXPECT_EQ(code_thrown_by([&] { (void)hub.launch({.command = {folder / "nothing"}}); }), skein::errc::io_failed);
}

TEST(distributed, endpoints_are_as_bound) {
  temporary_folder const folder;
  skein::orchestrator const hub{{.ledger = "memory:", .traces = "none", .worker_threads = 0, .listen = {"ipc://" + folder / "bus", "tcp://127.0.0.1:*"}}};
  auto const bound = hub.endpoints();
  ASSERT_EQ(bound.size(), 2u);
  EXPECT_EQ(bound[0], "ipc://" + folder / "bus");
  EXPECT_TRUE(bound[1].starts_with("tcp://127.0.0.1:")) << bound[1];
  EXPECT_EQ(bound[1].find('*'), std::string::npos);
}

TEST(distributed, tcp_off_loopback_without_keys_is_refused) {
  EXPECT_EQ(code_thrown_by([] {
              skein::orchestrator const hub{{.ledger = "memory:", .traces = "none", .worker_threads = 0, .listen = {"tcp://0.0.0.0:*"}}};
            }),
            skein::errc::misuse);
}

TEST(distributed, workers_finish_what_they_hold_when_the_hub_ends) {
  temporary_folder const folder;
  fifo told{folder, "told"}, go{folder, "told.go"};
  {
    skein::orchestrator hub{options(folder)};
    auto const workers = hub.launch(runners());
    hub.wait_for_agents({"runner"}, 30s);
    hub.publish(errand{1, "tell and wait", told.path()});
    (void)told.line();
    go.write("on");
  }
  skein::orchestrator hub{options(folder)};
  EXPECT_EQ(hub.artifacts<receipt>({.all_sessions = true}).size(), 1u);
  EXPECT_TRUE(hub.run_until_idle().open.empty());
}

TEST(distributed, a_worker_lives_through_a_killed_hub_and_its_work_counts_once) {
  captured_log const log;
  temporary_folder const folder;
  // What the killed hub had leased and not sent is given out again after this time.
  auto with = options(folder);
  with.grace = 500ms;
  fifo told{folder, "told"}, go{folder, "told.go"};
  // The worker is nobody's child: it outlives the first hub.
  ::pid_t const worker = start_worker(folder, "lasting");
  ::pid_t const first = ::fork();
  if (first == 0) {
    skein::orchestrator hub{with};
    hub.wait_for_agents({"runner"}, 30s);
    hub.publish_all(std::vector{errand{1, "tell and wait", told.path()}, errand{2}});
    for (;;) ::pause();
  }
  (void)told.line();
  ::kill(first, SIGKILL);
  ::waitpid(first, nullptr, 0);
  {
    skein::orchestrator hub{with};
    hub.wait_for_agents({"runner"}, 30s);
    go.write("on");
    auto const report = hub.run_until_idle();
    EXPECT_TRUE(report.ok()) << report;
    std::map<int, int> times;
    for (auto const& made : hub.artifacts<receipt>({.all_sessions = true})) ++times[made->number];
    EXPECT_EQ(times, (std::map<int, int>{{1, 1}, {2, 1}}));
  }
  ::kill(worker, SIGTERM);
  EXPECT_EQ(exit_of(worker), 0);
  expect_whole(skein::trace_store{folder / "traces.db"});
}

TEST(distributed, a_drained_worker_leaves) {
  temporary_folder const folder;
  skein::orchestrator hub{options(folder)};
  ::pid_t const worker = start_worker(folder, "leaving");
  hub.wait_for_agents({"runner"}, 30s);
  auto client = skein::control_client::connect(folder / "ledger.db").value();
  auto const hosts = client.request(R"({"request":"hosts"})").value();
  EXPECT_NE(hosts.find("leaving"), std::string::npos) << hosts;
  EXPECT_TRUE(client.request(R"({"request":"drain","host":"leaving"})"));
  EXPECT_EQ(exit_of(worker), 0);
}

TEST(distributed, launched_workers_end_with_the_hub_also_when_their_handle_lives_longer) {
  temporary_folder const folder;
  std::optional<skein::orchestrator> hub{options(folder)};
  auto workers = hub->launch(runners());
  hub->wait_for_agents({"runner"}, 30s);
  for (auto const& one : workers.workers()) EXPECT_GT(one.pid, 0) << one.name;
  hub.reset();
  for (auto const& one : workers.workers()) {
    EXPECT_EQ(one.pid, 0) << one.name;
    EXPECT_EQ(one.last_exit, "exit 0") << one.name;
  }
  workers.stop();
}

}  // namespace
