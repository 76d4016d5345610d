// Peers that mean harm, or act like it. During each attack an honest host loses nothing, and the hub's memory stays where it was.
#include "support/curve_folder.hpp"
#include "support/link_ends.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <thread>

namespace skein::bus::testing {
namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool memory_is_real = false;  // sanitizers keep what was freed
#else
constexpr bool memory_is_real = true;
#endif

std::size_t resident_bytes() {
  std::size_t all = 0, resident = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%zu %zu", &all, &resident) != 2) resident = 0;
  if (file != nullptr) std::fclose(file);
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

network_link_options bounded() {
  return {.endpoints = {"tcp://127.0.0.1:*"},
          .limits = {.frame_bytes_max = 1u << 20, .peers_max = 64, .peer_queue_bytes_max = 2u << 20, .refusals_logged_per_minute_max = 0}};
}

/// Runs `attack` again and again beside an honest host that exchanges 2,000 messages with the hub; returns the hub's counters after it.
network_counters survive(std::function<void(hub_end&)> const& attack, network_link_options options = bounded(),
                         std::optional<curve_client> keys = {}) {
  hub_end hub{std::move(options)};
  auto honest_options = worker_end::options_for(hub.endpoint(), "honest");
  honest_options.keys = std::move(keys);
  worker_end honest{std::move(honest_options)};
  auto const key = hub.wait_for("honest");
  exchange(hub, key, 2'000);
  attack(hub);  // once before memory is measured: what it needs itself is there then
  auto const before = resident_bytes();
  std::atomic<bool> over = false;
  std::thread attacker{[&] {
    do attack(hub);
    while (!over);
  }};
  exchange(hub, key, 2'000);
  over = true;
  attacker.join();
  exchange(hub, key, 10);
  EXPECT_EQ(hub.dones, 4'010u);
  if (memory_is_real) {
    EXPECT_LE(resident_bytes(), before + before / 5 + (16u << 20));
  }
  return hub.link->counters();
}

TEST(hostile_peers, are_told_once_what_is_wrong_with_their_bytes) {
  hub_end hub{bounded()};
  for (std::string const text : {"", "x", "SKN\x1a", "GET / HTTP/1.1\r\n\r\n"}) {
    raw_peer peer{hub.endpoint()};
    peer.send(text);
    EXPECT_EQ(std::get<refused>(peer.receive()).code, errc::bad_message);
  }
  raw_peer peer{hub.endpoint()};
  peer.send_parts("one", "two");
  auto const answer = std::get<refused>(peer.receive());
  EXPECT_EQ(answer.code, errc::bad_message);
  EXPECT_NE(answer.what.find("part"), std::string::npos);
  EXPECT_EQ(hub.link->counters().bad_messages, 5u);
}

TEST(hostile_peers, are_not_heard_after_a_bad_frame) {
  hub_end hub{bounded()};
  raw_peer peer{hub.endpoint()};
  peer.send("junk");
  (void)peer.receive();
  for (int i = 0; i < 100; ++i) peer.send(message{hello{.host = "late", .instance = 1}});
  worker_end honest{hub.endpoint()};
  EXPECT_EQ(std::get<hello>(hub.arrived.take().what).host, "worker");
  while (hub.link->counters().ignored < 100) std::this_thread::yield();
  EXPECT_EQ(hub.link->counters().bad_messages, 1u);
  EXPECT_TRUE(hub.arrived.empty());
}

TEST(hostile_peers, with_garbage_harm_nobody) {
  auto const good = sample_messages();
  auto const after = survive([&, round = 0u](hub_end& hub) mutable {
    auto frame = encode(good[round++ % good.size()].value).value();
    frame.resize(frame.size() / 2);
    raw_peer peer{hub.endpoint()};
    peer.send(frame);
    (void)peer.receive();
    for (int i = 0; i < 100; ++i) peer.send("more of it");
  });
  EXPECT_GT(after.bad_messages, 1u);
}

TEST(hostile_peers, with_msgpack_bombs_harm_nobody) {
  using namespace std::string_literals;
  std::vector<std::string> const headers = {
      "\xdd\xff\xff\xff\xff"s,      "\x97\x01\x01\xdb\xff\xff\xff\xff"s, "\x97\x01\x01\xa1h\x01\x00\xdd\xff\xff\xff\xff\x90"s,
      std::string(100'000, '\x91'), "\x97\x01\x01\xc6\xff\xff\xff\xff"s, "\xdf\xff\xff\xff\xff"s};
  auto const after = survive([&](hub_end& hub) {
    for (auto const& header : headers) {
      raw_peer peer{hub.endpoint()};
      peer.send("SKN\x1a\x00\x01\x01\x00"s + header);
      EXPECT_TRUE(std::holds_alternative<refused>(peer.receive()));
    }
  });
  EXPECT_GE(after.bad_messages, headers.size());
}

TEST(hostile_peers, with_frames_over_the_limit_lose_their_connection) {
  auto const after = survive([](hub_end& hub) {
    zmq::context_t context{1};
    zmq::socket_t socket{context, zmq::socket_type::dealer};
    socket.set(zmq::sockopt::linger, 0);
    zmq::socket_t monitor{context, zmq::socket_type::pair};
    ASSERT_EQ(::zmq_socket_monitor(socket.handle(), "inproc://watch", ZMQ_EVENT_DISCONNECTED), 0);
    monitor.connect("inproc://watch");
    socket.connect(hub.endpoint());
    (void)socket.send(zmq::message_t{2u << 20}, zmq::send_flags::none);
    zmq::message_t event;
    (void)monitor.recv(event);
  });
  EXPECT_EQ(after.bad_messages, 0u);
}

TEST(hostile_peers, cannot_flood_the_board_with_hellos) {
  std::uint64_t sent = 0;
  auto const after = survive([&](hub_end& hub) {
    raw_peer peer{hub.endpoint()};
    for (int i = 0; i < 500; ++i) peer.send(message{hello{.host = "flood", .instance = static_cast<std::uint64_t>(i)}});
    sent += 500;
    (void)peer.receive();
  });
  EXPECT_GT(after.ignored, 0u);
}

TEST(hostile_peers, past_the_limit_of_peers_are_ignored) {
  hub_end hub{{.endpoints = {"tcp://127.0.0.1:*"}, .limits = {.peers_max = 2}}};
  worker_end a{worker_end::options_for(hub.endpoint(), "a")};
  auto const first = hub.wait_for("a");
  auto b = std::make_unique<worker_end>(worker_end::options_for(hub.endpoint(), "b"));
  (void)hub.wait_for("b");
  auto surplus = worker_end::options_for(hub.endpoint(), "c");
  surplus.session.repeat = std::chrono::milliseconds{10};
  worker_end c{surplus};
  while (hub.link->counters().ignored == 0) std::this_thread::yield();
  exchange(hub, first, 100);
  EXPECT_EQ(hub.link->counters().peers, 2u);
  b.reset();
  exchange(hub, hub.wait_for("c"), 100);
}

TEST(hostile_peers, that_were_refused_make_room_for_others) {
  hub_end hub{{.endpoints = {"tcp://127.0.0.1:*"}, .limits = {.peers_max = 2}}};
  raw_peer bad{hub.endpoint()}, worse{hub.endpoint()};
  for (auto* const peer : {&bad, &worse}) {
    peer->send("junk");
    (void)peer->receive();
  }
  worker_end honest{hub.endpoint()};
  exchange(hub, hub.wait_for("worker"), 10);
}

TEST(hostile_peers, by_the_thousand_harm_nobody) {
  ::rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  // At once fewer than the sockets' backlog: past it the kernel makes everybody wait for a second.
  auto const count = std::min<std::size_t>(500, files.rlim_cur / 4);
  survive([&](hub_end& hub) {
    std::vector<int> open;
    for (std::size_t i = 0; i < count; ++i) {
      int const fd = connect_bare(hub.endpoint());
      if (fd < 0) break;
      if (i % 2 == 0) (void)::send(fd, "GET / HTTP/1.1\r\nHost: hub\r\n\r\n", 29, MSG_NOSIGNAL);
      open.push_back(fd);
    }
    for (int const fd : open) ::close(fd);
  });
}

TEST(hostile_peers, that_never_read_lose_what_waits_for_them) {
  mailbox<host_key> gone;
  auto options = bounded();
  options.gone = [&](host_key key, bool) { gone.put(key); };
  std::uint64_t dropped = 0;
  auto const after = survive(
      [&](hub_end& hub) {
        raw_peer peer{hub.endpoint(), {}, 1};
        peer.send(message{hello{.host = "deaf", .instance = 1}});
        auto const key = hub.wait_for("deaf");
        // More than the pipe, the kernel's buffers and its queue hold together.
        for (std::uint64_t i = 1; i <= 200; ++i) hub.link->send(key, deliver{i, {sample_delivery(i, 250'000)}});
        EXPECT_EQ(gone.take_until([&](host_key one) { return one == key; }), key);
        ++dropped;
      },
      std::move(options));
  EXPECT_GE(after.undeliverable, dropped);
}

TEST(hostile_peers, that_come_and_go_harm_nobody) {
  survive([](hub_end& hub) {
    for (int i = 0; i < 20; ++i) {
      raw_peer peer{hub.endpoint()};
      peer.send(message{hello{.host = "brief", .instance = 1}});
    }
  });
}

TEST(hostile_peers, without_keys_get_nothing_read) {
  curve_folder const keys{{"alice"}};
  auto options = bounded();
  options.keys = keys.hub();
  auto const after = survive(
      [&](hub_end& hub) {
        raw_peer peer{hub.endpoint()};
        peer.send(message{hello{.host = "plain", .instance = 1}});
        raw_peer stranger{hub.endpoint(), curve_client{curve_key_pair::generate().value(), keys.worker("alice").server_key}};
        stranger.send(message{hello{.host = "stranger", .instance = 1}});
        int const bare = connect_bare(hub.endpoint());
        (void)::send(bare, std::string(1'000, '\xff').data(), 1'000, MSG_NOSIGNAL);
        wait_until_closed(bare);
        ::close(bare);
      },
      std::move(options), keys.worker("alice"));
  EXPECT_EQ(after.bad_messages, 0u);
  EXPECT_EQ(after.peers, 1u);
}

TEST(hostile_peers, cannot_pass_for_another_by_taking_its_routing_id) {
  curve_folder const keys{{"alice", "bob"}};
  auto options = bounded();
  options.keys = keys.hub();
  hub_end hub{std::move(options), true};
  for (auto const* name : {"alice", "bob"}) {
    zmq::context_t context{1};
    zmq::socket_t socket{context, zmq::socket_type::dealer};
    auto const client = keys.worker(name);
    socket.set(zmq::sockopt::linger, 1'000);
    socket.set(zmq::sockopt::routing_id, "the same");
    socket.set(zmq::sockopt::curve_serverkey, client.server_key);
    socket.set(zmq::sockopt::curve_publickey, client.own.public_key);
    socket.set(zmq::sockopt::curve_secretkey, client.own.secret_key);
    socket.connect(hub.endpoint());
    for (int i = 0; i < 2; ++i) {
      auto const frame = encode(goodbye{1}).value();
      (void)socket.send(zmq::buffer(frame.data(), frame.size()), zmq::send_flags::none);
      EXPECT_EQ(hub.arrived.take().principal, name);
    }
  }
}

}  // namespace
}  // namespace skein::bus::testing
