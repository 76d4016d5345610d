// Worker processes: how they are started, watched, started again and ended.
#include "support/captured_log.hpp"
#include "support/fifo.hpp"

#include "supervisor.hpp"

#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <set>

using namespace std::chrono_literals;

namespace {

using skein::testing::captured_log;
using skein::testing::fifo;
using skein::testing::temporary_folder;

/// A supervisor whose workers are shell scripts.
struct shop {
  std::promise<skein::worker_status> gone;
  skein::supervisor by{[this](skein::worker_status const& how) { gone.set_value(how); }};

  static skein::launch_options script(std::string const& text) {
    return {.command = {"sh", "-c", text}, .name = "job", .output = skein::worker_output::inherited, .backoff_initial = 1ms, .backoff_max = 2ms};
  }
  auto start(skein::launch_options const& options, std::vector<std::string> environment = {"PATH=/usr/bin:/bin"}) {
    return by.start(options, std::move(environment));
  }
  /// The only worker once it has ended for good.
  skein::worker_status ended(skein::supervisor::group const& workers) {
    auto const how = gone.get_future().get();
    EXPECT_EQ(how.name, "job-1");
    EXPECT_EQ(how.last_exit, by.workers(workers).front().last_exit);
    return how;
  }
};

std::string text_of(std::string const& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

TEST(supervisor, starts_replicas_under_names_of_their_own) {
  temporary_folder const folder;
  fifo told{folder, "told"};
  skein::supervisor by{[](skein::worker_status const&) {}};
  auto options = shop::script("echo $SKEIN_NAME $GREETING > " + told.path() + "; exec sleep 1000");
  options.replicas = 3;
  auto const workers = by.start(options, {"PATH=/usr/bin:/bin", "GREETING=hello"}).value();
  EXPECT_EQ((std::set{told.line(), told.line(), told.line()}), (std::set<std::string>{"job-1 hello", "job-2 hello", "job-3 hello"}));
  for (auto const& one : by.workers(*workers)) EXPECT_GT(one.pid, 0);
  by.stop(*workers);
  for (auto const& one : by.workers(*workers)) {
    EXPECT_EQ(one.pid, 0);
    EXPECT_EQ(one.last_exit, "signal 15 (Terminated)");
  }
}

TEST(supervisor, starts_a_failed_worker_again_and_gives_it_up_at_the_bound) {
  captured_log const log;
  temporary_folder const folder;
  fifo told{folder, "told"};
  shop here;
  auto options = shop::script("echo start > " + told.path() + "; exit 3");
  options.restarts_max = 2;
  auto const workers = here.start(options).value();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(told.line(), "start");
  auto const one = here.ended(*workers);
  EXPECT_TRUE(one.given_up);
  EXPECT_EQ(one.restarts, 2u);
  EXPECT_EQ(one.last_exit, "exit 3");
  EXPECT_EQ(one.pid, 0);
}

TEST(supervisor, leaves_a_failed_worker_alone_when_told_never) {
  shop here;
  auto options = shop::script("kill -9 $$");
  options.restart = skein::restart::never;
  auto const workers = here.start(options).value();
  auto const one = here.ended(*workers);
  EXPECT_FALSE(one.given_up);
  EXPECT_EQ(one.restarts, 0u);
  EXPECT_EQ(one.last_exit, "signal 9 (Killed)");
}

TEST(supervisor, does_not_start_a_worker_again_that_ended_well) {
  shop here;
  auto const workers = here.start(shop::script("exit 0")).value();
  auto const one = here.ended(*workers);
  EXPECT_EQ(one.restarts, 0u);
  EXPECT_EQ(one.last_exit, "exit 0");
}

TEST(supervisor, starts_one_that_ended_well_again_when_told_always) {
  captured_log const log;
  temporary_folder const folder;
  fifo told{folder, "told"};
  shop here;
  auto options = shop::script("echo start > " + told.path());
  options.restart = skein::restart::always;
  options.restarts_max = 1;
  auto const workers = here.start(options).value();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(told.line(), "start");
  EXPECT_TRUE(here.ended(*workers).given_up);
}

TEST(supervisor, kills_what_does_not_end_within_its_grace) {
  captured_log const log;
  temporary_folder const folder;
  fifo told{folder, "told"};
  skein::supervisor by{[](skein::worker_status const&) {}};
  auto options = shop::script("trap '' TERM; echo ready > " + told.path() + "; exec sleep 1000");
  options.grace = 10ms;
  auto const workers = by.start(options, {"PATH=/usr/bin:/bin"}).value();
  EXPECT_EQ(told.line(), "ready");
  by.stop(*workers);
  EXPECT_EQ(by.workers(*workers).front().last_exit, "signal 9 (Killed)");
  EXPECT_NE(log.text().find("is killed"), std::string::npos) << log.text();
}

TEST(supervisor, says_which_program_cannot_be_started_and_why) {
  temporary_folder const folder;
  auto const text = folder / "text";
  std::ofstream{text} << "not a program\n";
  shop here;
  auto const refusal = [&](std::vector<std::string> command, std::string working_directory = {}) {
    auto const started = here.start({.command = std::move(command), .working_directory = std::move(working_directory)});
    EXPECT_FALSE(started);
    if (started) return std::string{};
    EXPECT_EQ(started.error().code(), skein::errc::io_failed);
    return std::string{started.error().what()};
  };
  EXPECT_NE(refusal({folder / "missing"}).find("missing"), std::string::npos);
  EXPECT_NE(refusal({"no-such-program-anywhere"}).find("PATH"), std::string::npos);
  EXPECT_NE(refusal({text}).find("may not be executed"), std::string::npos);
  std::filesystem::permissions(text, std::filesystem::perms::owner_all);
  EXPECT_NE(refusal({text}).find("Exec format error"), std::string::npos);
  EXPECT_NE(refusal({"sh"}, folder / "nowhere").find("nowhere"), std::string::npos);
}

TEST(supervisor, refuses_a_name_that_is_in_use) {
  skein::supervisor by{[](skein::worker_status const&) {}};
  auto const options = shop::script("exec sleep 1000");
  auto const first = by.start(options, {"PATH=/usr/bin:/bin"}).value();
  auto const second = by.start(options, {"PATH=/usr/bin:/bin"});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), skein::errc::misuse);
  by.stop(*first);
  EXPECT_TRUE(by.start(options, {"PATH=/usr/bin:/bin"}));
}

