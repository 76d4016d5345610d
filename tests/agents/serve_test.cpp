// A whole worker: refused at its start, or at work for a hub that the test plays.
#include <skein/agents/serve.hpp>
#include <skein/bus/network_link.hpp>

#include "support/fake_hub.hpp"
#include "support/notify_socket.hpp"
#include "support/tasks.hpp"

#include <gtest/gtest.h>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

namespace {

using skein::testing::task;

using namespace std::chrono_literals;
using skein::bus::outcome;

skein::agent idle() { return skein::agent{"critic"}.on<task>([](task const&) {}); }

struct folder {
  folder() {
    std::string pattern = testing::TempDir() + "skein-serve-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"no temporary folder"};
    path = pattern;
  }
  ~folder() { std::filesystem::remove_all(path); }
  [[nodiscard]] std::string operator/(std::string const& name) const { return path + "/" + name; }
  std::string path;
};

/// What serve says on stderr when it ends with 2.
std::string refusal_to_serve(skein::serve_options options) {
  testing::internal::CaptureStderr();
  auto const code = skein::serve(std::move(options), {idle()});
  auto const said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(code, 2) << said;
  return said;
}

TEST(serve, refuses_plaintext_off_this_machine) {
  EXPECT_NE(refusal_to_serve({.connect = "tcp://192.0.2.1:7411"}).find("tcp://192.0.2.1:7411"), std::string::npos);
}

TEST(serve, refuses_what_is_no_endpoint) {
  EXPECT_NE(refusal_to_serve({.connect = "http://hub"}).find("http://hub"), std::string::npos);
  EXPECT_NE(refusal_to_serve({.connect = "ipc:///tmp/x", .name = "two words"}).find("--name"), std::string::npos);
  EXPECT_NE(refusal_to_serve({.connect = "ipc:///tmp/x", .log = "loud"}).find("loud"), std::string::npos);
}

TEST(serve, refuses_keys_that_are_not_enough) {
  folder const keys;
  EXPECT_NE(refusal_to_serve({.connect = "tcp://192.0.2.1:7411", .key = keys / "missing"}).find("--server-key"), std::string::npos);
  EXPECT_NE(refusal_to_serve({.connect = "tcp://192.0.2.1:7411", .server_key = keys / "missing"}).find("--key"), std::string::npos);
  EXPECT_NE(refusal_to_serve({.connect = "tcp://192.0.2.1:7411", .key = keys / "missing", .server_key = keys / "missing"}).find("missing"), std::string::npos);
}

TEST(serve, refuses_a_secret_key_that_others_can_read) {
  folder const keys;
  auto const pair = skein::curve_key_pair::generate().value();
  ASSERT_TRUE(pair.write(keys / "w.key_secret", "worker").ok());
  ASSERT_EQ(::chmod((keys / "w.key_secret").c_str(), 0644), 0);
  auto const said = refusal_to_serve({.connect = "tcp://192.0.2.1:7411", .key = keys / "w.key_secret", .server_key = pair.public_key});
  EXPECT_NE(said.find("chmod 600"), std::string::npos) << said;
  auto const half = skein::curve_key_pair{pair.public_key, {}};
  ASSERT_TRUE(half.write(keys / "w.key", "worker").ok());
  EXPECT_NE(refusal_to_serve({.connect = "tcp://192.0.2.1:7411", .key = keys / "w.key", .server_key = keys / "w.key"}).find("only the public one"), std::string::npos);
}

TEST(serve, explains_wrong_arguments_and_ends_with_2) {
  testing::internal::CaptureStderr();
  char const* const arguments[] = {"critic", "--grace", "soon"};
  EXPECT_EQ(skein::serve(3, arguments, idle()), 2);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("--connect"), std::string::npos);
  testing::internal::CaptureStdout();
  char const* const help[] = {"critic", "--help"};
  EXPECT_EQ(skein::serve(2, help, idle()), 0);
  EXPECT_NE(testing::internal::GetCapturedStdout().find("SIGTERM"), std::string::npos);
}

TEST(serve, throws_for_agents_that_cannot_be_right) {
  EXPECT_THROW((void)skein::serve({.connect = "ipc:///tmp/skein-nobody"}, {}), skein::error);
}

TEST(serve, gives_up_when_it_was_told_to) {
  folder const here;
  testing::internal::CaptureStderr();
  EXPECT_EQ(skein::serve({.connect = "ipc://" + here / "hub.sock", .give_up_after = 1ms}, {idle()}), 1);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("was not reached for 1.00 ms"), std::string::npos);
}

TEST(serve, leaves_on_a_signal_while_it_looks_for_its_hub) {
  folder const here;
  std::thread sender{[] {
    struct sigaction now {};
    do {
      ::sigaction(SIGTERM, nullptr, &now);
      std::this_thread::yield();
    } while (now.sa_handler == SIG_DFL);
    ::kill(::getpid(), SIGTERM);
  }};
  EXPECT_EQ(skein::serve({.connect = "ipc://" + here / "hub.sock"}, {idle()}), 0);
  sender.join();
}

