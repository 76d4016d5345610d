#include <skein/agents/stop_signals.hpp>

#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

namespace {

using skein::agents::stop_signals;

TEST(stop_signals, wake_whoever_waits) {
  auto const watched = stop_signals::install().value();
  EXPECT_EQ(watched->received(), 0);
  std::thread sender{[] { ::kill(::getpid(), SIGTERM); }};
  while (watched->received() == 0) watched->wait(std::nullopt);
  sender.join();
  EXPECT_EQ(watched->received(), SIGTERM);
}

TEST(stop_signals, wait_ends_by_wake_or_in_time) {
  auto const watched = stop_signals::install().value();
  watched->wake();
  watched->wait(std::nullopt);
  watched->wait(std::chrono::steady_clock::now());
  watched->wait(std::chrono::steady_clock::now() - std::chrono::hours{1});
  EXPECT_EQ(watched->received(), 0);
}

TEST(stop_signals, are_watched_once_at_a_time_and_put_back) {
  struct sigaction before {}, after {};
  ::sigaction(SIGINT, nullptr, &before);
  {
    auto const watched = stop_signals::install().value();
    EXPECT_EQ(stop_signals::install().error().code(), skein::errc::misuse);
  }
  ::sigaction(SIGINT, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
  EXPECT_TRUE(stop_signals::install().ok());
}

TEST(stop_signals, leave_alone_what_is_ignored) {
  struct sigaction ignored {}, before {}, after {};
  ignored.sa_handler = SIG_IGN;
  ::sigaction(SIGINT, &ignored, &before);
  {
    auto const watched = stop_signals::install().value();
    ::raise(SIGINT);
    EXPECT_EQ(watched->received(), 0);
  }
  ::sigaction(SIGINT, &before, &after);
  EXPECT_EQ(after.sa_handler, SIG_IGN);
}

TEST(stop_signals, end_the_process_when_they_come_again) {
  auto const child = ::fork();
  if (child == 0) {
    auto const watched = stop_signals::install().value();
    ::raise(SIGTERM);
    if (watched->received() != SIGTERM) ::_exit(1);
    ::raise(SIGINT);
    ::_exit(2);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGINT);
}

}  // namespace
