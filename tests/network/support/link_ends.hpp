// Both ends of a link as tests use them: a hub that welcomes, delivers and acknowledges, and a worker that answers at once.
#pragma once

#include "mailbox.hpp"

#include <skein/bus/host_link.hpp>
#include <skein/bus/network_link.hpp>

#include <bus/support/sample_messages.hpp>
#include <tracing/support/temporary_folder.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace skein::bus::testing {

/// What came to the hub.
struct arrival {
  host_key from = 0;
  message what;
  std::string principal;
};

/// A hub's end: everything that is not answered by itself lies in `arrived`.
class hub_end {
 public:
  /// `quiet`: answers nothing by itself.
  explicit hub_end(network_link_options options, bool quiet = false);
  explicit hub_end(std::string const& endpoint) : hub_end(network_link_options{.endpoints = {endpoint}}) {}

  [[nodiscard]] std::string endpoint() const { return link->endpoints().front(); }
  /// Blocks until a host called `name` says hello; under which key.
  [[nodiscard]] host_key wait_for(std::string const& name);

  /// Blocks until so many attempts have ended.
  void wait_for_dones(std::uint64_t count) const;

  mailbox<arrival> arrived;  ///< Hellos too; no beats.
  std::atomic<std::uint64_t> dones = 0;
  std::unique_ptr<network_link> link;

 private:
  void take(host_key from, message&& what, std::string_view principal, bool quiet);
  std::atomic<network_link*> ready_ = nullptr;  // a host that waits for the hub may come while `link` is being made
};

struct link_news {
  link_state state = link_state::connecting;
  std::string why;
};

/// A worker's end.
class worker_end {
 public:
  /// `completes`: answers every delivery at once with outcome ok and a child; otherwise deliveries lie in `started`.
  explicit worker_end(host_link_options options, bool completes = true);
  explicit worker_end(std::string const& endpoint) : worker_end(options_for(endpoint)) {}
  [[nodiscard]] static host_link_options options_for(std::string const& endpoint, std::string name = "worker");

  /// Blocks until the link says so; what it says then.
  link_news wait_for(link_state state);

  mailbox<link_news> changes;
  mailbox<delivery> started;
  mailbox<attempt_ref> dropped;
  mailbox<query_result> answers;
  std::atomic<int> drains = 0;
  std::unique_ptr<host_link> link;

 private:
  std::atomic<host_link*> ready_ = nullptr;
};

/// A delivery with one input of `payload_bytes`.
[[nodiscard]] delivery sample_delivery(std::uint64_t number, std::size_t payload_bytes = 20);

/// Sends `count` deliveries, at most `window` unanswered, and waits until all are done.
void exchange(hub_end& hub, host_key worker, std::uint64_t count, std::uint64_t window = 256);

}  // namespace skein::bus::testing