/// The hub's end, by hand: welcomes, answers results, keeps what came.
struct played_hub {
  explicit played_hub(std::string const& endpoint, bool does_refuse = false) : refuses(does_refuse) {
    std::lock_guard const held{mutex};   // what comes waits for the link
    link = skein::bus::network_link::open({.endpoints = {endpoint}}, [this](skein::bus::host_key from, std::span<skein::bus::message> all, std::string_view) {
             for (auto& what : all) take(from, std::move(what));
           }).value();
  }
  ~played_hub() { link->stop(); }

  void take(skein::bus::host_key from, skein::bus::message&& what) {
    std::lock_guard const held{mutex};
    if (auto const* m = std::get_if<skein::bus::hello>(&what)) on_hello(from, *m);
    if (auto const* m = std::get_if<skein::bus::done>(&what)) link->send(from, skein::bus::done_ok{m->activation});
    if (auto* m = std::get_if<skein::bus::done>(&what)) results.push_back(std::move(*m));
    if (std::holds_alternative<skein::bus::goodbye>(what)) ++goodbyes;
    changed.notify_all();
  }
  void on_hello(skein::bus::host_key from, skein::bus::hello const& m) {
    if (refuses) return link->send(from, skein::bus::refused{skein::errc::locked, "another host has this name"});
    link->send(from, skein::bus::welcome{skein::bus::protocol_max, m.instance});
    if (host != from && work) link->send(from, skein::bus::deliver{1, {*work}});
    host = from;
  }
  template <class Condition>
  void wait(Condition&& so) {
    std::unique_lock held{mutex};
    changed.wait(held, so);
  }

  bool const refuses;
  std::mutex mutex;
  std::condition_variable changed;
  skein::bus::host_key host = 0;
  std::optional<skein::bus::delivery> work;
  std::vector<skein::bus::done> results;
  int goodbyes = 0;
  std::unique_ptr<skein::bus::network_link> link;
};

TEST(serve, works_until_the_hub_asks_it_to_leave) {
  folder const here;
  skein::testing::notify_socket const systemd{here / "notify"};
  ::setenv("NOTIFY_SOCKET", systemd.name.c_str(), 1);
  auto const endpoint = "ipc://" + here / "hub.sock";
  skein::testing::fake_hub make;
  played_hub hub{endpoint};
  {
    std::lock_guard const held{hub.mutex};
    hub.work = make.deliver("critic", {make.make(task{1})});
  }
  int code = -1;
  std::thread worker{[&] { code = skein::serve({.connect = endpoint, .name = "critic-1", .concurrency = 1}, {idle()}); }};
  EXPECT_EQ(systemd.next(0).substr(0, 7), "READY=1");
  hub.wait([&] { return hub.results.size() == 1; });
  EXPECT_EQ(hub.results[0].outcome, outcome::ok);
  ASSERT_EQ(hub.results[0].spans.size(), 1u);
  EXPECT_EQ(hub.results[0].spans[0].service, "critic-1");
  hub.link->send(hub.host, skein::bus::drain{});
  worker.join();
  ::unsetenv("NOTIFY_SOCKET");
  EXPECT_EQ(code, 0);
  hub.wait([&] { return hub.goodbyes == 1; });
  EXPECT_EQ(systemd.next(), "STOPPING=1");
}

TEST(serve, ends_with_1_when_the_hub_refuses_it) {
  folder const here;
  auto const endpoint = "ipc://" + here / "hub.sock";
  played_hub const hub{endpoint, true};
  testing::internal::CaptureStderr();
  EXPECT_EQ(skein::serve({.connect = endpoint, .name = "w"}, {idle()}), 1);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("refused this worker: another host has this name"), std::string::npos);
}

TEST(serve, gives_back_what_outlasts_the_grace_and_ends_with_0) {
  folder const here;
  auto const endpoint = "ipc://" + here / "hub.sock";
  int started[2] = {-1, -1};
  ASSERT_EQ(::pipe(started), 0);
  auto const child = ::fork();
  if (child == 0) {
    auto const endless = skein::agent{"critic"}.on<task>([&](task const&) {
      [[maybe_unused]] auto const written = ::write(started[1], "x", 1);
      for (;;) ::pause();
    });
    ::_exit(skein::serve({.connect = endpoint, .name = "w", .concurrency = 1, .log = "off", .grace = 1ms}, {endless}));
  }
  skein::testing::fake_hub make;
  played_hub hub{endpoint};
  {
    std::lock_guard const held{hub.mutex};
    hub.work = make.deliver("critic", {make.make(task{1})});
  }
  char byte = 0;
  ASSERT_EQ(::read(started[0], &byte, 1), 1);
  ::kill(child, SIGTERM);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  hub.wait([&] { return hub.results.size() == 1 && hub.goodbyes == 1; });
  EXPECT_EQ(hub.results[0].outcome, outcome::released);
  ASSERT_EQ(hub.results[0].spans.size(), 1u);
  EXPECT_EQ(hub.results[0].spans[0].status, skein::status_code::interrupted);
  ::close(started[0]);
  ::close(started[1]);
}

}  // namespace
