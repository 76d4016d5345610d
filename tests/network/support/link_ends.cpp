#include "link_ends.hpp"

#include <array>
#include <utility>

namespace skein::bus::testing {

hub_end::hub_end(network_link_options options, bool quiet) {
  auto opened = network_link::open(std::move(options), [this, quiet](host_key from, std::span<message> all, std::string_view principal) {
    for (auto& what : all) take(from, std::move(what), principal, quiet);
  });
  link = std::move(opened).value();
  ready_ = link.get();
  ready_.notify_all();
}

void hub_end::take(host_key from, message&& what, std::string_view principal, bool quiet) {
  if (std::holds_alternative<beat>(what)) return;
  ready_.wait(nullptr);
  if (auto const* const ended = std::get_if<done>(&what); ended != nullptr && !quiet) {
    link->send(from, done_ok{ended->activation});
    ++dones;
    dones.notify_all();
    return;
  }
  if (auto const* const greeting = std::get_if<hello>(&what); greeting != nullptr && !quiet)
    link->send(from, welcome{protocol_max, greeting->instance});
  arrived.put({from, std::move(what), std::string{principal}});
}

host_key hub_end::wait_for(std::string const& name) {
  return arrived
      .take_until([&](arrival const& one) {
        auto const* const greeting = std::get_if<hello>(&one.what);
        return greeting != nullptr && greeting->host == name;
      })
      .from;
}

host_link_options worker_end::options_for(std::string const& endpoint, std::string name) {
  host_link_options options;
  options.endpoint = endpoint;
  options.session.name = std::move(name);
  options.session.credit = 100'000;
  options.reconnect_initial = std::chrono::milliseconds{20};
  options.reconnect_max = std::chrono::milliseconds{100};
  return options;
}

void hub_end::wait_for_dones(std::uint64_t count) const {
  for (auto seen = dones.load(); seen < count; seen = dones.load()) dones.wait(seen);
}

worker_end::worker_end(host_link_options options, bool completes) {
  host_link_receivers to;
  to.start = [this, completes](std::vector<delivery>&& all) {
    ready_.wait(nullptr);
    for (auto& one : all) {
      if (!completes) {
        started.put(std::move(one));
        continue;
      }
      done result;
      result.activation = one.activation;
      result.children.resize(1);
      result.children.front().type = "t";
      result.children.front().payload = one.inputs.front()->payload;
      ready_.load()->complete(std::move(result));
    }
  };
  to.drop = [this](attempt_ref const& one) { dropped.put(one); };
  to.changed = [this](link_state state, std::string const& why) { changes.put({state, why}); };
  to.answered = [this](query_result&& one) { answers.put(std::move(one)); };
  to.drain = [this] { ++drains, drains.notify_all(); };
  link = host_link::open(std::move(options), system_clock(), std::move(to)).value();
  ready_ = link.get();
  ready_.notify_all();
}

link_news worker_end::wait_for(link_state state) {
  return changes.take_until([&](link_news const& one) { return one.state == state; });
}

delivery sample_delivery(std::uint64_t number, std::size_t payload_bytes) {
  artifact_data input;
  input.id = sample_id<artifact_id>(0x20);
  input.seq = number;
  input.type = "t";
  input.payload = payload{bytes(payload_bytes, std::byte{0xc0})};
  std::array<std::uint8_t, activation_id::size_bytes> raw{};
  // Ids are random where they are hashed.
  auto const spread = (number + 1) * 0x9e3779b97f4a7c15u;
  for (std::size_t i = 0; i < 8; ++i) {
    raw[i] = static_cast<std::uint8_t>(number >> (8 * i));
    raw[8 + i] = static_cast<std::uint8_t>(spread >> (8 * i));
  }
  return {{number, activation_id{raw}, 1}, "a", 0, {std::make_shared<artifact_data>(std::move(input))}, 0};
}

void exchange(hub_end& hub, host_key worker, std::uint64_t count, std::uint64_t window) {
  auto const before = hub.dones.load();
  // A worker starts an attempt once, whichever hub it comes from: every exchange has numbers of its own.
  static std::atomic<std::uint64_t> next = 1'000'000;
  auto const first = next.fetch_add(count);
  for (std::uint64_t sent = 0; sent < count;) {
    auto const seen = hub.dones.load();
    auto const done_so_far = seen - before;
    if (sent - done_so_far >= window) {
      hub.dones.wait(seen);
      continue;
    }
    deliver batch{first + sent, {}};
    while (sent < count && sent - done_so_far < window) batch.deliveries.push_back(sample_delivery(first + sent++));
    hub.link->send(worker, std::move(batch));
  }
  hub.wait_for_dones(before + count);
}

}  // namespace skein::bus::testing
