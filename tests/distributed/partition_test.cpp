// A hub and a worker on two networks whose wire is cut.
#include "support/child.hpp"
#include "support/traces.hpp"
#include "support/two_networks.hpp"

#include "orchestrator/support/fifo.hpp"

#include <skein/orchestrator/control_client.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <csignal>

namespace skein::testing {
namespace {

/// A hub on one network, workers on both; what passes between them is recorded.
struct partitioned {
  explicit partitioned(std::vector<std::string> const& hub_options = {}) : hub(start_hub(hub_options)) { EXPECT_NE(hub.line().find(address), std::string::npos); }

  child start_hub(std::vector<std::string> const& more) const {
    EXPECT_EQ(run({SKEIN_COMMAND, "bus", "keygen", folder / "keys", "--worker", "far"}).code, 0);
    std::vector<std::string> command{TEST_HUB, "ledger=sqlite:" + folder / "ledger.db", "traces=sqlite:" + folder / "traces.db", "listen=" + address,
                                     "listen=ipc://" + folder / "bus", "key=" + folder / "keys/hub.key_secret", "allowed=" + folder / "keys/allowed"};
    command.insert(command.end(), more.begin(), more.end());
    return child{command, {.network = networks.near()}};
  }
  [[nodiscard]] child start_far() const {
    return child{{TEST_WORKER, "--connect", address, "--key", folder / "keys/far.key_secret", "--server-key", folder / "keys/hub.key", "--name", "far", "--concurrency",
                  "2", "--credit", "16", "--log", "error"},
                 {.network = networks.far()}};
  }
  [[nodiscard]] child start_near() const {
    return child{{TEST_WORKER, "--connect", "ipc://" + folder / "bus", "--name", "near", "--log", "error"}, {.network = networks.near()}};
  }
  [[nodiscard]] std::int64_t counter(char const* name) const {
    auto const status = control_client::connect(folder / "ledger.db").value().request(R"({"request":"status"})").value();
    return nlohmann::json::parse(status)["counters"][name].get<std::int64_t>();
  }
  void end() {
    hub.end_input();
    EXPECT_EQ(hub.wait(), 0);
  }

  temporary_folder folder;
  fifo told{folder, "told"}, go{folder, "told.go"};
  two_networks networks;
  std::string const address = std::string{"tcp://"} + two_networks::near_address + ":7411";
  wire_recorder wire{networks, folder / "packets"};
  child hub;
};

TEST(partition, that_heals_within_the_lease_loses_and_repeats_nothing) {
  partitioned here;
  fifo others{here.folder, "others"};
  auto far = here.start_far();
  EXPECT_EQ(here.hub.ask("agents runner"), "here");
  EXPECT_EQ(here.hub.ask("errands 31 wait_once " + here.told.path() + ' ' + others.path()), "published");
  (void)here.told.line();
  // The first is being handled; the others come and go beside it.
  for (int i = 0; i < 30; ++i) (void)others.line();
  here.networks.cut();
  here.go.write("on");
  // It has ended, which can't be reported.
  (void)here.told.line();
  EXPECT_LE(here.counter("done"), 30);
  // Nor can these arrive; the first of them tells nobody.
  EXPECT_EQ(here.hub.ask("errands 71 _ nowhere " + others.path()), "published");
  here.networks.mend();
  EXPECT_EQ(here.hub.ask("idle"), "idle 0 0");
  EXPECT_EQ(here.hub.ask("count"), "0 0 0 0 102 71");
  EXPECT_EQ(here.counter("losses"), 0);
  EXPECT_EQ(here.counter("stale"), 0);
  for (int i = 30; i < 100; ++i) (void)others.line();
  others.write("nothing more");
  EXPECT_EQ(others.line(), "nothing more") << "each errand was handled once";
  far.signal(SIGTERM);
  EXPECT_EQ(far.wait(), 0);
  here.end();
  expect_whole(trace_store{here.folder / "traces.db"});

  auto const seen = here.wire.recorded();
  EXPECT_NE(seen.find("CURVE"), std::string::npos) << "the recorder sees what is not encrypted: the greeting";
  EXPECT_GT(seen.size(), 101u * 100u);
  for (std::string const secret : {others.path().c_str(), "tests.errand", "tests.receipt", "runner", "SKN\x1a"}) EXPECT_EQ(seen.find(secret), std::string::npos) << secret;
}

TEST(partition, that_lasts_gives_the_work_to_another_and_makes_the_late_result_stale) {
  partitioned here{{"lease_ms=2000", "grace_ms=60000"}};
  auto far = here.start_far();
  EXPECT_EQ(here.hub.ask("agents runner"), "here");
  EXPECT_EQ(here.hub.ask("errands 1 wait_once " + here.told.path()), "published");
  (void)here.told.line();
  here.networks.cut();
  auto near = here.start_near();
  EXPECT_EQ(here.hub.ask("idle"), "idle 0 0");
  EXPECT_EQ(here.hub.ask("count"), "0 0 0 0 1 1");
  EXPECT_EQ(here.counter("losses"), 1);
  here.go.write("on");
  (void)here.told.line();   // the far worker has a result, too late
  here.networks.mend();
  far.signal(SIGTERM);
  EXPECT_EQ(far.wait(), 0) << "it is told that its result is stale, and leaves";
  EXPECT_EQ(here.hub.ask("count"), "0 0 0 0 1 1");
  near.signal(SIGTERM);
  EXPECT_EQ(near.wait(), 0);
  here.end();
  trace_store const traces{here.folder / "traces.db"};
  expect_whole(traces);
  EXPECT_EQ(count(traces, "SELECT count(*) FROM spans WHERE name = 'invoke_agent runner' AND service = 'near' AND status_code = 'unset'"), 1);
  EXPECT_EQ(count(traces, "SELECT count(*) FROM spans WHERE name = 'invoke_agent runner' AND service = 'far' AND status_code = 'unset'"), 1)
      << "what was said late stands in place of the interrupted attempt";
  EXPECT_EQ(count(traces, "SELECT count(*) FROM spans WHERE name = 'invoke_agent runner'"), 2);
}

}  // namespace
}  // namespace skein::testing
