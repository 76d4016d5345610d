#include "network_peers.hpp"

#include <cstring>

namespace skein::bus {

std::string_view network_peers::connection(router_socket const& socket, std::string_view routing_id) {
  auto const* const address = &socket;
  scratch_.assign(sizeof address, '\0');
  std::memcpy(scratch_.data(), &address, sizeof address);
  scratch_.append(routing_id);
  return scratch_;
}

network_peer* network_peers::find(router_socket const& socket, std::string_view routing_id) {
  auto const found = by_connection_.find(connection(socket, routing_id));
  return found == by_connection_.end() ? nullptr : found->second.get();
}

network_peer* network_peers::find(host_key key) {
  auto const found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : found->second;
}

network_peer* network_peers::take_descriptor(router_socket const& socket, int fd) {
  auto const node = by_descriptor_.extract({&socket, fd});
  return node.empty() ? nullptr : node.mapped();
}

network_peer* network_peers::add(router_socket& socket, std::string_view routing_id, int fd, wake_fd const& waker,
                                 network_peer::clock::time_point now) {
  if (full()) return nullptr;
  auto made = std::make_unique<network_peer>();
  made->key = next_key_++;
  made->socket = &socket;
  made->routing_id = routing_id;
  made->fd = fd;
  made->heard = made->hellos_since = now;
  made->meter = std::make_shared<pipe_meter>(waker);
  by_key_.emplace(made->key, made.get());
  if (fd >= 0) by_descriptor_[{&socket, fd}] = made.get();
  return by_connection_.emplace(connection(socket, routing_id), std::move(made)).first->second.get();
}

network_peer* network_peers::oldest_ignored() {
  while (!ignored_.empty()) {
    if (auto* const peer = find(ignored_.front())) return peer;
    ignored_.pop_front();
  }
  return nullptr;
}

void network_peers::ignore(network_peer& peer) {
  if (peer.ignored) return;
  peer.ignored = true;
  ignored_.push_back(peer.key);
}

void network_peers::rekey(network_peer& peer) {
  by_key_.erase(peer.key);
  peer.key = next_key_++;
  peer.known = false;
  by_key_.emplace(peer.key, &peer);
}

void network_peers::forget(network_peer& peer) {
  by_key_.erase(peer.key);
  auto const found = by_descriptor_.find({peer.socket, peer.fd});
  if (found != by_descriptor_.end() && found->second == &peer) by_descriptor_.erase(found);
  by_connection_.erase(by_connection_.find(connection(*peer.socket, peer.routing_id)));
  // Keys of those who have gone must not pile up.
  if (ignored_.size() > 2 * limits_.peers_max) std::erase_if(ignored_, [&](host_key key) { return by_key_.count(key) == 0; });
}

std::vector<network_peer*> network_peers::silent(network_peer::clock::time_point since) {
  std::vector<network_peer*> out;
  each([&](network_peer& peer) {
    if (peer.heard < since) out.push_back(&peer);
  });
  return out;
}

bool network_peers::may_say_hello(network_peer& peer, network_peer::clock::time_point now) const {
  if (now - peer.hellos_since >= std::chrono::seconds{1}) {
    peer.hellos_since = now;
    peer.hellos = 0;
  }
  return ++peer.hellos <= limits_.hellos_per_second_max;
}

}  // namespace skein::bus
