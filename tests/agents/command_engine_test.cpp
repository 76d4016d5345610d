// A program for every activation: what it is told, what becomes of what it says, and that nothing of it is left.
#include "support/one_agent.hpp"

#include <skein/agents/command_engine.hpp>

#include <gmock/gmock.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace {

using namespace skein;
using namespace skein::testing;
using namespace std::chrono_literals;
using bus::outcome;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct task {
  std::string text;
  SKEIN_ARTIFACT("command.task", 1, text)
};
struct answer {
  std::string text;
  friend bool operator==(answer const&, answer const&) = default;
  SKEIN_ARTIFACT("command.answer", 1, text)
};

agent running(command_options options) { return agent{"runner"}.consumes(when<task>()).engine(command_engine{std::move(options)}).publishes<answer>(); }

command_options shell(std::string script) { return {.command = {"/bin/sh", "-c", std::move(script)}}; }

struct order {
  std::string customer;
  int cents = 0;
  SKEIN_ARTIFACT("shop.order", 1, customer, cents)
};
struct score {
  std::string customer;
  int points = 0;
  friend bool operator==(score const&, score const&) = default;
  SKEIN_ARTIFACT("shop.score", 1, customer, points)
};

/// The Python program of docs/engines.md.
std::string documented_program() {
  std::ifstream file{SKEIN_DOCS_DIR "/engines.md"};
  std::string const text{std::istreambuf_iterator<char>{file}, {}};
  auto const begin = text.find("```python\n") + 10;
  return text.substr(begin, text.find("```", begin) - begin);
}

/// A folder of the test's own.
struct scratch {
  scratch() { EXPECT_NE(::mkdtemp(path.data()), nullptr); }
  ~scratch() { std::filesystem::remove_all(path); }
  std::string operator/(std::string const& name) const { return path + "/" + name; }
  std::string path = ::testing::TempDir() + "/command_engine_XXXXXX";
};

/// A pipe with a name: a reader sees when a writer came, and when the last one has gone.
struct named_pipe {
  explicit named_pipe(std::string const& path) : name(path) { EXPECT_EQ(::mkfifo(name.c_str(), 0600), 0); }
  void wait_opened() { fd = ::open(name.c_str(), O_RDONLY | O_CLOEXEC); }
  void wait_closed() {
    char buffer[64];
    while (::read(fd, buffer, sizeof buffer) > 0) {
    }
    ::close(fd);
  }
  std::string name;
  int fd = -1;
};

std::size_t open_files() {
  std::size_t count = 0;
  for ([[maybe_unused]] auto const& each : std::filesystem::directory_iterator{"/proc/self/fd"}) ++count;
  return count;
}

void expect_no_child() {
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD) << "neither a process nor a zombie is left";
}

TEST(a_command, gets_the_activation_as_json_and_its_output_is_published) {
  scratch const folder;
  one_agent told{running({.command = {"sh", "-c", R"(cat > input.json; echo '[{"type": "command.answer", "value": {"text": "'$WORD'"}}, {"type": "command.answer", "value": {}}]')"},
                          .environment = {{"WORD", "yes"}},
                          .working_directory = folder.path})};
  auto const input = told.hub.make(task{"a \"b\""}, "cart");
  auto const result = told.run_group({input});
  EXPECT_EQ(result.outcome, outcome::ok) << result.what;
  EXPECT_THAT(values_of<answer>(result), ElementsAre(answer{"yes"}, answer{""}));
  std::ifstream file{folder / "input.json"};
  std::string const json{std::istreambuf_iterator<char>{file}, {}};
  EXPECT_THAT(json, AllOf(HasSubstr(R"({"agent":"runner","attempt":1,"idempotency_key":")"), HasSubstr(R"("run":")" + input->run.to_string() + '"'), HasSubstr(R"("correlation":"cart")"),
                          HasSubstr(R"("inputs":[{"type":"command.task","version":1,"id":")" + input->id.to_string() + R"(","value":{"text":"a \"b\""}}])"),
                          HasSubstr(R"("context":[])"), HasSubstr(R"("output_schemas":{"command.answer":{)")));
}

