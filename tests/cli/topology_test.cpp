// Topology files: what they say, and what is said about wrong ones.
#include <topology.hpp>

#include "support/command_fixture.hpp"

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace {

using skein::cli::parse_topology;
using skein::cli::topology;

std::string refusal(std::string_view text) {
  auto const read = parse_topology(text, "t.toml");
  if (read) return "nothing is wrong";
  EXPECT_EQ(read.error().code(), skein::errc::invalid_argument);
  EXPECT_EQ(read.error().where(), "t.toml");
  return read.error().message();
}

TEST(topology, reads_every_key) {
  auto const read = parse_topology(R"(
listen = ["ipc://a", "tcp://127.0.0.1:1"]
ledger = "memory:"
traces = "none"
http = "9464"
lease = "20s"
grace = "1.5s"
wait_for = ["critic"]
wait_timeout = "5min"
keys = { secret = "s", allowed = "a" }
[[worker]]
name = "critic"
command = ["./critic", "--credit", "2"]
replicas = 3
restart = "always"
environment = { A = "b" }
working_directory = "w"
output = "file"
output_folder = "logs"
backoff_initial = "1ms"
backoff_max = "2ms"
restarts_max = 4
grace = "3ms"
[[worker]]
command = ["other"]
)", "t.toml").value();
  EXPECT_EQ(read.hub.hub.listen, (std::vector<std::string>{"ipc://a", "tcp://127.0.0.1:1"}));
  EXPECT_EQ(read.hub.hub.ledger, "memory:");
  EXPECT_EQ(read.hub.hub.traces, "none");
  EXPECT_EQ(read.hub.http, "9464");
  EXPECT_EQ(read.hub.hub.lease, 20s);
  EXPECT_EQ(read.hub.hub.grace, 1500ms);
  EXPECT_EQ(read.hub.key_file, "s");
  EXPECT_EQ(read.hub.allowed_folder, "a");
  EXPECT_EQ(read.wait_for, std::vector<std::string>{"critic"});
  EXPECT_EQ(read.wait_timeout, 5min);
  ASSERT_EQ(read.workers.size(), 2u);
  auto const& one = read.workers[0];
  EXPECT_EQ(one.name, "critic");
  EXPECT_EQ(one.command, (std::vector<std::string>{"./critic", "--credit", "2"}));
  EXPECT_EQ(one.replicas, 3u);
  EXPECT_EQ(one.restart, skein::restart::always);
  EXPECT_EQ(one.environment, (std::vector<std::pair<std::string, std::string>>{{"A", "b"}}));
  EXPECT_EQ(one.working_directory, "w");
  EXPECT_EQ(one.output, skein::worker_output::file);
  EXPECT_EQ(one.output_folder, "logs");
  EXPECT_EQ(one.backoff_initial, 1ms);
  EXPECT_EQ(one.backoff_max, 2ms);
  EXPECT_EQ(one.restarts_max, 4u);
  EXPECT_EQ(one.grace, 3ms);
  EXPECT_EQ(read.workers[1].restart, skein::restart::on_failure);
}

TEST(topology, of_the_manual_is_read) {
  auto const manual = skein::testing::content_of(SKEIN_SOURCE_DIR "/docs/operations.md");
  std::string const begin = "```toml\n";
  auto const from = manual.find(begin) + begin.size();
  auto const read = parse_topology(manual.substr(from, manual.find("```", from) - from), "operations.md");
  ASSERT_TRUE(read) << read.error().what();
  ASSERT_EQ(read->workers.size(), 1u);
}

TEST(topology, is_a_hub_at_the_usual_place_when_it_says_nothing) {
  auto const read = parse_topology("", "t.toml").value();
  EXPECT_EQ(read.hub.hub.listen, std::vector<std::string>{"ipc://.skein/hub.sock"});
  EXPECT_EQ(read.hub.hub.ledger, "sqlite:.skein/ledger.db");
  EXPECT_TRUE(read.workers.empty());
}

TEST(topology, names_the_line_and_the_key_of_what_is_wrong) {
  EXPECT_EQ(refusal("ledger = \"memory:\"\nlegder = 1\n"), "line 2: there is no key \"legder\" here");
  EXPECT_EQ(refusal("\nledger = 1"), "line 2: ledger must be a string");
  EXPECT_EQ(refusal("listen = \"ipc://a\""), "line 1: listen must be an array of strings");
  EXPECT_EQ(refusal("listen = [\n1]"), "line 2: listen must be a string");
  EXPECT_EQ(refusal("lease = 30"), "line 1: lease must be a duration: \"250ms\", \"30s\", \"5min\"");
  EXPECT_EQ(refusal("lease = \"30\""), "line 1: lease must be a duration: \"250ms\", \"30s\", \"5min\"");
  EXPECT_EQ(refusal("keys = 1"), "line 1: keys must be a table");
  EXPECT_EQ(refusal("keys = { secert = \"s\" }"), "line 1: there is no key \"secert\" here");
  EXPECT_EQ(refusal("worker = 1"), "line 1: write [[worker]]");
  EXPECT_EQ(refusal("[worker]\ncommand = [\"a\"]"), "line 1: write [[worker]]");
  EXPECT_EQ(refusal("\n[[worker]]\nname = \"a\""), "line 2: a worker needs command = [\"PROGRAM\", …]");
  EXPECT_EQ(refusal("[[worker]]\ncommand = [\"a\"]\nrestart = \"sometimes\""), "line 3: restart must be one of always, never, on_failure");
  EXPECT_EQ(refusal("[[worker]]\ncommand = [\"a\"]\nreplicas = 0"), "line 3: replicas must be an integer from 1 to 100000");
  EXPECT_EQ(refusal("[[worker]]\ncommand = [\"a\"]\nenvironment = { A = 1 }"), "line 3: environment.A must be a string");
}

TEST(topology, names_the_line_of_what_is_no_toml) {
  EXPECT_TRUE(refusal("ledger = \"memory:\"\nhttp = = 1\n").starts_with("line 2: ")) << refusal("ledger = \"memory:\"\nhttp = = 1\n");
  EXPECT_TRUE(refusal("a = 1\na = 2\n").starts_with("line 2: "));
}

}  // namespace
