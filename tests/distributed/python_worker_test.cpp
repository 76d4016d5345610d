// examples/python_worker/worker.py as a worker of a hub: over tcp with keys, its trace, its end.
#include "support/child.hpp"
#include "support/traces.hpp"

#include "../examples/08_distributed/pizza.hpp"
#include "tracing/support/temporary_folder.hpp"

#include <skein/skein.hpp>

#include <gtest/gtest.h>

#include <csignal>

using namespace std::chrono_literals;

namespace skein::testing {
namespace {

/// A hub in this process that only lets in who has a key, and its Python worker.
struct with_python {
  with_python() : hub(options()) {}

  orchestrator_options options() const {
    EXPECT_EQ(run({SKEIN_COMMAND, "bus", "keygen", folder / "keys", "--worker", "python"}).code, 0);
    // The grace never ends by itself: no wait ends because a worker has vanished.
    return {.ledger = "sqlite:" + folder / "ledger.db", .traces = "sqlite:" + folder / "traces.db", .worker_threads = 2, .listen = {"tcp://127.0.0.1:*"},
            .keys = curve_keys::load(folder / "keys/hub.key_secret", folder / "keys/allowed"), .grace = 10min};
  }
  [[nodiscard]] child start() const {
    return child{{"/usr/bin/python3", PYTHON_WORKER, "--key", folder / "keys/python.key_secret", "--server-key", folder / "keys/hub.key"},
                 {.environment = {"SKEIN_CONNECT=" + hub.endpoints().front(), "SKEIN_NAME=python"}}};
  }
  [[nodiscard]] finished publish(std::string const& json) const {
    return run({SKEIN_COMMAND, "publish", "pizza.pizza", "--json", json, "--wait", "--ledger", folder / "ledger.db"});
  }
  [[nodiscard]] std::vector<std::string> reviews() const {
    std::vector<std::string> all;
    for (auto const& one : hub.artifacts<review>()) all.push_back(one->name + ' ' + std::to_string(one->stars));
    return all;
  }

  temporary_folder folder;
  orchestrator hub;
};

std::vector<pizza> pizzas(int count) {
  std::vector<pizza> all;
  for (int i = 0; i < count; ++i) all.push_back({"number " + std::to_string(i), 1.0 * i});
  return all;
}

TEST(python_worker, judges_pizzas_in_the_trace_of_who_published_them) {
  with_python here;
  auto worker = here.start();
  here.hub.wait_for_agents({"critic"}, 60s);
  auto const published = here.publish(R"({"name": "margherita", "price_eur": 9})");
  EXPECT_EQ(published.code, 0) << published.out;
  EXPECT_EQ(here.reviews(), (std::vector<std::string>{"margherita 9"}));
  traced_run::call(here.hub, "tasting", [&](traced_run&) {
    here.hub.publish(pizza{"tartufo", 21});
    EXPECT_TRUE(here.hub.run_until_idle().ok());
  });
  EXPECT_EQ(here.reviews(), (std::vector<std::string>{"margherita 9", "tartufo 4"}));
  EXPECT_TRUE(here.hub.flush());
  auto const traces = here.hub.traces();
  expect_whole(traces);
  EXPECT_EQ(count(traces, "SELECT count(*) FROM spans AS root JOIN spans AS given ON given.trace_id = root.trace_id AND given.parent_id = root.span_id "
                          "JOIN spans AS judged ON judged.trace_id = given.trace_id AND judged.parent_id = given.span_id "
                          "JOIN spans AS made ON made.trace_id = judged.trace_id AND made.parent_id = judged.span_id "
                          "WHERE root.name = 'tasting' AND given.name = 'publish pizza.pizza' AND judged.name = 'invoke_agent critic' "
                          "AND judged.service = 'python' AND made.name = 'publish pizza.review'"),
            1);
  EXPECT_EQ(count(traces, "SELECT count(*) FROM spans WHERE name = 'invoke_agent critic' AND status_code = 'unset'"), 2);
}

TEST(python_worker, says_what_failed_and_goes_on) {
  with_python here;
  auto worker = here.start();
  here.hub.wait_for_agents({"critic"}, 60s);
  // Only a program that knows the type checks its fields before: this one is told that the type is its own.
  auto const failed = here.publish(R"({"name": "without a price", "price_eur": null})");
  EXPECT_EQ(failed.code, 1) << failed.out;
  EXPECT_EQ(here.publish(R"({"name": "margherita", "price_eur": 9})").code, 0);
}

TEST(python_worker, finishes_and_says_goodbye_when_it_is_told_to_end) {
  with_python here;
  auto worker = here.start();
  here.hub.wait_for_agents({"critic"}, 60s);
  here.hub.publish_all(pizzas(100));
  worker.signal(SIGTERM);
  EXPECT_EQ(worker.wait(), 0);
  // Without its goodbye, this would wait for it to come back.
  auto const report = here.hub.run_until_idle();
  EXPECT_EQ(report.reason, "idle");
  std::uint64_t blocked = 0;
  for (auto const& one : report.blocked) blocked += one.count;
  EXPECT_EQ(here.reviews().size() + blocked, 100u);
  auto another = here.start();
  here.hub.wait_for_agents({"critic"}, 60s);
  EXPECT_TRUE(here.hub.run_until_idle().ok());
  EXPECT_EQ(here.reviews().size(), 100u);
}

TEST(python_worker, takes_up_what_it_held_when_it_was_killed) {
  with_python here;
  auto worker = here.start();
  here.hub.wait_for_agents({"critic"}, 60s);
  worker.signal(SIGSTOP);
  here.hub.publish_all(pizzas(100));
  worker.kill();
  here.hub.publish(pizza{"after its death", 9});
  auto again = here.start();
  EXPECT_TRUE(here.hub.run_until_idle().ok());
  EXPECT_EQ(here.reviews().size(), 101u);
  EXPECT_TRUE(here.hub.flush());
  expect_whole(here.hub.traces());
}

TEST(python_worker, leaves_when_it_is_drained) {
  with_python here;
  auto worker = here.start();
  here.hub.wait_for_agents({"critic"}, 60s);
  EXPECT_EQ(run({SKEIN_COMMAND, "bus", "drain", "python", "--ledger", here.folder / "ledger.db"}).code, 0);
  EXPECT_EQ(worker.wait(), 0);
}

}  // namespace
}  // namespace skein::testing
