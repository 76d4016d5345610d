// Arguments and environment of a worker.
#include <skein/agents/serve.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

namespace {

using namespace std::chrono_literals;
using parsed = skein::result<std::optional<skein::serve_options>>;

parsed parse(std::vector<char const*> arguments) {
  arguments.insert(arguments.begin(), "/usr/bin/critic");
  return skein::parse_serve_options(static_cast<int>(arguments.size()), arguments.data());
}
std::string refusal_of(std::vector<char const*> arguments) {
  auto const made = parse(std::move(arguments));
  if (made) return "accepted";
  EXPECT_EQ(made.error().code(), skein::errc::invalid_argument);
  return made.error().message();
}

/// Variables of the environment while it lives.
struct environment {
  explicit environment(std::map<std::string, std::string> values) : set(std::move(values)) {
    for (auto const& [name, value] : set) ::setenv(name.c_str(), value.c_str(), 1);
  }
  ~environment() {
    for (auto const& [name, value] : set) ::unsetenv(name.c_str());
  }
  std::map<std::string, std::string> set;
};

TEST(serve_options, have_a_default_for_everything_but_the_hub) {
  auto const made = parse({"--connect", "ipc:///run/hub.sock"});
  ASSERT_TRUE(made && *made);
  auto const& options = **made;
  EXPECT_EQ(options.connect, "ipc:///run/hub.sock");
  EXPECT_EQ(options.concurrency, 0u);
  EXPECT_EQ(options.grace, 10s);
  EXPECT_EQ(options.credit, 64u);
  EXPECT_EQ(options.give_up_after, std::nullopt);
  EXPECT_EQ(options.name + options.key + options.server_key + options.log, "");
}

TEST(serve_options, take_every_flag) {
  auto const made = parse({"--connect=tcp://hub:7411", "--key", "w.key_secret", "--server-key", "hub.key", "--name", "critic-1", "--concurrency", "3",
                           "--log", "info", "--give-up-after", "5min", "--grace", "500ms", "--credit", "7"});
  ASSERT_TRUE(made && *made);
  auto const& options = **made;
  EXPECT_EQ(options.connect, "tcp://hub:7411");
  EXPECT_EQ(options.key, "w.key_secret");
  EXPECT_EQ(options.server_key, "hub.key");
  EXPECT_EQ(options.name, "critic-1");
  EXPECT_EQ(options.concurrency, 3u);
  EXPECT_EQ(options.log, "info");
  EXPECT_EQ(options.give_up_after, 5min);
  EXPECT_EQ(options.grace, 500ms);
  EXPECT_EQ(options.credit, 7u);
}

TEST(serve_options, take_every_variable) {
  environment const given{{{"SKEIN_CONNECT", "tcp://hub:7411"},
                           {"SKEIN_KEY", "w.key_secret"},
                           {"SKEIN_SERVER_KEY", "hub.key"},
                           {"SKEIN_NAME", "critic-1"},
                           {"SKEIN_CONCURRENCY", "3"},
                           {"SKEIN_LOG", "error"},
                           {"SKEIN_GIVE_UP_AFTER", "30s"},
                           {"SKEIN_GRACE", "1min"},
                           {"SKEIN_CREDIT", "7"}}};
  auto const made = parse({});
  ASSERT_TRUE(made && *made);
  auto const& options = **made;
  EXPECT_EQ(options.connect, "tcp://hub:7411");
  EXPECT_EQ(options.key, "w.key_secret");
  EXPECT_EQ(options.server_key, "hub.key");
  EXPECT_EQ(options.name, "critic-1");
  EXPECT_EQ(options.concurrency, 3u);
  EXPECT_EQ(options.log, "error");
  EXPECT_EQ(options.give_up_after, 30s);
  EXPECT_EQ(options.grace, 1min);
  EXPECT_EQ(options.credit, 7u);
}

TEST(serve_options, prefer_arguments_to_variables) {
  environment const given{{{"SKEIN_CONNECT", "ipc:///variable"}, {"SKEIN_CREDIT", "nonsense"}}};
  auto const made = parse({"--connect", "ipc:///argument", "--credit", "2"});
  ASSERT_TRUE(made && *made);
  EXPECT_EQ((*made)->connect, "ipc:///argument");
  EXPECT_EQ((*made)->credit, 2u);
}

TEST(serve_options, take_an_empty_variable_for_none) {
  environment const given{{{"SKEIN_CONNECT", "ipc:///a"}, {"SKEIN_NAME", ""}, {"SKEIN_GRACE", ""}}};
  EXPECT_TRUE(parse({}).ok());
}

TEST(serve_options, name_what_is_wrong_and_what_would_be_right) {
  EXPECT_EQ(refusal_of({}), "--connect (or SKEIN_CONNECT) is missing: where does the hub listen? ipc://PATH or tcp://HOST:PORT");
  EXPECT_EQ(refusal_of({"--connect", "x", "--grace", "soon"}), "--grace takes a time such as 500ms, 30s or 5min, not 'soon'");
  EXPECT_EQ(refusal_of({"--connect", "x", "--give-up-after", "5"}), "--give-up-after takes a time such as 500ms, 30s or 5min, not '5'");
  EXPECT_EQ(refusal_of({"--connect", "x", "--credit", "0"}), "--credit takes a number from 1 to 65536, not '0'");
  EXPECT_EQ(refusal_of({"--connect", "x", "--concurrency=-1"}), "--concurrency takes a number from 0 to 4096, not '-1'");
  EXPECT_EQ(refusal_of({"--connect", "x", "--log", "loud"}), "--log takes trace, debug, info, warn, error or off, not 'loud'");
  EXPECT_EQ(refusal_of({"--connect", "x", "--name", "two words"}), "--name takes 1 to 255 printable ASCII characters without spaces, not 'two words'");
  environment const given{{{"SKEIN_CREDIT", "many"}}};
  EXPECT_EQ(refusal_of({"--connect", "x"}), "SKEIN_CREDIT takes a number from 1 to 65536, not 'many'");
}

TEST(serve_options, refuse_what_they_do_not_know) {
  EXPECT_NE(refusal_of({"--connect", "x", "--colour"}).find("--colour"), std::string::npos);
  EXPECT_NE(refusal_of({"--connect", "x", "surplus"}).find("surplus"), std::string::npos);
  EXPECT_NE(refusal_of({"--connect"}).find("--connect"), std::string::npos);
}

TEST(serve_options, explain_themselves) {
  testing::internal::CaptureStdout();
  auto const help = parse({"--help"});
  auto const text = testing::internal::GetCapturedStdout();
  ASSERT_TRUE(help.ok());
  EXPECT_FALSE(help->has_value());
  for (char const* word : {"critic", "--give-up-after", "SKEIN_SERVER_KEY", "Exit codes"}) EXPECT_NE(text.find(word), std::string::npos) << word << "\n" << text;
  testing::internal::CaptureStdout();
  EXPECT_TRUE(parse({"--version"}).ok());
  EXPECT_NE(testing::internal::GetCapturedStdout().find("critic (skein "), std::string::npos);
}

}  // namespace