TEST(supervisor, puts_the_name_before_each_line) {
  temporary_folder const folder;
  fifo told{folder, "told"};
  testing::internal::CaptureStderr();
  {
    shop here;
    auto options = shop::script("printf 'one\\n\\377two\\n' ; echo three >&2; printf four");
    options.output = skein::worker_output::prefixed;
    auto const workers = here.start(options).value();
    (void)here.ended(*workers);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "job-1 | one\njob-1 | \377two\njob-1 | three\njob-1 | four\n");
}

TEST(supervisor, appends_output_to_files) {
  temporary_folder const folder;
  for (int i = 0; i < 2; ++i) {
    shop here;
    auto options = shop::script("echo out; echo err >&2; pwd");
    options.output = skein::worker_output::file;
    options.output_folder = folder / "logs";
    options.working_directory = "/";
    (void)here.ended(*here.start(options).value());
  }
  EXPECT_EQ(text_of(folder / "logs/job-1.log"), "out\nerr\n/\nout\nerr\n/\n");
}

TEST(supervisor, gives_workers_none_of_the_programs_files_and_signal_settings) {
  temporary_folder const folder;
  constexpr int inherited = 77;
  ::dup2(STDERR_FILENO, inherited);
  sigset_t usr1, before;
  ::sigemptyset(&usr1);
  ::sigaddset(&usr1, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &usr1, &before);
  auto* const handler = ::signal(SIGUSR2, SIG_IGN);
  {
    shop here;
    auto options = shop::script("test -e /proc/self/fd/77 && echo leak; grep -E 'Sig(Blk|Ign)' /proc/self/status; cat");
    options.output = skein::worker_output::file;
    options.output_folder = folder / "logs";
    (void)here.ended(*here.start(options).value());
  }
  ::signal(SIGUSR2, handler);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(inherited);
  EXPECT_EQ(text_of(folder / "logs/job-1.log"), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST(supervisor, leaves_no_worker_behind_when_its_process_is_killed) {
  temporary_folder const folder;
  fifo::make(folder, "told");
  ::pid_t const hub = ::fork();
  if (hub == 0) {
    skein::supervisor by{[](skein::worker_status const&) {}};
    auto const workers = by.start(shop::script("exec > " + folder / "told" + "; echo $$; exec sleep 1000"), {"PATH=/usr/bin:/bin"});
    for (;;) ::pause();
  }
  fifo told{folder, "told", fifo::until_writers_leave};
  std::string const pid = told.line();
  EXPECT_FALSE(pid.empty());
  ::kill(hub, SIGKILL);
  ::waitpid(hub, nullptr, 0);
  EXPECT_EQ(told.rest(), "") << "read until the worker has closed it, by its death";
}

TEST(line_prefixer, cuts_lines_that_have_no_end) {
  skein::line_prefixer lines{"x"};
  auto const out = lines.take(std::string(skein::line_prefixer::line_bytes_max + 5, 'a'));
  EXPECT_EQ(out.size(), 4 + skein::line_prefixer::line_bytes_max + 1);
  EXPECT_EQ(lines.rest(), "x | aaaaa\n");
}

}  // namespace
