// What systemd would hear.
#include <skein/agents/service_manager.hpp>

#include "support/notify_socket.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace {

using namespace std::chrono_literals;
using skein::agents::service_manager;

std::string unique(std::string const& prefix) { return prefix + "skein-notify-" + std::to_string(::getpid()); }

TEST(a_service_manager, hears_of_the_states_of_a_service) {
  for (auto const& name : {unique(testing::TempDir()), unique("@")}) {
    skein::testing::notify_socket const systemd{name};
    service_manager const manager{name};
    manager.ready("connected to\nthe hub");
    manager.alive();
    manager.status("waiting");
    manager.stopping();
    EXPECT_EQ(systemd.next(), "READY=1\nSTATUS=connected to the hub") << name;
    EXPECT_EQ(systemd.next(), "WATCHDOG=1");
    EXPECT_EQ(systemd.next(), "STATUS=waiting");
    EXPECT_EQ(systemd.next(), "STOPPING=1");
    EXPECT_EQ(systemd.next(), "");
  }
}

TEST(a_service_manager, may_be_absent) {
  service_manager{}.ready();
  service_manager{"/nonexistent/socket"}.ready();
  service_manager{std::string(200, 'x')}.ready();
  EXPECT_EQ(service_manager{}.watchdog_interval(), std::nullopt);
}

TEST(a_service_manager, is_found_in_the_environment) {
  skein::testing::notify_socket const systemd{unique("@env-")};
  ::setenv("NOTIFY_SOCKET", systemd.name.c_str(), 1);
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  auto const mine = service_manager::from_environment();
  ::setenv("WATCHDOG_PID", "1", 1);
  auto const anothers = service_manager::from_environment();
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv("WATCHDOG_USEC", "soon", 1);
  auto const broken = service_manager::from_environment();
  for (char const* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  EXPECT_EQ(mine.watchdog_interval(), 1500ms);
  EXPECT_EQ(anothers.watchdog_interval(), std::nullopt);
  EXPECT_EQ(broken.watchdog_interval(), std::nullopt);
  mine.ready();
  EXPECT_EQ(systemd.next(), "READY=1");
}

}  // namespace
