#include "support/include_rules.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace {

using skein::project::read_sources;
using skein::project::source_file;
using skein::project::violations;

std::string joined(std::vector<std::string> const& lines) {
  std::string text;
  for (auto const& line : lines) text += line + "\n";
  return text;
}

std::string only_violation(std::vector<source_file> const& files) {
  auto const found = violations(files);
  EXPECT_EQ(found.size(), 1u) << joined(found);
  return found.empty() ? "" : found.front();
}

bool contains(std::string const& text, std::string const& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST(include_direction, holds_in_this_repository) {
  auto const sources = read_sources(SKEIN_SOURCE_DIR);
  std::set<std::string> folders;
  for (auto const& source : sources) folders.insert(source.path.substr(0, source.path.find('/')));
  for (auto const* folder : {"registry", "tracing", "bus", "agents", "orchestrator", "tests", "cmake"}) {
    EXPECT_TRUE(folders.contains(folder)) << "no source was read in " << folder;
  }
  EXPECT_EQ(joined(violations(sources)), "");
}

TEST(include_direction, accepts_includes_to_the_left_and_from_elsewhere) {
  std::vector<source_file> const files{
      {"registry/include/skein/artifact.hpp", "#include <skein/registry/error.hpp>\n#include <vector>\n"},
      {"bus/src/hub.cpp", "#include \"frames.hpp\"\n#include <skein/artifact.hpp>\n#include <skein/tracing/clock.hpp>\n#include <zmq.hpp>\n"},
      {"bus/src/frames.hpp", "#include <mutex>\n"},
      {"bus/src/blackboard.cpp", "#include <skein/tracing/clock.hpp>\n#include <map>\n"},
      {"tests/bus/frames_test.cpp", "#include \"frames.hpp\"\n#include \"support/bytes.hpp\"\n#include <gtest/gtest.h>\n"},
      {"tests/bus/support/bytes.hpp", ""},
  };
  EXPECT_EQ(joined(violations(files)), "");
}

TEST(include_direction, refuses_an_include_to_the_right) {
  auto const found = only_violation({{"bus/src/hub.cpp", "\n#include <skein/agents/agent.hpp>\n"}});
  EXPECT_TRUE(contains(found, "bus/src/hub.cpp:2: includes skein/agents/agent.hpp of agents/")) << found;
}

TEST(include_direction, refuses_spaced_directives_and_quotes_too) {
  EXPECT_TRUE(contains(only_violation({{"registry/src/a.cpp", "  #  include \"skein/tracing/clock.hpp\"\n"}}), "of tracing/"));
}

TEST(include_direction, refuses_the_umbrella_header_below_its_owner) {
  auto const found = only_violation({{"orchestrator/include/skein/skein.hpp", ""}, {"agents/src/host.cpp", "#include <skein/skein.hpp>\n"}});
  EXPECT_TRUE(contains(found, "agents/src/host.cpp:1: includes skein/skein.hpp of orchestrator/")) << found;
}

TEST(include_direction, refuses_neighbours_of_the_same_rank) {
  auto const found = only_violation({{"tests/bus/support/bytes.hpp", ""}, {"bench/hop.cpp", "#include \"../tests/bus/support/bytes.hpp\"\n"}});
  EXPECT_TRUE(contains(found, "of tests/, which is not to the left of bench/")) << found;
}

TEST(include_direction, refuses_private_headers_of_another_folder) {
  auto const found = only_violation({{"bus/src/frames.hpp", ""}, {"agents/src/host.cpp", "#include \"../../bus/src/frames.hpp\"\n"}});
  EXPECT_TRUE(contains(found, "a private header of bus/")) << found;
}

TEST(include_direction, refuses_hidden_libraries_in_public_headers) {
  for (std::string const header : {"zmq.hpp", "zmq.h", "sqlite3.h", "spdlog/spdlog.h", "nlohmann/json.hpp"}) {
    auto const found = only_violation({{"bus/include/skein/bus/link.hpp", "#include <" + header + ">\n"}});
    EXPECT_TRUE(contains(found, "a public header includes " + header)) << found;
  }
}

TEST(include_direction, refuses_private_includes_in_public_headers) {
  auto const found = only_violation({{"bus/include/skein/bus/link.hpp", "#include \"message.hpp\"\n"}});
  EXPECT_TRUE(contains(found, "private headers are not installed")) << found;
}

TEST(include_direction, keeps_the_outside_world_out_of_the_blackboard) {
  for (std::string const header : {"zmq.hpp", "sqlite3.h", "thread", "mutex", "fstream", "random", "spdlog/spdlog.h"}) {
    for (std::string const file : {"bus/src/blackboard.cpp", "bus/src/blackboard_groups.hpp", "bus/src/blackboard/timers.cpp"}) {
      auto const found = only_violation({{file, "#include <" + header + ">\n"}});
      EXPECT_TRUE(contains(found, "pure state machine")) << found;
    }
  }
}

TEST(include_direction, keeps_clocks_out_of_the_blackboard) {
  auto const found = only_violation({{"bus/src/blackboard.cpp", "int a;\nauto now = std::chrono::steady_clock::now();\n"}});
  EXPECT_TRUE(contains(found, "bus/src/blackboard.cpp:2: names steady_clock")) << found;
}

TEST(include_direction, refuses_names_that_are_not_snake_case) {
  for (std::string const path : {"bus/src/hubCore.cpp", "bus/src/hub-core.hpp", "bus/Wire/frames.cpp", "tests/bus/frames__test.cpp"}) {
    EXPECT_TRUE(contains(only_violation({{path, ""}}), "is not snake_case")) << path;
  }
}