TEST(a_command, may_print_one_object_and_no_list) {
  one_agent it{running(shell(R"(echo '{"type": "command.answer", "value": {"text": "one"}}')"))};
  EXPECT_THAT(values_of<answer>(it.run(task{})), ElementsAre(answer{"one"}));
  one_agent none{running(shell("echo []"))};
  EXPECT_EQ(none.run(task{}).outcome, outcome::ok);
}

TEST(a_command, gets_context_when_it_is_asked_for) {
  auto options = shell(R"(grep -o '"context":.*,"output' | grep -c '"old"' >/dev/null && echo '{"type": "command.answer", "value": {"text": "saw it"}}')");
  options.context_max = 1;
  one_agent it{running(options)};
  it.hub.board = {it.hub.make(task{"older"}), it.hub.make(task{"old"})};
  EXPECT_THAT(values_of<answer>(it.run(task{"new"})), ElementsAre(answer{"saw it"}));
}

TEST(a_command, fails_the_attempt_by_its_exit_code_with_what_it_wrote_to_stderr) {
  one_agent it{running(shell("echo 'bad day' >&2; exit 3"))};
  auto const result = it.run(task{});
  EXPECT_EQ(result.outcome, outcome::failed);
  EXPECT_EQ(result.error_type, "skein.command_failed");
  EXPECT_EQ(result.what, "program /bin/sh ended with exit code 3; it wrote to standard error: bad day\n");
  auto const span = it.hub.spans().find("sh evaluate").front();
  EXPECT_EQ(span.status, status_code::error);
  ASSERT_FALSE(span.events.empty());
  EXPECT_EQ(span.events.front().name, "skein.command.stderr");
  EXPECT_EQ(*find_attribute(span.attributes, "error.type"), attribute_value{"skein.command_failed"});
  EXPECT_EQ(*find_attribute(span.attributes, "process.exit.code"), attribute_value{3});
}

TEST(a_command, keeps_the_end_of_stderr_and_makes_text_of_it) {
  auto options = shell("head -c 100000 /dev/zero | tr '\\0' x >&2; printf '\\377end' >&2; exit 1");
  options.error_bytes_max = 6;
  one_agent it{running(options)};
  EXPECT_THAT(it.run(task{}).what, ::testing::EndsWith("standard error: xx\xef\xbf\xbd" "end"));
}

TEST(a_command, fails_the_attempt_by_a_signal) {
  one_agent it{running(shell("kill -SEGV $$"))};
  auto const result = it.run(task{});
  EXPECT_EQ(result.error_type, "skein.command_failed");
  EXPECT_THAT(result.what, HasSubstr("died of signal 11"));
}

TEST(a_command, that_cannot_be_started_fails_the_attempt) {
  auto const failure_of = [](command_options options) {
    one_agent it{running(std::move(options))};
    auto const result = it.run(task{});
    EXPECT_EQ(result.error_type, "skein.command_failed");
    return result.what;
  };
  EXPECT_THAT(failure_of({.command = {"/nowhere/program"}}), AllOf(HasSubstr("/nowhere/program"), HasSubstr("No such file")));
  EXPECT_THAT(failure_of({.command = {"no-such-program-of-ours"}}), HasSubstr("PATH has no such program"));
  EXPECT_THAT(failure_of({.command = {"sh"}, .environment = {{"PATH", "/nowhere"}}}), HasSubstr("PATH has no such program"));
  EXPECT_THAT(failure_of({.command = {"/bin/sh"}, .working_directory = "/nowhere"}), HasSubstr("working directory /nowhere"));
  EXPECT_THAT(failure_of({.command = {"/etc/passwd"}}), HasSubstr("Permission denied"));
}

TEST(a_command, that_prints_no_list_of_outputs_fails_the_attempt) {
  auto const failure_of = [](std::string const& printed) {
    one_agent it{running({.command = {"/usr/bin/printf", "%s", printed}})};
    auto const result = it.run(task{});
    EXPECT_EQ(result.error_type, "skein.command_output") << printed;
    EXPECT_THAT(result.what, HasSubstr("program /usr/bin/printf"));
    return result.what;
  };
  EXPECT_THAT(failure_of(""), HasSubstr("printed nothing"));
  EXPECT_THAT(failure_of("Traceback:"), HasSubstr("no JSON (at byte 1): Traceback:"));
  EXPECT_THAT(failure_of("[1]"), HasSubstr("one element is number"));
  EXPECT_THAT(failure_of("[{}]"), HasSubstr("lacks type"));
  EXPECT_THAT(failure_of(R"({"type": 1, "value": 1})"), HasSubstr("lacks type"));
  EXPECT_THAT(failure_of(R"({"type": "command.answer"})"), HasSubstr("value"));
  EXPECT_THAT(failure_of(R"({"type": "command.answer", "value": {}, "tag": 1})"), HasSubstr("a member \"tag\""));
  EXPECT_THAT(failure_of(std::string(50'000, '[')), HasSubstr("no JSON"));
}

TEST(a_command, whose_output_does_not_fit_its_type_fails_the_attempt) {
  one_agent it{running(shell(R"(echo '{"type": "command.answer", "value": {"text": 1}}')"))};
  auto const result = it.run(task{});
  EXPECT_EQ(result.error_type, "skein.engine_output");
  EXPECT_THAT(result.what, HasSubstr("text"));
}

TEST(a_command, may_be_told_and_say_more_than_a_pipe_holds) {
  auto options = shell(R"(printf '{"type": "command.answer", "value": {"text": "'; head -c 300000 | tr -c x x; cat >/dev/null; printf '"}}')");
  one_agent it{running(options)};
  auto const result = it.run(task{std::string(1'000'000, 'x')});
  ASSERT_EQ(result.outcome, outcome::ok) << result.what;
  EXPECT_EQ(values_of<answer>(result).front().text.size(), 300'000u);
}

TEST(a_command, need_not_read_what_it_is_told) {
  one_agent it{running(shell("exec <&-; echo []"))};
  EXPECT_EQ(it.run(task{std::string(1'000'000, 'x')}).outcome, outcome::ok);
}

TEST(a_command, is_killed_when_it_prints_too_much) {
  auto options = shell("yes");
  options.output_bytes_max = 1000;
  one_agent it{running(options)};
  auto const result = it.run(task{});
  EXPECT_EQ(result.error_type, "skein.command_output");
  EXPECT_THAT(result.what, HasSubstr("output_bytes_max, 1000"));
  expect_no_child();
}

TEST(a_command, is_killed_at_its_timeout_with_all_that_it_started) {
  scratch const folder;
  named_pipe pipe{folder / "pipe"};
  auto options = shell("(exec 9>\"$PIPE\"; exec sleep 1000) & sleep 1000");
  options.environment = {{"PIPE", pipe.name}};
  options.timeout = 300ms;
  one_agent it{running(options)};
  std::thread reader{[&] { pipe.wait_opened(); }};
  auto const result = it.run(task{});
  reader.join();
  pipe.wait_closed();
  EXPECT_EQ(result.error_type, "skein.command_timeout");
  EXPECT_THAT(result.what, HasSubstr("timeout of 300"));
  expect_no_child();
}

TEST(a_command, is_killed_when_its_attempt_is_cancelled) {
  scratch const folder;
  named_pipe pipe{folder / "pipe"};
  auto options = shell("exec 9>\"$PIPE\"; exec sleep 1000");
  options.environment = {{"PIPE", pipe.name}};
  one_agent it{running(options)};
  std::thread canceller{[&] {
    pipe.wait_opened();
    it.host->cancel_all();
    pipe.wait_closed();
  }};
  auto const result = it.run(task{});
  canceller.join();
  EXPECT_EQ(result.error_type, "skein.command_cancelled");
}

TEST(a_command, whose_end_cannot_be_seen_fails_the_attempt) {
  one_agent it{running(shell("cat >/dev/null; echo []"))};
  auto const before = ::signal(SIGCHLD, SIG_IGN);
  auto const result = it.run(task{});
  ::signal(SIGCHLD, before);
  EXPECT_EQ(result.error_type, "skein.command_failed");
  EXPECT_THAT(result.what, HasSubstr("ignores SIGCHLD"));
}

TEST(a_command, leaves_nothing_behind_that_it_started) {
  scratch const folder;
  named_pipe pipe{folder / "pipe"};
  auto options = shell("(exec 9>\"$PIPE\"; exec sleep 1000) & read line < \"$READY\"; echo []");
  named_pipe ready{folder / "ready"};
  options.environment = {{"PIPE", pipe.name}, {"READY", ready.name}};
  one_agent it{running(options)};
  std::thread reader{[&] {
    pipe.wait_opened();
    std::ofstream{ready.name} << "go\n";
    pipe.wait_closed();
  }};
  EXPECT_EQ(it.run(task{}).outcome, outcome::ok);
  reader.join();
}

TEST(a_command, leaks_neither_files_nor_processes) {
  one_agent it{running(shell("ls /proc/self/fd >&2; echo []"))};
  int const ours = ::open("/dev/null", O_RDONLY);   // without O_CLOEXEC
  (void)it.run(task{});
  auto const before = open_files();
  for (int i = 0; i < 5; ++i) (void)it.run(task{});
  EXPECT_EQ(open_files(), before);
  auto const spans = it.hub.spans().find("sh evaluate");
  EXPECT_EQ(*find_attribute(spans.back().events.front().attributes, "skein.command.stderr"), attribute_value{"0\n1\n2\n3\n"}) << "3 is that of ls";
  ::close(ours);
  expect_no_child();
}

TEST(a_command, is_kept_to_its_limits_of_memory_and_time) {
  auto options = shell(R"(printf '{"type": "command.answer", "value": {"text": "%s %s"}}' $(ulimit -v) $(ulimit -t))");
  options.memory_bytes_max = std::size_t{512} << 20;
  options.cpu_seconds_max = 7;
  one_agent it{running(options)};
  EXPECT_THAT(values_of<answer>(it.run(task{})), ElementsAre(answer{"524288 7"}));
}

TEST(a_command, may_be_the_one_that_the_documentation_shows) {
  scratch const folder;
  std::ofstream{folder / "score.py"} << documented_program();
  one_agent it{agent{"scorer"}
                   .consumes(when<order>())
                   .engine(command_engine{{.command = {"/usr/bin/python3", "score.py"}, .working_directory = folder.path}})
                   .publishes<score>()};
  auto const result = it.run(order{"ada", 4250});
  ASSERT_EQ(result.outcome, outcome::ok) << result.what;
  EXPECT_THAT(values_of<score>(result), ElementsAre(score{"ada", 42}));
}

TEST(a_command, with_options_that_cannot_be_right_is_refused) {
  EXPECT_THROW((command_engine{{}}), error);
  EXPECT_THROW((command_engine{{.command = {""}}}), error);
  EXPECT_THROW((command_engine{{.command = {"x"}, .timeout = 0s}}), error);
  EXPECT_THROW((command_engine{{.command = {"x"}, .output_bytes_max = 0}}), error);
  EXPECT_THROW((command_engine{{.command = {"x"}, .environment = {{"A=B", "c"}}}}), error);
  EXPECT_THROW((command_engine{{.command = {"x"}, .environment = {{"A", std::string("\0", 1)}}}}), error);
}

}  // namespace
