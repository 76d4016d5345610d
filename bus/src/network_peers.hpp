// The peers of a hub's network link: who they are, what waits for them, what they may still do.
#pragma once

#include "metered_frame.hpp"
#include "router_socket.hpp"

#include <skein/bus/network_link.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace skein::bus {

/// A frame that waits for room in its peer's pipe.
struct waiting_frame {
  bytes data;
  std::uint16_t version = 0;  ///< Not 0: the frame is a WELCOME, and its peer speaks this protocol version behind it.
};

/// A connection that has sent something.
struct network_peer {
  using clock = std::chrono::steady_clock;

  host_key key = 0;
  router_socket* socket = nullptr;
  std::string routing_id;
  std::string user_id;  ///< As the ZAP handler gave it; empty on plaintext.
  std::string principal;
  std::string address;
  int fd = -1;           ///< Of its connection, as libzmq's news name it.
  bool known = false;    ///< The hub has heard of it under this key.
  bool ignored = false;  ///< Was refused; what it sends is not read.
  clock::time_point heard, hellos_since;
  std::uint32_t hellos = 0;   ///< Since `hellos_since`.
  std::uint16_t version = 1;            ///< The protocol that it speaks, as far as it has been welcomed.
  std::deque<waiting_frame> backlog;    ///< What its pipe has no room for yet.
  std::size_t backlog_bytes = 0;
  std::shared_ptr<pipe_meter> meter;  ///< What the pipe holds.
};

/// Not thread-safe. Peers are found by connection and by key; pointers stay good until the peer is forgotten.
class network_peers {
 public:
  network_peers(network_limits const& limits, host_key first_key) : limits_(limits), next_key_(first_key) {}

  [[nodiscard]] network_peer* find(router_socket const& socket, std::string_view routing_id);
  [[nodiscard]] network_peer* find(host_key key);
  /// The peer whose connection has this descriptor; it is not found by it again.
  [[nodiscard]] network_peer* take_descriptor(router_socket const& socket, int fd);
  /// nullptr when there are as many as may be.
  [[nodiscard]] network_peer* add(router_socket& socket, std::string_view routing_id, int fd, wake_fd const& waker,
                                  network_peer::clock::time_point now);
  [[nodiscard]] bool full() const noexcept { return by_connection_.size() >= limits_.peers_max; }
  /// The one that was ignored first, if any is: it may make room.
  [[nodiscard]] network_peer* oldest_ignored();
  void ignore(network_peer& peer);
  /// Gives a peer another key: for the hub it is somebody else from here on.
  void rekey(network_peer& peer);
  void forget(network_peer& peer);
  [[nodiscard]] std::vector<network_peer*> silent(network_peer::clock::time_point since);
  /// Whether a HELLO of this peer at `now` is within its rate.
  [[nodiscard]] bool may_say_hello(network_peer& peer, network_peer::clock::time_point now) const;
  template <class Visit>
  void each(Visit&& visit) {
    for (auto& [id, one] : by_connection_) visit(*one);
  }
  [[nodiscard]] std::size_t size() const noexcept { return by_connection_.size(); }

 private:
  struct connection_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  /// The socket's address and the routing id, as one text that names a connection.
  [[nodiscard]] std::string_view connection(router_socket const& socket, std::string_view routing_id);

  network_limits const& limits_;
  host_key next_key_;
  std::string scratch_;
  std::unordered_map<std::string, std::unique_ptr<network_peer>, connection_hash, std::equal_to<>> by_connection_;
  std::unordered_map<host_key, network_peer*> by_key_;
  std::map<std::pair<router_socket const*, int>, network_peer*> by_descriptor_;
  std::deque<host_key> ignored_;  // in the order in which they came to be
};

}  // namespace skein::bus
