// kill -9, and the next process on the same files.
#include "support/hub_options.hpp"

#include "distributed/support/traces.hpp"

#include <skein/tracing/sqlite.hpp>

#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <random>
#include <set>

namespace {

using skein::testing::temporary_folder;

struct ping {
  int number = 0;
  SKEIN_ARTIFACT("crash.ping", 1, number)
};
struct pong {
  int number = 0;
  SKEIN_ARTIFACT("crash.pong", 1, number)
};
struct end {
  int number = 0;
  SKEIN_ARTIFACT("crash.end", 1, number)
};

skein::orchestrator_options options(temporary_folder const& folder, unsigned threads, skein::local_link link) {
  return {.ledger = "sqlite:" + folder / "ledger.db", .traces = "sqlite:" + folder / "traces.db", .worker_threads = threads, .local_link = link};
}

void add_agents(skein::orchestrator& hub) {
  hub.add(skein::agent{"returner"}.on<ping>([](ping const& p) { return pong{p.number}; }).publishes<pong>().max_concurrency(2));
  hub.add(skein::agent{"closer"}.on<pong>([](pong const& p) { return end{p.number}; }).publishes<end>().max_concurrency(2));
}

/// Publishes until it is killed, some of it in runs; each number goes to the pipe when it is acknowledged.
[[noreturn]] void publish_for_ever(skein::orchestrator_options const& with, int acknowledged) {
  skein::orchestrator hub{with};
  add_agents(hub);
  for (int n = 0;; n += 4) {
    auto const tell = [&](int number) {
      if (::write(acknowledged, &number, sizeof number) != sizeof number) ::_exit(1);
    };
    hub.publish(ping{n});
    tell(n);
    skein::traced_run run{hub, "batch"};
    hub.publish(ping{n + 1});
    tell(n + 1);
    hub.publish_all(std::vector{ping{n + 2}, ping{n + 3}});
    tell(n + 2);
    tell(n + 3);
  }
}

/// Starts the program, kills it after `count` acknowledgements; all numbers that were acknowledged.
std::set<int> run_and_kill(skein::orchestrator_options const& with, int count) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  ::pid_t const child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    publish_for_ever(with, ends[1]);
  }
  ::close(ends[1]);
  std::set<int> numbers;
  for (int number = 0; ::read(ends[0], &number, sizeof number) == sizeof number;) {
    numbers.insert(number);
    if (static_cast<int>(numbers.size()) == count) ::kill(child, SIGKILL);
  }
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return numbers;
}

/// How often each payload of a type is on the ledger, by its number.
std::map<int, int> count_by_number(std::string const& ledger, std::string const& type) {
  auto file = skein::sqlite::database::open(ledger, skein::sqlite::open_mode::read_only).value();
  auto rows = file.prepare("SELECT payload FROM artifacts WHERE type = ?1").value();
  rows.bind(1, type);
  std::map<int, int> counts;
  while (rows.step().value()) {
    auto const bytes = rows.blob(0);
    skein::payload const packed{skein::bytes(bytes.begin(), bytes.end())};
    ++counts[skein::value_of<end>(packed).value()->number];   // All three types have the same fields.
  }
  return counts;
}

class a_killed_hub : public testing::TestWithParam<std::tuple<int, skein::local_link>> {};

TEST_P(a_killed_hub, is_continued_without_loss_and_without_orphans) {
  auto const [seed, link] = GetParam();
  temporary_folder const folder;
  std::mt19937 random(static_cast<unsigned>(seed));
  auto const acknowledged = run_and_kill(options(folder, 2, link), 1 + static_cast<int>(random() % 60));
  ASSERT_FALSE(acknowledged.empty());
  {
    skein::orchestrator hub{options(folder, 2, link)};
    add_agents(hub);
    auto const report = hub.run_until_idle();
    EXPECT_TRUE(report.ok()) << report;
    EXPECT_TRUE(report.blocked.empty());
  }
  auto const ledger = folder / "ledger.db";
  auto const pings = count_by_number(ledger, "crash.ping"), pongs = count_by_number(ledger, "crash.pong"), ends = count_by_number(ledger, "crash.end");
  for (int number : acknowledged) EXPECT_TRUE(pings.contains(number)) << "lost " << number;
  for (auto const& [number, times] : pings) EXPECT_EQ(times, 1) << number;
  EXPECT_EQ(pongs, pings) << "each is handled, and none has a child twice";
  EXPECT_EQ(ends, pings);

  skein::trace_store const traces{folder / "traces.db"};
  skein::testing::expect_whole(traces);
  EXPECT_EQ(skein::testing::count(traces, "SELECT count(*) FROM runs WHERE status = 'running'"), 0);
  EXPECT_EQ(skein::testing::count(traces, "SELECT count(*) FROM spans WHERE run_id NOT IN (SELECT run_id FROM runs)"), 0);
}

INSTANTIATE_TEST_SUITE_P(seeds, a_killed_hub,
                         testing::Combine(testing::Range(1, 4), testing::Values(skein::local_link::direct, skein::local_link::inproc)));

}  // namespace
