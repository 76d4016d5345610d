// `skein launch`: a hub and its workers from a file, and how they end.
#include "support/child.hpp"

#include "orchestrator/support/fifo.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <optional>

namespace skein::testing {
namespace {

struct launched_topology {
  launched_topology() {
    fifo::make(folder, "told");
    std::ofstream{folder / "topology.toml"} << "listen = [\"ipc://bus\"]\nledger = \"sqlite:ledger.db\"\ntraces = \"none\"\nwait_for = [\"grower\"]\n"
                                            << "[[worker]]\nname = \"one\"\ncommand = [\"" TREE_WORKER "\", \"--log\", \"error\"]\nenvironment = { TREE_TOLD = \"told\" }\n"
                                            << "[[worker]]\nname = \"two\"\ncommand = [\"" TREE_WORKER "\", \"--log\", \"error\"]\nenvironment = { TREE_TOLD = \"told\" }\n";
    hub = child{{SKEIN_COMMAND, "launch", folder / "topology.toml"}};
    told.emplace(folder, "told", fifo::until_writers_leave);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(told->line(), "started");
    EXPECT_EQ(hub.line(), "ipc://bus");
    EXPECT_EQ(hub.line(), "ready");
  }

  temporary_folder folder;
  child hub;
  std::optional<fifo> told;
};

TEST(launch, ends_its_workers_and_then_itself_when_it_is_told_to) {
  launched_topology here;
  EXPECT_EQ(run({SKEIN_COMMAND, "publish", "tests.node", "--json", R"({"depth": 2, "place": 0})", "--wait", "--ledger", here.folder / "ledger.db"}).code, 0);
  here.hub.signal(SIGTERM);
  EXPECT_EQ(here.hub.wait(), 0);
  std::string handled;
  for (int i = 0; i < 13; ++i) handled += "handled\n";
  EXPECT_EQ(here.told->rest(), handled) << "read until no worker has it open";
}

TEST(launch, leaves_no_worker_behind_when_it_is_killed) {
  launched_topology here;
  here.hub.kill();
  EXPECT_EQ(here.told->rest(), "") << "read until no worker has it open";
}

}  // namespace
}  // namespace skein::testing
