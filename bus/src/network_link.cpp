// One thread owns the sockets, the peers and the answers to who may come in. Others leave encoded frames in the outbox and wake it.
#include <skein/bus/network_link.hpp>

#include "codec_kind.hpp"
#include "happens_before.hpp"
#include "network_peers.hpp"
#include "zap_handler.hpp"

#include <skein/bus/codec.hpp>
#include <skein/bus/frame_batch.hpp>
#include <skein/bus/quiet_thread.hpp>
#include <skein/tracing/log.hpp>

#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace skein::bus {

namespace {

using steady = std::chrono::steady_clock;

/// Messages read from one socket (and those that came with the last) before waiting ones are sent, so that no peer can keep the link from sending.
constexpr int received_per_turn_max = 256;
constexpr unsigned turns_between_news = 16;
/// Turns within which everything that an ended connection had brought has been read, however many others send at the same time.
constexpr unsigned turns_to_drain = 64;
constexpr std::chrono::seconds chores_every{1};
/// A pipe that has room again wakes the link nearly always; this is for the time when the news came while it looked elsewhere.
constexpr std::chrono::milliseconds retry_every{5};
constexpr std::chrono::milliseconds stop_linger{1'000};

struct outbound {
  host_key to = 0;
  bytes frame;
  std::uint16_t version = 0;  // what the peer speaks behind this frame, which is a WELCOME; 0 = as before
};

struct ended_connection {
  host_key key = 0;
  unsigned turns = 0;  // since the news
};

struct shared_counters {
  std::atomic<std::uint64_t> received = 0, sent = 0, received_bytes = 0, sent_bytes = 0, bad_messages = 0, auth_refused = 0, ignored = 0,
                             undeliverable = 0, peers = 0;
  [[nodiscard]] network_counters read() const {
    auto const of = [](auto const& one) { return one.load(std::memory_order_relaxed); };
    return {.received = of(received),
            .sent = of(sent),
            .received_bytes = of(received_bytes),
            .sent_bytes = of(sent_bytes),
            .bad_messages = of(bad_messages),
            .auth_refused = of(auth_refused),
            .ignored = of(ignored),
            .undeliverable = of(undeliverable),
            .peers = of(peers)};
  }
};

void add(std::atomic<std::uint64_t>& to, std::uint64_t by = 1) { to.fetch_add(by, std::memory_order_relaxed); }

/// What libzmq knows of a frame's sender.
std::string property(incoming_frame& frame, char const* name, char const* otherwise) {
  char const* const value = ::zmq_msg_gets(frame.body.handle(), name);
  return copy_of_theirs(value != nullptr ? value : otherwise);
}

bool is_hello(bytes_view frame) { return frame.size() >= wire::preamble_bytes && frame[6] == static_cast<std::byte>(wire::kind::hello); }

class zmq_network_link final : public network_link {
 public:
  zmq_network_link(network_link_options options, receiver to_hub)
      : options_(std::move(options)),
        to_hub_(std::move(to_hub)),
        refusals_(options_.limits.refusals_logged_per_minute_max),
        peers_(options_.limits, options_.first_key) {
    codec_.message_bytes_max = options_.limits.frame_bytes_max;
  }
  ~zmq_network_link() override { stop(); }

  [[nodiscard]] result<void> start();
  void send(host_key to, message&& what) override {
    post(to, std::move(what));
    wake_thread();
  }
  void send(std::vector<outgoing>&& all) override {
    for (auto& one : all) post(one.to, std::move(one.message));
    send_posted();
  }
  [[nodiscard]] std::vector<std::string> endpoints() const override { return bound_; }
  [[nodiscard]] network_counters counters() const override { return counters_.read(); }
  void reload_keys() override {
    reload_wanted_ = true;
    waker_.wake();
  }
  void stop() override;

 private:
  [[nodiscard]] result<void> bind(std::string const& text);
  [[nodiscard]] router_socket& socket_for(endpoint const& parsed);
  void run();
  void wait();
  [[nodiscard]] bool may_sleep();

  void post(host_key to, message&& what);
  void post_split(host_key to, deliver&& what);
  void send_posted();
  void wake_thread();
  void fill_outbox(outbound&& one);
  bool collect();
  bool flush();
  void enqueue(outbound&& one);
  [[nodiscard]] bool is_past_limit(network_peer const& peer) const;
  [[nodiscard]] router_socket::sent drain_backlog(network_peer& peer);
  [[nodiscard]] bool serve_backlog(host_key key);
  void next_message(network_peer& peer);
  void drop_slow(network_peer& peer);
  void lose(network_peer& peer);

  bool serve(router_socket& socket, bool look);
  int receive(router_socket& from);
  bool watch(router_socket& socket);
  void close_ended(router_socket const& socket, bool drained);
  std::size_t take(router_socket& from, incoming_frame& frame, steady::time_point now);
  bool take_message(network_peer& peer, bytes_view frame, steady::time_point now);
  [[nodiscard]] network_peer* peer_of(router_socket& from, incoming_frame& frame, steady::time_point now);
  [[nodiscard]] bool still_allowed(network_peer const& peer) const;
  void refuse(network_peer& peer, errc code, std::string const& why);

  void chores(steady::time_point now);
  void refresh_keys(bool always);

  network_link_options options_;
  receiver to_hub_;
  codec_limits codec_;
  shared_counters counters_;
  std::vector<std::string> bound_;

  wake_fd waker_;
  std::mutex mutex_;
  std::vector<outbound> outbox_;  // guarded by mutex_, like the next two
  bool asleep_ = false, closed_ = false;  // asleep: waits, or will without looking into the outbox again
  std::atomic<bool> stopping_ = false, reload_wanted_ = false;

  /// Held by whoever uses the sockets: the thread except while it waits, or another one that sends what it has posted itself. Taken before mutex_.
  std::mutex turn_;
  // The rest is guarded by it.
  bool news_ = true;  // monitors and ZAP handler may have some
  unsigned turns_ = 0;
  refusal_log refusals_;
  std::optional<allow_list> allowed_;
  network_peers peers_;
  zmq::context_t context_{1};
  std::optional<zap_handler> zap_;
  std::optional<router_socket> plain_, secured_;
  std::vector<outbound> sending_;
  std::vector<host_key> backlogged_;
  std::vector<ended_connection> ended_;
  std::vector<host_key> filled_;  // whose backlog was empty and is not
  frame_batch batch_;
  incoming_frame incoming_;
  std::vector<bytes_view> frames_;  // of incoming_
  steady::time_point chores_at_{};
  std::thread thread_;
};

// ---- opening and stopping ----

router_socket& zmq_network_link::socket_for(endpoint const& parsed) {
  bool const secured = parsed.transport == transport::tcp && !options_.keys.empty();
  auto& slot = secured ? secured_ : plain_;
  if (!slot) slot.emplace(context_, options_.limits, secured ? &options_.keys : nullptr, secured ? 1u : 2u);
  return *slot;
}

result<void> zmq_network_link::bind(std::string const& text) {
  auto const parsed = parse_endpoint(text);
  if (!parsed) return parsed.error();
  if (parsed->transport == transport::inproc) {
    return error{errc::invalid_argument, "hosts in other processes cannot reach it; use ipc://PATH or tcp://ADDRESS:PORT", text};
  }
  if (!parsed->local && options_.keys.empty()) {
    return error{errc::misuse,
                 "others could listen and connect there; make keys with `skein bus keygen DIR` and pass them, or bind 127.0.0.1", text};
  }
  auto bound = socket_for(*parsed).bind(text, *parsed);
  if (!bound) return bound.error();
  bound_.push_back(std::move(*bound));
  return {};
}

result<void> zmq_network_link::start() {
  try {
    if (!options_.keys.empty()) {
      auto allowed = allow_list::read(options_.keys.allowed_folder());
      if (!allowed) return allowed.error();
      allowed_.emplace(std::move(*allowed));
      zap_.emplace(context_, *allowed_, refusals_);  // before the sockets that ask it
    }
    for (auto const& text : options_.endpoints) {
      if (auto done = bind(text); !done) return done;
    }
  } catch (zmq::error_t const& failure) {
    return error{errc::io_failed, std::string{"libzmq cannot make the hub's sockets: "} + failure.what()};
  }
  try {
    thread_ = quiet_thread("skein-hub-link", [this] { run(); });
  } catch (std::system_error const& failure) {
    return error{errc::io_failed, std::string{"the thread of the hub's links cannot be started: "} + failure.what()};
  }
  return {};
}

void zmq_network_link::stop() {
  stopping_ = true;
  waker_.wake();
  if (thread_.joinable()) thread_.join();
}

// ---- sending, on any thread ----

void zmq_network_link::post(host_key to, message&& what) {
  if (auto* const work = std::get_if<deliver>(&what)) return post_split(to, std::move(*work));
  auto* const accepted = std::get_if<welcome>(&what);
  if (accepted != nullptr && accepted->version >= protocol_batches) accepted->frame_bytes_max = options_.limits.frame_bytes_max;
  auto frame = encode(what, codec_);
  if (frame) return fill_outbox({to, std::move(*frame), accepted != nullptr ? accepted->version : std::uint16_t{0}});
  add(counters_.undeliverable);
  log_error(std::string{"a message for a host cannot be sent: "} + frame.error().what());
}

/// Deliveries that do not fit into one frame travel in several. All but the last have the number before: a host that has the highest
/// number has all.
void zmq_network_link::post_split(host_key to, deliver&& what) {
  message whole{std::move(what)};
  auto frame = encode(whole, codec_);
  if (frame) return fill_outbox({to, std::move(*frame)});
  auto& all = std::get<deliver>(whole);
  if (frame.error().code() != errc::too_large || all.deliveries.size() < 2) {
    add(counters_.undeliverable);
    return log_error(std::string{"an activation cannot be sent to a host: "} + frame.error().what());
  }
  auto const half = all.deliveries.begin() + static_cast<std::ptrdiff_t>(all.deliveries.size() / 2);
  deliver first{std::max<std::uint64_t>(all.number, 1) - 1,
                {std::make_move_iterator(all.deliveries.begin()), std::make_move_iterator(half)}};
  all.deliveries.erase(all.deliveries.begin(), half);
  post_split(to, std::move(first));
  post_split(to, std::move(all));
}

void zmq_network_link::fill_outbox(outbound&& one) {
  std::lock_guard const held{mutex_};
  if (closed_) return add(counters_.undeliverable);
  outbox_.push_back(std::move(one));
}

void zmq_network_link::wake_thread() {
  std::lock_guard const held{mutex_};
  // An awake thread looks before it waits.
  if (std::exchange(asleep_, false)) waker_.wake();
}

/// While the link's thread sleeps, waking it would take longer than all the rest. What is not plain sailing is left to it.
void zmq_network_link::send_posted() {
  {
    std::lock_guard const held{mutex_};
    if (!asleep_) return;
  }
  bool wake = true;
  if (std::unique_lock const turn{turn_, std::try_to_lock}; turn) {
    (void)collect();
    for (auto const key : std::exchange(filled_, {})) {
      auto* const peer = peers_.find(key);
      if (peer != nullptr && drain_backlog(*peer) != router_socket::sent::yes) backlogged_.push_back(key);
    }
    // Sending may have taken the news that something came, which the sleeping thread waits for.
    wake = !backlogged_.empty() || (plain_ && plain_->readable()) || (secured_ && secured_->readable());
  }
  if (wake) wake_thread();
}

// ---- sending, by whoever has the turn ----

/// Moves the outbox to the peers' backlogs; whether there was anything.
bool zmq_network_link::collect() {
  {
    std::lock_guard const held{mutex_};
    sending_.swap(outbox_);
  }
  bool const any = !sending_.empty();
  for (auto& one : sending_) enqueue(std::move(one));
  sending_.clear();
  return any;
}

bool zmq_network_link::flush() {
  bool const moved = collect();
  // Those whose pipe was full first: the order of one peer's frames stays.
  std::erase_if(backlogged_, [&](host_key key) { return serve_backlog(key); });
  for (auto const key : filled_) {
    if (!serve_backlog(key)) backlogged_.push_back(key);
  }
  filled_.clear();
  return moved;
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
    peer.socket->finish(make_frame(batch_.take(), peer.meter));
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
                 steady::now());
  add(counters_.undeliverable, peer.backlog.size());
  peer.backlog.clear();
  peer.backlog_bytes = 0;
  // Whoever it was to the hub gets nothing any more; if it still lives it will be told to say hello again.
  auto const key = peer.key;
  bool const tell = peer.known && options_.gone;
  peers_.rekey(peer);
  if (tell) options_.gone(key, true);
}

// ---- receiving ----

/// One turn of a socket; whether there was anything.
bool zmq_network_link::serve(router_socket& socket, bool look) {
  bool const news = look && watch(socket);
  for (auto& one : ended_) ++one.turns;
  int const count = receive(socket);
  close_ended(socket, count < received_per_turn_max);
  return news || count > 0;
}

/// How many frames there were.
int zmq_network_link::receive(router_socket& from) {
  auto const now = steady::now();
  int count = 0;
  while (count < received_per_turn_max && from.receive(incoming_)) {
    count += static_cast<int>(take(from, incoming_, now));
  }
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
  for (auto const one : frames_) {
    if (!take_message(*peer, one, now)) break;
  }
  return std::max<std::size_t>(frames_.size(), 1);
}

/// False when nothing more of this peer is wanted, which may be gone.
bool zmq_network_link::take_message(network_peer& peer, bytes_view frame, steady::time_point now) {
  if (is_hello(frame) && !peers_.may_say_hello(peer, now)) {
    add(counters_.ignored);
    return true;
  }
  auto decoded = decode(frame, codec_);
  if (!decoded) {
    add(counters_.bad_messages);
    refuse(peer, decoded.error().code(), decoded.error().message());
    return false;
  }
  peer.known = true;
  to_hub_(peer.key, std::move(*decoded), peer.principal);
  return true;
}

/// Says why, once, and reads nothing more of it.
void zmq_network_link::refuse(network_peer& peer, errc code, std::string const& why) {
  refusals_.warn(code == errc::cancelled ? "peers whose key has gone" : "peers that broke the wire format",
                 peer.address + " was refused: " + why, steady::now());
  auto frame = encode(refused{code, why}, codec_);
  peers_.ignore(peer);
  if (frame) enqueue({peer.key, std::move(*frame)});
}

// ---- once a second ----

void zmq_network_link::refresh_keys(bool always) {
  if (!allowed_) return;
  auto const changed = allowed_->refresh(always, [](char const* problem) { log_warn(problem); });
  if (!changed) return;
  log_info("the allowed keys have changed: " + std::to_string(allowed_->size()) + " may connect");
  std::vector<host_key> gone;
  peers_.each([&](network_peer const& peer) {
    if (!peer.ignored && !still_allowed(peer)) gone.push_back(peer.key);
  });
  for (auto const key : gone) {
    auto* const peer = peers_.find(key);
    if (peer != nullptr) refuse(*peer, errc::cancelled, "the key of " + peer->principal + " is not accepted any more");
  }
}

void zmq_network_link::chores(steady::time_point now) {
  if (reload_wanted_.exchange(false)) refresh_keys(true);
  if (now < chores_at_) return;
  chores_at_ = now + chores_every;
  refresh_keys(false);
  refusals_.tick(now);
  for (auto* const peer : peers_.silent(now - options_.limits.peer_silent_max)) lose(*peer);
}

// ---- the thread ----

/// From here on whoever fills the outbox wakes the thread.
bool zmq_network_link::may_sleep() {
  std::lock_guard const held{mutex_};
  return asleep_ = outbox_.empty();
}

void zmq_network_link::wait() {
  std::array<::pollfd, 6> items{};
  ::nfds_t count = 0;
  auto const look = [&](int fd) { items.at(count++) = {fd, POLLIN, 0}; };
  look(waker_.fd());
  // Edge-triggered: all were read until nothing was left, and nothing has been sent since.
  for (auto* const socket : {&plain_, &secured_}) {
    if (*socket) look((*socket)->fd());
  }
  auto const first_of_news = count;
  for (auto* const socket : {&plain_, &secured_}) {
    if (*socket) look((*socket)->connections().fd());
  }
  if (zap_) look(zap_->fd());
  if (!ended_.empty() || !may_sleep()) return;
  auto timeout = std::chrono::ceil<std::chrono::milliseconds>(chores_at_ - steady::now());
  if (!backlogged_.empty()) timeout = std::min(timeout, retry_every);
  turn_.unlock();
  ::poll(items.data(), count, static_cast<int>(std::max<std::int64_t>(timeout.count(), 0)));
  turn_.lock();
  if (items[0].revents != 0) waker_.clear();
  news_ = news_ || std::any_of(items.begin() + first_of_news, items.begin() + count, [](auto const& one) { return one.revents != 0; });
  std::lock_guard const held{mutex_};
  asleep_ = false;
}

void zmq_network_link::run() {
  std::lock_guard const turn{turn_};
  for (;;) {
    if (stopping_) break;  // looked at after the wake-up that may have come with it was cleared
    chores(steady::now());
    bool moved = flush();
    // They are silent until their descriptors say otherwise; a thread that never sleeps asks now and then.
    bool const look = std::exchange(news_, false) || ++turns_ % turns_between_news == 0;
    if (zap_ && look) {
      std::uint64_t refused = 0;
      moved |= zap_->turn(refused);
      add(counters_.auth_refused, refused);
    }
    for (auto* const socket : {&plain_, &secured_}) {
      if (*socket) moved |= serve(**socket, look);
    }
    counters_.peers.store(peers_.size(), std::memory_order_relaxed);
    if (!moved) wait();
  }
  {
    std::lock_guard const held{mutex_};
    closed_ = true;
  }
  auto const until = steady::now() + stop_linger;
  flush();
  while (!backlogged_.empty() && steady::now() < until) {
    wait();
    flush();
  }
  if (plain_) plain_->close(stop_linger);
  if (secured_) secured_->close(stop_linger);
  if (zap_) zap_->close();
  context_.close();
}

}  // namespace

result<std::unique_ptr<network_link>> network_link::open(network_link_options options, receiver to_hub) {
  auto link = std::make_unique<zmq_network_link>(std::move(options), std::move(to_hub));
  if (auto started = link->start(); !started) return started.error();
  return std::unique_ptr<network_link>{std::move(link)};
}

}  // namespace skein::bus
