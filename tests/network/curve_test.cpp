// Who gets in over CURVE, who does not and what it is told, and that nobody else can read along.
#include "support/curve_folder.hpp"
#include "support/link_ends.hpp"
#include "support/raw_peer.hpp"
#include "support/recording_proxy.hpp"

#include <orchestrator/support/captured_log.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

namespace skein::bus::testing {
namespace {

using skein::testing::captured_log;

network_link_options secured(curve_folder const& keys) { return {.endpoints = {"tcp://127.0.0.1:*"}, .keys = keys.hub()}; }

host_link_options client(hub_end const& hub, std::optional<curve_client> keys) {
  auto options = worker_end::options_for(hub.endpoint());
  options.keys = std::move(keys);
  return options;
}

bool says(link_news const& news, std::string_view part) { return news.why.find(part) != std::string::npos; }

TEST(curve, lets_in_who_has_an_allowed_key_and_says_who_it_is) {
  curve_folder const keys{{"alice", "bob"}};
  hub_end hub{secured(keys)};
  for (auto const* name : {"alice", "bob"}) {
    worker_end worker{client(hub, keys.worker(name))};
    auto const first = hub.arrived.take();
    EXPECT_EQ(first.principal, name);
    exchange(hub, first.from, 1'000);
  }
  EXPECT_EQ(hub.link->counters().auth_refused, 0u);
}

TEST(curve, leaves_ipc_in_the_clear_beside_it) {
  curve_folder const keys{{"alice"}};
  auto options = secured(keys);
  options.endpoints.push_back("ipc://" + keys.path("hub.sock"));
  hub_end hub{std::move(options)};
  auto with_keys = worker_end::options_for(hub.link->endpoints().back());
  with_keys.keys = keys.worker("alice");  // not needed there
  worker_end worker{std::move(with_keys)};
  auto const first = hub.arrived.take();
  EXPECT_EQ(first.principal, "");
  exchange(hub, first.from, 100);
}

TEST(curve, turns_away_a_key_that_is_not_allowed) {
  captured_log const log;
  curve_folder const keys{{"alice"}}, others{{"mallory"}};
  std::uint64_t refused = 0;
  {
    hub_end hub{secured(keys)};
    auto mallory = keys.worker("alice");
    mallory.own = others.worker("mallory").own;
    worker_end worker{client(hub, mallory)};
    EXPECT_TRUE(says(worker.wait_for(link_state::connecting), "does not accept this key"));
    worker_end honest{client(hub, keys.worker("alice"))};
    exchange(hub, hub.wait_for("worker"), 100);
    refused = hub.link->counters().auth_refused;
    EXPECT_EQ(hub.link->counters().peers, 1u);
    EXPECT_NE(worker.link->state(), link_state::welcomed);
  }
  EXPECT_GE(refused, 1u);
  EXPECT_NE(log.text().find("warning 127.0.0.1 was refused: its key "), std::string::npos) << log.text();
}

TEST(curve, turns_away_who_has_no_key) {
  captured_log const log;
  curve_folder const keys{{"alice"}};
  {
    hub_end hub{secured(keys)};
    worker_end worker{client(hub, std::nullopt)};
    auto const news = worker.wait_for(link_state::connecting);
    EXPECT_TRUE(says(news, "keys")) << news.why;
    worker_end honest{client(hub, keys.worker("alice"))};
    exchange(hub, hub.wait_for("worker"), 100);
    // Both ends see that they do not fit, and whoever is slower sees only that the other has hung up. It tries again.
    while (hub.link->counters().auth_refused == 0) std::this_thread::yield();
  }
  EXPECT_NE(log.text().find("was refused: it uses no keys"), std::string::npos) << log.text();
}

TEST(curve, turns_away_who_expects_another_hub) {
  captured_log const log;
  curve_folder const keys{{"alice"}}, others{{"alice"}};
  {
    hub_end hub{secured(keys)};
    auto wrong = keys.worker("alice");
    wrong.server_key = others.worker("alice").server_key;
    worker_end worker{client(hub, wrong)};
    auto const news = worker.wait_for(link_state::connecting);
    EXPECT_TRUE(says(news, "server key")) << news.why;
    worker_end honest{client(hub, keys.worker("alice"))};
    exchange(hub, hub.wait_for("worker"), 100);
    EXPECT_GE(hub.link->counters().auth_refused, 1u);
  }
  EXPECT_NE(log.text().find("another server key"), std::string::npos) << log.text();
}

TEST(curve, says_when_the_hub_uses_no_keys) {
  curve_folder const keys{{"alice"}};
  hub_end hub{"tcp://127.0.0.1:*"};
  worker_end worker{client(hub, keys.worker("alice"))};
  auto const news = worker.wait_for(link_state::connecting);
  EXPECT_TRUE(says(news, "keys")) << news.why;
}

TEST(curve, refuses_a_key_that_libzmq_cannot_use) {
  curve_folder const keys{{"alice"}};
  auto broken = keys.worker("alice");
  broken.server_key = "short";
  auto options = worker_end::options_for("tcp://127.0.0.1:1");
  options.keys = broken;
  auto const link = host_link::open(std::move(options), system_clock(), {});
  ASSERT_FALSE(link);
  EXPECT_EQ(link.error().code(), errc::invalid_argument);
}

TEST(curve, lets_in_a_key_that_is_added_while_the_hub_runs) {
  curve_folder const keys{{"alice"}};
  hub_end hub{secured(keys)};
  auto const bob = curve_key_pair::generate().value();
  worker_end worker{client(hub, curve_client{bob, keys.worker("alice").server_key})};
  (void)worker.wait_for(link_state::connecting);
  keys.allow("bob", bob);  // seen within a second, without being told
  (void)worker.wait_for(link_state::welcomed);
  EXPECT_EQ(hub.arrived.take().principal, "bob");
}

TEST(curve, ends_the_conversation_when_a_key_is_taken_away) {
  captured_log const log;
  curve_folder const keys{{"alice", "bob"}};
  {
    hub_end hub{secured(keys)};
    worker_end alice{client(hub, keys.worker("alice"))};
    (void)hub.wait_for("worker");
    worker_end bob{client(hub, keys.worker("bob"))};
    auto const bobs = hub.wait_for("worker");
    keys.disallow("alice");
    hub.link->reload_keys();
    EXPECT_TRUE(says(alice.wait_for(link_state::refused), "not accepted any more"));
    exchange(hub, bobs, 100);
  }
  EXPECT_NE(log.text().find("(alice) was refused: the key of alice is not accepted any more"), std::string::npos) << log.text();
}

TEST(curve, does_not_take_a_new_key_of_a_name_for_the_old_one) {
  curve_folder const keys{{"alice"}};
  hub_end hub{secured(keys)};
  raw_peer old{hub.endpoint(), keys.worker("alice")};  // connected, but has said nothing yet
  old.send(message{goodbye{7}});
  (void)hub.arrived.take();
  auto const fresh = curve_key_pair::generate().value();
  keys.disallow("alice");
  keys.allow("alice", fresh);
  hub.link->reload_keys();
  auto const refusal = old.receive();
  EXPECT_NE(std::get<refused>(refusal).what.find("alice"), std::string::npos);
  worker_end worker{client(hub, curve_client{fresh, keys.worker("alice").server_key})};
  exchange(hub, hub.wait_for("worker"), 10);
}

TEST(curve, keeps_the_other_keys_when_one_file_breaks) {
  captured_log const log;
  curve_folder const keys{{"alice", "bob"}};
  {
    hub_end hub{secured(keys)};
    std::ofstream{keys.path("allowed/bob.key")} << "junk";
    hub.link->reload_keys();
    worker_end bob{client(hub, keys.worker("bob"))};
    EXPECT_TRUE(says(bob.wait_for(link_state::connecting), "does not accept this key"));
    worker_end alice{client(hub, keys.worker("alice"))};
    exchange(hub, hub.wait_for("worker"), 10);
  }
  EXPECT_NE(log.text().find("bob.key"), std::string::npos) << log.text();
}

/// Whether the word in a delivery can be read on the wire.
bool readable_on_the_wire(hub_end& hub, host_link_options options) {
  recording_proxy const proxy{hub.endpoint()};
  options.endpoint = proxy.endpoint();
  worker_end worker{std::move(options)};
  auto const key = hub.wait_for("worker");
  delivery one = sample_delivery(1);
  std::string const word = "the-secret-ingredient-is-thyme";
  artifact_data input = *one.inputs.front();
  bytes text;
  for (char const c : word) text.push_back(static_cast<std::byte>(c));
  input.payload = payload{std::move(text)};
  input.tags = {word};
  one.inputs = {std::make_shared<artifact_data>(std::move(input))};
  hub.link->send(key, deliver{1, {one}});
  hub.wait_for_dones(1);
  auto const seen = proxy.recorded();
  EXPECT_GT(seen.size(), 200u);
  return seen.find("secret-ingredient") != std::string::npos || seen.find("SKN\x1a") != std::string::npos;
}

TEST(curve, shows_nothing_to_who_reads_along) {
  curve_folder const keys{{"alice"}};
  hub_end secret{secured(keys)};
  EXPECT_FALSE(readable_on_the_wire(secret, client(secret, keys.worker("alice"))));
  hub_end plain{"tcp://127.0.0.1:*"};
  EXPECT_TRUE(readable_on_the_wire(plain, client(plain, std::nullopt))) << "the proxy sees what is not encrypted";
}

}  // namespace
}  // namespace skein::bus::testing
