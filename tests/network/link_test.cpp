#include "support/link_ends.hpp"
#include "support/raw_peer.hpp"

#include <skein/bus/codec.hpp>
#include <skein/bus/frame_batch.hpp>

#include <gtest/gtest.h>

namespace skein::bus::testing {
namespace {

using skein::testing::temporary_folder;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t many = 2'000;
#else
constexpr std::uint64_t many = 10'000;
#endif

bool to_the_hub(message const& what) {
  return std::holds_alternative<hello>(what) || std::holds_alternative<done>(what) || std::holds_alternative<beat>(what) ||
         std::holds_alternative<goodbye>(what) || std::holds_alternative<nack>(what) || std::holds_alternative<query>(what);
}

TEST(network_link, carries_every_kind_in_both_directions) {
  temporary_folder const folder;
  mailbox<arrival> arrived;
  auto const hub =
      network_link::open({.endpoints = {"ipc://" + folder / "hub.sock", "tcp://127.0.0.1:*"}}, [&](host_key from, std::span<message> all,
                                                                                                   std::string_view) {
        for (auto& what : all) arrived.put({from, std::move(what), {}});
      }).value();
  for (auto const& endpoint : hub->endpoints()) {
    raw_peer peer{endpoint};
    peer.send(message{hello{.host = "h", .instance = 1}});
    auto const key = arrived.take().from;
    for (auto const& [name, sent] : sample_messages()) {
      auto const bytes_sent = encode(sent).value();
      if (to_the_hub(sent)) {
        peer.send(sent);
        auto const got = arrived.take();
        EXPECT_EQ(got.from, key) << name;
        EXPECT_EQ(encode(got.what).value(), bytes_sent) << name;
      }
      hub->send(key, message{sent});
      EXPECT_EQ(encode(peer.receive()).value(), bytes_sent) << name;
    }
  }
  EXPECT_EQ(hub->counters().bad_messages, 0u);
}

TEST(network_link, exchanges_deliveries_and_results_over_ipc) {
  temporary_folder const folder;
  hub_end hub{"ipc://" + folder / "hub.sock"};
  worker_end worker{hub.endpoint()};
  auto const key = hub.wait_for("worker");
  exchange(hub, key, many);
  EXPECT_EQ(hub.dones, many);
  EXPECT_EQ(hub.link->counters().undeliverable, 0u);
}

TEST(network_link, exchanges_deliveries_and_results_over_tcp) {
  hub_end hub{"tcp://127.0.0.1:*"};
  worker_end worker{hub.endpoint()};
  auto const key = hub.wait_for("worker");
  exchange(hub, key, many);
  EXPECT_EQ(hub.dones, many);
}

TEST(network_link, serves_several_hosts_at_once) {
  temporary_folder const folder;
  hub_end hub{{.endpoints = {"ipc://" + folder / "hub.sock", "tcp://127.0.0.1:*"}}};
  auto const endpoints = hub.link->endpoints();
  std::vector<std::unique_ptr<worker_end>> workers;
  for (int i = 0; i < 8; ++i) {
    workers.push_back(
        std::make_unique<worker_end>(worker_end::options_for(endpoints[static_cast<std::size_t>(i % 2)], "w" + std::to_string(i))));
    exchange(hub, hub.wait_for("w" + std::to_string(i)), 500);
  }
  EXPECT_EQ(hub.dones, 4'000u);
  EXPECT_EQ(hub.link->counters().peers, 8u);
}

TEST(network_link, names_the_port_that_a_wildcard_stood_for) {
  hub_end hub{"tcp://127.0.0.1:*"};
  EXPECT_NE(hub.endpoint(), "tcp://127.0.0.1:*");
  EXPECT_EQ(hub.endpoint().rfind("tcp://127.0.0.1:", 0), 0u);
}

TEST(network_link, carries_payloads_of_megabytes) {
  hub_end hub{"tcp://127.0.0.1:*"};
  worker_end worker{hub.endpoint()};
  auto const key = hub.wait_for("worker");
  for (std::uint64_t i = 1; i <= 8; ++i) hub.link->send(key, deliver{i, {sample_delivery(i, 5u << 20)}});
  hub.wait_for_dones(8);
  EXPECT_GT(hub.link->counters().sent_bytes, 40u << 20);
  EXPECT_GT(hub.link->counters().received_bytes, 40u << 20);
}

TEST(network_link, splits_deliveries_that_do_not_fit_into_one_frame) {
  hub_end hub{{.endpoints = {"tcp://127.0.0.1:*"}, .limits = {.frame_bytes_max = 10'000}}};
  worker_end worker{hub.endpoint()};
  auto const key = hub.wait_for("worker");
  deliver all{1, {}};
  for (std::uint64_t i = 1; i <= 20; ++i) all.deliveries.push_back(sample_delivery(i, 1'500));
  hub.link->send(key, std::move(all));
  hub.wait_for_dones(20);
  EXPECT_EQ(hub.link->counters().undeliverable, 0u);
}

TEST(network_link, tells_when_a_connection_has_ended) {
  temporary_folder const folder;
  for (auto const& endpoint : {"ipc://" + folder / "hub.sock", std::string{"tcp://127.0.0.1:*"}}) {
    mailbox<host_key> gone;
    hub_end hub{{.endpoints = {endpoint}, .gone = [&](host_key key, bool) { gone.put(key); }}};
    auto worker = std::make_unique<worker_end>(hub.endpoint());
    auto const first = hub.wait_for("worker");
    worker.reset();
    EXPECT_EQ(gone.take(), first);
    worker = std::make_unique<worker_end>(hub.endpoint());
    auto const second = hub.wait_for("worker");
    EXPECT_NE(first, second);
    exchange(hub, second, 100);
    EXPECT_TRUE(gone.empty());
  }
}

TEST(network_link, reads_what_a_connection_brought_before_it_ended) {
  hub_end hub{"tcp://127.0.0.1:*"};
  for (int round = 0; round < 20; ++round) {
    auto const before = hub.dones.load();
    {
      worker_end worker{worker_end::options_for(hub.endpoint()), false};
      auto const key = hub.wait_for("worker");
      deliver all{1, {}};
      for (std::uint64_t i = 1; i <= 40; ++i) all.deliveries.push_back(sample_delivery(i));
      hub.link->send(key, std::move(all));
      for (int i = 0; i < 40; ++i) {
        done result;
        result.activation = worker.started.take().activation;
        worker.link->complete(std::move(result));
      }
      worker.link->stop(std::chrono::seconds{10});
    }
    hub.wait_for_dones(before + 40);
  }
}

/// A peer that has said hello and been welcomed, and its key.
host_key welcome_by(hub_end& hub, raw_peer& peer, std::uint16_t version) {
  hello greeting{.version_max = version, .host = "raw", .instance = 1};
  peer.send(message{greeting});
  auto const key = hub.arrived.take().from;
  hub.link->send(key, welcome{version, 1});
  return key;
}

std::vector<outgoing> many_for(host_key key) {
  std::vector<outgoing> all;
  for (std::uint64_t i = 1; i <= 100; ++i) all.push_back({key, deliver{i, {sample_delivery(i)}}});
  return all;
}

TEST(network_link, joins_what_is_ready_together_for_peers_that_can_read_it) {
  for (std::uint16_t const version : {std::uint16_t{1}, std::uint16_t{2}}) {
    hub_end hub{{.endpoints = {"tcp://127.0.0.1:*"}}, true};
    raw_peer peer{hub.endpoint()};
    hub.link->send(many_for(welcome_by(hub, peer, version)));
    EXPECT_TRUE(std::holds_alternative<welcome>(peer.receive()));
    for (std::uint64_t i = 1; i <= 100; ++i) EXPECT_EQ(std::get<deliver>(peer.receive()).number, i);
    EXPECT_EQ(peer.frames_max() > 1, version > 1);
    EXPECT_EQ(hub.link->counters().sent, 101u) << "messages, however they travel";
  }
}

TEST(network_link, reads_frames_that_were_joined) {
  hub_end hub{{.endpoints = {"tcp://127.0.0.1:*"}}, true};
  raw_peer peer{hub.endpoint()};
  (void)welcome_by(hub, peer, 2);
  frame_batch batch;
  for (std::uint64_t i = 1; i <= 100; ++i) ASSERT_TRUE(batch.add(encode(goodbye{i}).value()));
  peer.send(batch.whole());
  for (std::uint64_t i = 1; i <= 100; ++i) EXPECT_EQ(std::get<goodbye>(hub.arrived.take().what).instance, i);
  EXPECT_EQ(hub.link->counters().received, 101u);
}

TEST(network_link, hands_over_in_portions_what_came_together) {
  mailbox<std::size_t> portions;
  auto const hub = network_link::open({.endpoints = {"tcp://127.0.0.1:*"}}, [&](host_key, std::span<message> all, std::string_view) {
                     portions.put(all.size());
                   }).value();
  raw_peer peer{hub->endpoints().front()};
  frame_batch batch;
  for (std::uint64_t i = 1; i <= 40; ++i) ASSERT_TRUE(batch.add(encode(goodbye{i}).value()));
  peer.send(batch.whole());
  for (auto const expected : {16u, 16u, 8u}) EXPECT_EQ(portions.take(), expected);
}

TEST(network_link, refuses_a_batch_at_its_first_bad_frame) {
  hub_end hub{{.endpoints = {"tcp://127.0.0.1:*"}}, true};
  raw_peer peer{hub.endpoint()};
  (void)welcome_by(hub, peer, 2);
  EXPECT_TRUE(std::holds_alternative<welcome>(peer.receive()));
  frame_batch inner, outer;
  for (auto* const batch : {&inner, &inner}) ASSERT_TRUE(batch->add(encode(drain{}).value()));
  auto const nested = inner.whole();
  ASSERT_TRUE(outer.add(encode(goodbye{1}).value()));
  ASSERT_TRUE(outer.add(nested));
  ASSERT_TRUE(outer.add(encode(goodbye{2}).value()));
  peer.send(outer.whole());
  EXPECT_EQ(std::get<refused>(peer.receive()).code, errc::bad_message);
  EXPECT_EQ(std::get<goodbye>(hub.arrived.take().what).instance, 1u);
  EXPECT_TRUE(hub.arrived.empty());
}

TEST(network_link, drops_messages_for_hosts_that_it_does_not_know) {
  hub_end hub{"tcp://127.0.0.1:*"};
  hub.link->send(77, hello_again{});
  worker_end worker{hub.endpoint()};
  exchange(hub, hub.wait_for("worker"), 10);
  EXPECT_EQ(hub.link->counters().undeliverable, 1u);
}

TEST(network_link, hands_over_what_was_sent_before_it_stopped) {
  hub_end hub{"tcp://127.0.0.1:*"};
  raw_peer peer{hub.endpoint()};
  peer.send(message{hello{.host = "h", .instance = 1}});
  auto const key = hub.wait_for("h");
  for (std::uint64_t i = 1; i <= 500; ++i) hub.link->send(key, deliver{i, {sample_delivery(i, 100)}});
  hub.link->stop();
  ASSERT_TRUE(std::holds_alternative<welcome>(peer.receive()));
  for (std::uint64_t i = 1; i <= 500; ++i) EXPECT_EQ(std::get<deliver>(peer.receive()).number, i);
  hub.link->send(key, hello_again{});
  EXPECT_EQ(hub.link->counters().undeliverable, 1u);
}

}  // namespace
}  // namespace skein::bus::testing
