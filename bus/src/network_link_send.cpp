#include "zmq_network_link.hpp"

#include <skein/tracing/log.hpp>

#include <algorithm>
#include <iterator>

namespace skein::bus {

namespace {

/// Memory of frames that is kept for the next ones: of those that have room for most, and not for much more.
constexpr std::size_t spare_frames_max = 512, frame_bytes_kept_min = 512;

}  // namespace

// ---- sending, on any thread ----

void zmq_network_link::send(host_key to, message&& what) {
  made_frames made;
  make(made, to, std::move(what));
  (void)post(made);
  wake_thread();
}

void zmq_network_link::send(std::vector<outgoing>&& all) {
  made_frames made;
  {
    std::lock_guard const held{mutex_};
    for (std::size_t i = 0; i < all.size() && !spare_.empty(); ++i) {
      made.memory.push_back(std::move(spare_.back()));
      spare_.pop_back();
    }
  }
  for (auto& one : all) make(made, one.to, std::move(one.message));
  if (post(made)) send_posted();
}

void zmq_network_link::make(made_frames& made, host_key to, message&& what) {
  if (auto* const work = std::get_if<deliver>(&what)) return make_split(made, to, std::move(*work));
  auto* const accepted = std::get_if<welcome>(&what);
  if (accepted != nullptr && accepted->version >= protocol_batches) accepted->frame_bytes_max = options_.limits.frame_bytes_max;
  auto frame = made.next_memory();
  auto const how = encode(what, codec_, protocol_min, frame);
  if (how) return made.all.push_back({to, std::move(frame), accepted != nullptr ? accepted->version : std::uint16_t{0}});
  add(counters_.undeliverable);
  log_error(std::string{"a message for a host cannot be sent: "} + how.error().what());
}

/// Deliveries that do not fit into one frame travel in several. All but the last have the number before: a host that has the highest
/// number has all.
void zmq_network_link::make_split(made_frames& made, host_key to, deliver&& all) {
  auto frame = made.next_memory();
  auto const how = encode(all, codec_, protocol_min, frame);
  if (how) return made.all.push_back({to, std::move(frame)});
  if (how.error().code() != errc::too_large || all.deliveries.size() < 2) {
    add(counters_.undeliverable);
    return log_error(std::string{"an activation cannot be sent to a host: "} + how.error().what());
  }
  auto const half = all.deliveries.begin() + static_cast<std::ptrdiff_t>(all.deliveries.size() / 2);
  deliver first{std::max<std::uint64_t>(all.number, 1) - 1,
                {std::make_move_iterator(all.deliveries.begin()), std::make_move_iterator(half)}};
  all.deliveries.erase(all.deliveries.begin(), half);
  make_split(made, to, std::move(first));
  make_split(made, to, std::move(all));
}

/// Whether the thread sleeps and knows nothing of them.
bool zmq_network_link::post(made_frames& made) {
  std::lock_guard const held{mutex_};
  if (closed_) return add(counters_.undeliverable, made.all.size()), false;
  std::move(made.all.begin(), made.all.end(), std::back_inserter(outbox_));
  return asleep_;
}

void zmq_network_link::wake_thread() {
  std::lock_guard const held{mutex_};
  // An awake thread looks before it waits.
  if (std::exchange(asleep_, false)) waker_.wake();
}

/// While the link's thread sleeps, waking it would take longer than all the rest. What is not plain sailing is left to it.
void zmq_network_link::send_posted() {
  bool wake = true;
  if (std::unique_lock const turn{turn_, std::try_to_lock}; turn) {
    collect();
    for (auto const key : filled_) {
      auto* const peer = peers_.find(key);
      if (peer != nullptr && drain_backlog(*peer) != router_socket::sent::yes) backlogged_.push_back(key);
    }
    filled_.clear();
    // Sending may have taken the news that something came, which the sleeping thread waits for.
    wake = !backlogged_.empty() || readable();
  }
  if (wake) wake_thread();
}

// ---- sending, by whoever has the turn ----

/// Moves the outbox to the peers' backlogs.
void zmq_network_link::collect() {
  {
    std::lock_guard const held{mutex_};
    sending_.swap(outbox_);
    while (!spent_.empty() && spare_.size() < spare_frames_max) {
      spare_.push_back(std::move(spent_.back()));
      spent_.pop_back();
    }
  }
  spent_.clear();
  for (auto& one : sending_) enqueue(std::move(one));
  sending_.clear();
}

void zmq_network_link::flush() {
  collect();
  // Those whose pipe was full first: the order of one peer's frames stays.
  std::erase_if(backlogged_, [&](host_key key) { return serve_backlog(key); });
  for (auto const key : filled_) {
    if (!serve_backlog(key)) backlogged_.push_back(key);
  }
  filled_.clear();
}

void zmq_network_link::enqueue(outbound&& one) {
  auto* const peer = peers_.find(one.to);
  if (peer == nullptr) return add(counters_.undeliverable);
  if (peer->backlog.empty()) filled_.push_back(one.to);
  peer->backlog_bytes += one.frame.size();
  peer->backlog.push_back({std::move(one.frame), one.version});
}

bool zmq_network_link::is_past_limit(network_peer const& peer) const {
  return peer.backlog_bytes + peer.meter->in_flight() > options_.limits.peer_queue_bytes_max;
}

/// Sends what a peer's pipe has room for; whether nothing is left for it, sent or dropped with it.
bool zmq_network_link::serve_backlog(host_key key) {
  auto* const peer = peers_.find(key);
  if (peer == nullptr) return true;
  auto const outcome = drain_backlog(*peer);
  if (outcome == router_socket::sent::full && !is_past_limit(*peer)) return false;
  if (outcome == router_socket::sent::gone) lose(*peer);
  if (outcome == router_socket::sent::full) drop_slow(*peer);
  return true;
}

router_socket::sent zmq_network_link::drain_backlog(network_peer& peer) {
  while (!peer.backlog.empty()) {
    if (peer.meter->full()) return router_socket::sent::full;
    auto const outcome = peer.socket->begin(peer.routing_id);
    if (outcome != router_socket::sent::yes) return outcome;
    next_message(peer);
    peer.socket->finish(make_frame(batch_, peer.meter));
  }
  return router_socket::sent::yes;
}

/// Takes from the backlog what goes as one message: to a peer that can read it, several frames.
void zmq_network_link::next_message(network_peer& peer) {
  while (!peer.backlog.empty()) {
    auto& next = peer.backlog.front();
    if (!batch_.empty() && peer.version < protocol_batches) return;
    if (!batch_.add(next.data)) return;
    if (next.version != 0) peer.version = next.version;
    peer.backlog_bytes -= next.data.size();
    add(counters_.sent);
    add(counters_.sent_bytes, next.data.size());
    bool const is_usual = next.data.capacity() >= frame_bytes_kept_min && next.data.capacity() <= frame_bytes_kept_max;
    if (is_usual && spent_.size() < spare_frames_max) spent_.push_back(std::move(next.data));
    peer.backlog.pop_front();
  }
}

/// The connection has gone, or is not to be served any more.
void zmq_network_link::lose(network_peer& peer) {
  add(counters_.undeliverable, peer.backlog.size());
  auto const key = peer.key;
  bool const tell = peer.known && options_.gone;
  // Plaintext sockets are this machine's: their connections end with their process.
  bool const certain = !peer.socket->curve();
  peers_.forget(peer);
  if (tell) options_.gone(key, certain);
}

void zmq_network_link::drop_slow(network_peer& peer) {
  refusals_.warn("peers that do not read",
                 peer.address + " does not read what is sent to it: " + std::to_string(peer.backlog_bytes) +
                     " bytes were waiting (peer_queue_bytes_max); they are dropped",
                 network_peer::clock::now());
  add(counters_.undeliverable, peer.backlog.size());
  peer.backlog.clear();
  peer.backlog_bytes = 0;
  // Whoever it was to the hub gets nothing any more; if it still lives it will be told to say hello again.
  auto const key = peer.key;
  bool const tell = peer.known && options_.gone;
  peers_.rekey(peer);
  if (tell) options_.gone(key, true);
}

}  // namespace skein::bus
