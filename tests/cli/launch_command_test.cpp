// `skein launch`: topology files that cannot be right, and a good one.
#include "support/command_fixture.hpp"

namespace {

using namespace skein::testing;

class launch_command : public command_fixture {
 protected:
  std::string write(std::string const& text) {
    std::ofstream{folder / "topology.toml"} << "ledger = \"memory:\"\ntraces = \"none\"\nlisten = [\"ipc://hub.sock\"]\n" << text;
    return folder / "topology.toml";
  }
};

TEST_F(launch_command, starts_a_hub_and_its_workers_and_ends_them) {
  auto hub = start({"launch", write("wait_for = [\"runner\"]\n[[worker]]\nname = \"job\"\ncommand = [\"" TEST_WORKER "\", \"--log\", \"error\"]\nreplicas = 2\n")});
  EXPECT_EQ(hub.line(), "ipc://hub.sock") << content_of(folder / "err");
  EXPECT_EQ(hub.line(), "ready");
  EXPECT_EQ(skein_command("publish tests.errand --json '{\"number\":1,\"how\":\"\",\"path\":\"\"}' --wait --ledger hub.sock.control").code, 0);
  EXPECT_EQ(stop(hub), 0) << content_of(folder / "err");
}

TEST_F(launch_command, ends_when_it_is_told_to_before_its_workers_have_come) {
  auto hub = start({"launch", write("wait_for = [\"nobody\"]\nwait_timeout = \"1h\"\n")});
  EXPECT_EQ(hub.line(), "ipc://hub.sock");
  EXPECT_EQ(stop(hub), 0);
}

TEST_F(launch_command, gives_up_when_an_agent_is_not_served_in_time) {
  auto const ended = skein_command("launch " + write("wait_for = [\"nobody\"]\nwait_timeout = \"1ms\"\n"));
  EXPECT_EQ(ended.code, 1);
  EXPECT_NE(ended.err.find("nobody serves nobody"), std::string::npos) << ended.err;
}

TEST_F(launch_command, names_file_line_and_key_of_what_is_wrong) {
  auto const refused = skein_command("launch " + write("legder = 1\n"));
  EXPECT_EQ(refused.code, 2);
  EXPECT_EQ(refused.err, "skein: " + folder / "topology.toml" + ": line 4: there is no key \"legder\" here\n");
}

TEST_F(launch_command, says_which_program_cannot_be_started) {
  auto const ended = skein_command("launch " + write("[[worker]]\ncommand = [\"./missing\"]\n"));
  EXPECT_EQ(ended.code, 1);
  EXPECT_NE(ended.err.find("missing"), std::string::npos) << ended.err;
}

TEST_F(launch_command, refuses_a_file_that_is_not_there) {
  auto const refused = skein_command("launch nowhere.toml");
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find("nowhere.toml"), std::string::npos) << refused.err;
}

}  // namespace
