// Every scenario leaves the same trace whatever the threads, the link and the ledger: the text in <scenario>.txt.
#include "support/scenarios.hpp"
#include "support/trace_text.hpp"

#include "tracing/support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace {

using namespace skein::golden;

struct configuration {
  unsigned threads;
  skein::local_link link;
  bool durable;
};

std::vector<configuration> configurations() {
  std::vector<configuration> all;
  for (unsigned threads : {0u, 1u, 8u}) {
    for (auto link : {skein::local_link::direct, skein::local_link::inproc}) {
      for (bool durable : {false, true}) all.push_back({threads, link, durable});
    }
  }
  return all;
}

using parameters = std::tuple<scenario, configuration>;

std::string name_of(testing::TestParamInfo<parameters> const& info) {
  auto const& [what, how] = info.param;
  return what.name + "_threads_" + std::to_string(how.threads) + (how.link == skein::local_link::inproc ? "_inproc" : "_direct") +
         (how.durable ? "_sqlite" : "_memory");
}

std::string expected(std::string const& name) {
  std::ifstream file{std::string{SKEIN_GOLDEN_DIR} + "/" + name + ".txt"};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class golden : public testing::TestWithParam<parameters> {};

TEST_P(golden, trace_is_as_recorded) {
  auto const& [what, how] = GetParam();
  skein::testing::temporary_folder const folder;
  skein::testing::memory_traces memory;
  {
    skein::orchestrator hub{{.ledger = how.durable ? "sqlite:" + folder / "ledger.db" : "memory:",
                             .traces = "sqlite:" + folder / "traces.db",
                             .worker_threads = how.threads,
                             .local_link = how.link,
                             .sinks = {memory.sink()}}};
    what.run(hub);
  }
  auto const text = expected(what.name);
  EXPECT_EQ(text_of(memory), text);
  EXPECT_EQ(text_by_tree(folder / "traces.db"), text);
  EXPECT_EQ(text_by_sql(folder / "traces.db"), text);
}

INSTANTIATE_TEST_SUITE_P(every, golden, testing::Combine(testing::ValuesIn(scenarios()), testing::ValuesIn(configurations())), name_of);

}  // namespace
