#include "codec_kind.hpp"
#include "zmq_network_link.hpp"

#include <algorithm>
#include <utility>

namespace skein::bus {

namespace {

using steady = std::chrono::steady_clock;

/// Messages read from one socket (and those that came with the last) before waiting ones are sent, so that no peer can keep the link from sending.
constexpr int messages_per_turn_max = 256;
/// Turns within which everything that an ended connection had brought has been read, however many others send at the same time.
constexpr unsigned turns_to_drain = 64;

/// What libzmq knows of a frame's sender.
std::string property(incoming_frame& frame, char const* name, char const* otherwise) {
  char const* const value = ::zmq_msg_gets(frame.body.handle(), name);
  return copy_of_theirs(value != nullptr ? value : otherwise);
}

bool is_hello(bytes_view frame) { return frame.size() >= wire::preamble_bytes && frame[6] == static_cast<std::byte>(wire::kind::hello); }

}  // namespace

// ---- receiving ----

/// One turn of a socket; whether there was news of its connections.
bool zmq_network_link::serve(router_socket& socket, bool look) {
  bool const news = look && watch(socket);
  for (auto& one : ended_) ++one.turns;
  int const count = receive(socket);
  close_ended(socket, count < messages_per_turn_max);
  return news;
}

/// How many frames there were.
int zmq_network_link::receive(router_socket& from) {
  auto const now = steady::now();
  int count = 0, frames = 0;
  for (; count < messages_per_turn_max && from.receive(incoming_); ++frames) {
    count += static_cast<int>(take(from, incoming_, now));
    // Where frames come one at a time, the answer leaves before libzmq is asked for the next: that takes a system call.
    if (one_at_a_time_) flush();
  }
  one_at_a_time_ = frames < 2;
  return count;
}

bool zmq_network_link::watch(router_socket& socket) {
  bool moved = false;
  while (auto const event = socket.connections().next()) {
    moved = true;
    if (event->what == connection_watch::event::kind::rejected) {
      add(counters_.auth_refused);
      refusals_.warn("peers whose handshake failed", event->address + " was refused: " + event->why, steady::now());
    }
    if (auto* const peer = peers_.take_descriptor(socket, event->fd)) ended_.push_back({peer->key, 0});
  }
  // What a connection brought before its end is there by now, and may not have been there before.
  if (moved) socket.woken();
  return moved;
}

/// What a connection brought before it ended is read first: its peer goes when nothing is left, or after so many turns that it must be.
void zmq_network_link::close_ended(router_socket const& socket, bool drained) {
  std::erase_if(ended_, [&](ended_connection const& one) {
    auto* const peer = peers_.find(one.key);
    if (peer == nullptr) return true;
    if (peer->socket != &socket || one.turns == 0 || (!drained && one.turns < turns_to_drain)) return false;
    lose(*peer);
    return true;
  });
}

bool zmq_network_link::still_allowed(network_peer const& peer) const {
  if (!peer.socket->curve()) return true;
  auto const identity = peer_identity::parse(peer.user_id);
  auto const* const name = allowed_->name_of(identity.key);
  return name != nullptr && *name == identity.name;
}

network_peer* zmq_network_link::peer_of(router_socket& from, incoming_frame& frame, steady::time_point now) {
  auto const routing_id = frame.routing_id.to_string_view();
  // Peers choose routing ids if they like, so one proves nothing; who the sender is stands with the body.
  auto const user_id = from.curve() ? property(frame, "User-Id", "") : std::string{};
  auto* peer = peers_.find(from, routing_id);
  if (peer != nullptr && peer->user_id == user_id) return peer;
  if (peer != nullptr) lose(*peer);
  // The news about connections that had this descriptor before must have been read when it gets its peer.
  (void)watch(from);
  int const fd = ::zmq_msg_get(frame.body.handle(), ZMQ_SRCFD);
  if (auto* const other = peers_.take_descriptor(from, fd)) ended_.push_back({other->key, 0});
  if (auto* const ignored = peers_.full() ? peers_.oldest_ignored() : nullptr) lose(*ignored);
  auto const address = property(frame, "Peer-Address", "a peer");
  peer = peers_.add(from, routing_id, fd, waker_, now);
  if (peer == nullptr) {
    refusals_.warn("peers past the limit",
                   address + " is ignored: " + std::to_string(peers_.size()) + " connections are served already (peers_max)", now);
    return nullptr;
  }
  if (fd >= 0 && !from.connections().is_open(fd)) ended_.push_back({peer->key, 0});
  peer->user_id = user_id;
  peer->principal = peer_identity::parse(user_id).name;
  peer->address = address + (peer->principal.empty() ? "" : " (" + peer->principal + ")");
  return peer;
}

/// How many messages it brought.
std::size_t zmq_network_link::take(router_socket& from, incoming_frame& frame, steady::time_point now) {
  add(counters_.received_bytes, frame.body.size());
  auto* const peer = peer_of(from, frame, now);
  if (peer != nullptr) peer->heard = now;
  bool const wanted = peer != nullptr && !peer->ignored;
  if (!wanted || !still_allowed(*peer) || frame.multipart) {
    add(counters_.received);
    if (!wanted) {
      add(counters_.ignored);
    } else if (!frame.multipart) {
      refuse(*peer, errc::cancelled, "the key of " + peer->principal + " is not accepted any more");
    } else {
      add(counters_.bad_messages);
      refuse(*peer, errc::bad_message, "a message is one ZeroMQ message part; this one had more");
    }
    return 1;
  }
  if (auto split = split_batch({frame.body.data<std::byte>(), frame.body.size()}, codec_, frames_); !split) {
    add(counters_.received);
    add(counters_.bad_messages);
    refuse(*peer, split.error().code(), split.error().message());
    return 1;
  }
  add(counters_.received, frames_.size());
  take_messages(*peer, now);
  return std::max<std::size_t>(frames_.size(), 1);
}

/// Reads the messages in frames_. After one that cannot be read, nothing more of this peer is wanted.
void zmq_network_link::take_messages(network_peer& peer, steady::time_point now) {
  std::size_t count = 0;
  for (auto const frame : frames_) {
    if (is_hello(frame) && !peers_.may_say_hello(peer, now)) {
      add(counters_.ignored);
      continue;
    }
    auto& one = messages_[count];
    if (auto const read = decode(frame, codec_, no_deliveries_, one); !read) {
      hand_on(peer, count);
      add(counters_.bad_messages);
      return refuse(peer, read.error().code(), read.error().message());
    }
    bool const is_large = frame.size() > frame_bytes_kept_max;
    if (++count < messages_together_max && !is_large) continue;
    hand_on(peer, std::exchange(count, 0));
    if (is_large) one = done_ok{};
  }
  hand_on(peer, count);
}

void zmq_network_link::hand_on(network_peer& peer, std::size_t count) {
  if (count == 0) return;
  peer.known = true;
  to_hub_(peer.key, std::span{messages_}.first(count), peer.principal);
}

/// Says why, once, and reads nothing more of it.
void zmq_network_link::refuse(network_peer& peer, errc code, std::string const& why) {
  refusals_.warn(code == errc::cancelled ? "peers whose key has gone" : "peers that broke the wire format",
                 peer.address + " was refused: " + why, steady::now());
  auto frame = encode(refused{code, why}, codec_);
  peers_.ignore(peer);
  if (frame) enqueue({peer.key, std::move(*frame)});
}

}  // namespace skein::bus
