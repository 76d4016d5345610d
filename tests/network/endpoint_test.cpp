// What may be bound and connected to, and what becomes of the files of ipc sockets.
#include "support/file_mode.hpp"
#include "support/link_ends.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

namespace skein::bus::testing {
namespace {

using skein::testing::temporary_folder;

result<std::unique_ptr<network_link>> open_at(std::vector<std::string> endpoints) {
  return network_link::open({.endpoints = std::move(endpoints)}, [](host_key, std::span<message>, std::string_view) {});
}

TEST(endpoints, are_local_on_ipc_and_loopback_only) {
  for (auto const* text : {"ipc:///run/hub.sock", "ipc://hub.sock", "inproc://x", "tcp://127.0.0.1:7411", "tcp://127.1.2.3:*",
                           "tcp://localhost:1", "tcp://[::1]:7411"}) {
    EXPECT_TRUE(is_local_endpoint(text).value()) << text;
  }
  for (auto const* text :
       {"tcp://0.0.0.0:7411", "tcp://*:7411", "tcp://eth0:7411", "tcp://lo:7411", "tcp://10.0.0.1:7411", "tcp://[::]:7411",
        "tcp://[fe80::1%eth0]:7411", "tcp://128.0.0.1:1", "tcp://127.0.0.1.example:1", "tcp://127.1:1"}) {
    EXPECT_FALSE(is_local_endpoint(text).value()) << text;
  }
}

TEST(endpoints, refuse_what_is_none) {
  for (auto const* text :
       {"", "tcp", "tcp://", "tcp://127.0.0.1", "tcp://:1", "tcp://127.0.0.1:", "tcp://127.0.0.1:http", "tcp://127.0.0.1:65536",
        "tcp://::1:7411", "tcp://a;b:1", "udp://127.0.0.1:1", "ipc://", "ipc://*", "ipc://@hub", "inproc://", "http://127.0.0.1:1"}) {
    auto const answer = is_local_endpoint(text);
    ASSERT_FALSE(answer) << text;
    EXPECT_EQ(answer.error().code(), errc::invalid_argument) << text;
  }
}

TEST(network_link, refuses_the_network_without_keys) {
  for (auto const* text : {"tcp://0.0.0.0:*", "tcp://*:*", "tcp://lo:*", "tcp://[::]:*"}) {
    auto const link = open_at({text});
    ASSERT_FALSE(link) << text;
    EXPECT_EQ(link.error().code(), errc::misuse);
    EXPECT_NE(link.error().message().find("skein bus keygen"), std::string::npos);
    EXPECT_EQ(link.error().where(), text);
  }
}

TEST(host_link, refuses_the_network_without_keys) {
  auto const link = host_link::open(worker_end::options_for("tcp://192.0.2.1:7411"), system_clock(), {});
  ASSERT_FALSE(link);
  EXPECT_EQ(link.error().code(), errc::misuse);
  EXPECT_NE(link.error().message().find("skein bus keygen"), std::string::npos);
}

TEST(host_link, refuses_endpoints_that_cannot_be_connected_to) {
  for (auto const* text : {"tcp://127.0.0.1:*", "inproc://hub", "nonsense"}) {
    auto const link = host_link::open(worker_end::options_for(text), system_clock(), {});
    ASSERT_FALSE(link) << text;
    EXPECT_EQ(link.error().code(), errc::invalid_argument) << text;
  }
}

TEST(ipc_sockets, are_private_and_leave_no_file) {
  temporary_folder const folder;
  auto const path = folder / "hub.sock";
  auto const before = ::umask(0);
  auto link = open_at({"ipc://" + path}).value();
  ::umask(before);
  EXPECT_EQ(mode_of(path), 0600u);
  link->stop();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ipc_sockets, replace_one_of_a_dead_process) {
  temporary_folder const folder;
  auto const path = folder / "hub.sock";
  int const dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(dead, reinterpret_cast<::sockaddr const*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(dead, 1), 0);
  ::close(dead);
  ASSERT_TRUE(std::filesystem::exists(path));
  hub_end hub{"ipc://" + path};
  EXPECT_EQ(mode_of(path), 0600u);
  worker_end worker{hub.endpoint()};
  exchange(hub, hub.wait_for("worker"), 10);
}

TEST(ipc_sockets, are_left_to_a_living_process) {
  temporary_folder const folder;
  hub_end hub{"ipc://" + folder / "hub.sock"};
  auto const second = open_at({hub.endpoint()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), errc::io_failed);
  EXPECT_NE(second.error().message().find("in use"), std::string::npos);
  worker_end worker{hub.endpoint()};
  exchange(hub, hub.wait_for("worker"), 10);
}

TEST(ipc_sockets, leave_other_files_alone) {
  temporary_folder const folder;
  auto const path = folder / "notes.txt";
  std::ofstream{path} << "mine";
  auto const link = open_at({"ipc://" + path});
  ASSERT_FALSE(link);
  EXPECT_EQ(link.error().code(), errc::io_failed);
  EXPECT_TRUE(std::filesystem::is_regular_file(path));
}

TEST(ipc_sockets, leave_a_file_that_another_hub_has_put_there_since) {
  temporary_folder const folder;
  auto const path = folder / "hub.sock";
  auto first = open_at({"ipc://" + path}).value();
  std::filesystem::remove(path);
  auto const second = open_at({"ipc://" + path}).value();
  first->stop();
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(ipc_sockets, name_the_limit_of_a_path) {
  auto const link = open_at({"ipc:///tmp/" + std::string(200, 'x')});
  ASSERT_FALSE(link);
  EXPECT_EQ(link.error().code(), errc::invalid_argument);
  EXPECT_NE(link.error().message().find("107"), std::string::npos);
}

TEST(ipc_sockets, say_what_folder_is_missing) {
  temporary_folder const folder;
  auto const link = open_at({"ipc://" + folder / "none/hub.sock"});
  ASSERT_FALSE(link);
  EXPECT_EQ(link.error().code(), errc::io_failed);
}

TEST(network_link, says_that_a_port_is_in_use) {
  auto const first = open_at({"tcp://127.0.0.1:*"}).value();
  auto const second = open_at(first->endpoints());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), errc::io_failed);
  EXPECT_NE(second.error().message().find("in use"), std::string::npos);
}

TEST(network_link, unbinds_everything_when_one_endpoint_fails) {
  temporary_folder const folder;
  auto const path = folder / "hub.sock";
  EXPECT_FALSE(open_at({"ipc://" + path, "tcp://0.0.0.0:*"}));
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace skein::bus::testing
