// A run of many artifacts goes on while others pour bytes on the hub's port.
#include "support/build_kind.hpp"
#include "support/child.hpp"

#include "network/support/raw_peer.hpp"
#include "tracing/support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <fstream>
#include <functional>
#include <random>
#include <thread>

namespace skein::testing {
namespace {

using bus::testing::connect_bare;
using bus::testing::raw_peer;

constexpr int artifacts = sanitized ? 1'000 : 10'000;

/// The most memory that a process has had, in KiB.
std::int64_t peak_memory(::pid_t pid) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string word; status >> word;) {
    std::int64_t size = 0;
    if (word == "VmHWM:" && status >> size) return size;
  }
  return -1;
}

/// A run of a hub, its worker and an attacker, who is asked again and again until the run is over; the hub's peak memory.
std::int64_t run_during(std::function<void(std::string const& endpoint)> const& attack) {
  temporary_folder const folder;
  child hub{{TEST_HUB, "ledger=memory:", "traces=none", "listen=tcp://127.0.0.1:*", "lease_ms=4000"}};
  auto const endpoint = hub.line();
  child worker{{TEST_WORKER, "--connect", endpoint, "--name", "honest", "--concurrency", "1", "--credit", "256", "--log", "error"}};
  EXPECT_EQ(hub.ask("agents runner"), "here");
  std::atomic<bool> over = false;
  std::thread attacker{[&] {
    while (!over) attack(endpoint);
  }};
  EXPECT_EQ(hub.ask("errands " + std::to_string(artifacts)), "published");
  EXPECT_EQ(hub.ask("idle"), "idle 0 0");
  over = true;
  attacker.join();
  auto const all = std::to_string(artifacts);
  EXPECT_EQ(hub.ask("count"), "0 0 0 0 " + all + ' ' + all);
  auto const peak = peak_memory(hub.pid());
  worker.signal(SIGTERM);
  EXPECT_EQ(worker.wait(), 0);
  hub.end_input();
  EXPECT_EQ(hub.wait(), 0);
  return peak;
}

TEST(hostile_run, completes_exactly_within_its_memory_whatever_is_poured_on_the_port) {
  auto const alone = run_during([](std::string const&) { std::this_thread::yield(); });
  std::mt19937 random{1};
  std::uint64_t liars = 0;
  auto const attacked = run_during([&](std::string const& endpoint) {
    std::string noise(16u << 10, '\0');
    for (auto& one : noise) one = static_cast<char>(random());
    int const bare = connect_bare(endpoint);
    (void)!::send(bare, noise.data(), noise.size(), MSG_NOSIGNAL);
    ::close(bare);
    raw_peer garbage{endpoint};
    garbage.send(noise);
    (void)garbage.receive();
    // Says that it has done what the honest worker holds.
    raw_peer liar{endpoint};
    bus::hello greeting{.host = "liar", .instance = ++liars};
    liar.send(bus::message{greeting});
    (void)liar.receive();
    for (std::uint64_t no = 0; no < 64; ++no) {
      std::array<std::uint8_t, activation_id::size_bytes> id;
      id.fill(static_cast<std::uint8_t>(no + 1));
      liar.send(bus::message{bus::done{.activation = {no, activation_id{id}, 1}}});
    }
    (void)liar.receive();
  });
  if (!sanitized) {
    EXPECT_LE(attacked, alone + alone / 5) << "KiB; without attackers " << alone;
  }
}

}  // namespace
}  // namespace skein::testing
