// The one implementation of network_link. One thread owns the sockets, the peers and the answers to who may come in; others leave encoded frames in the
// outbox, and wake it or, while it sleeps, send them themselves.
#pragma once

#include "happens_before.hpp"
#include "network_peers.hpp"
#include "zap_handler.hpp"

#include <skein/bus/blackboard_io.hpp>
#include <skein/bus/codec.hpp>
#include <skein/bus/frame_batch.hpp>
#include <skein/bus/network_link.hpp>

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace skein::bus {

/// The memory of larger frames, and of the messages in them, is not kept for the next ones.
inline constexpr std::size_t frame_bytes_kept_max = 4'096;
/// Messages that came together are handed over in portions: the board's lock is held for so many results at once.
inline constexpr std::size_t messages_together_max = 16;

struct outbound {
  host_key to = 0;
  bytes frame;
  std::uint16_t version = 0;  // what the peer speaks behind this frame, which is a WELCOME; 0 = as before
};

/// Frames that one call sends, and memory for more.
struct made_frames {
  // Room for the answers to what came together, and the deliveries that follow.
  static constexpr std::size_t usual = messages_together_max + 4;
  boost::container::small_vector<outbound, usual> all;
  boost::container::small_vector<bytes, usual> memory;

  [[nodiscard]] bytes next_memory() {
    if (memory.empty()) return {};
    auto one = std::move(memory.back());
    memory.pop_back();
    return one;
  }
};

struct ended_connection {
  host_key key = 0;
  unsigned turns = 0;  // since the news
};

struct shared_network_counters {
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

inline void add(std::atomic<std::uint64_t>& to, std::uint64_t by = 1) { to.fetch_add(by, std::memory_order_relaxed); }

class zmq_network_link final : public network_link {
 public:
  zmq_network_link(network_link_options options, receiver to_hub)
      : options_(std::move(options)),
        to_hub_(std::move(to_hub)),
        refusals_(options_.limits.refusals_logged_per_minute_max),
        peers_(options_.limits, options_.first_key),
        batch_(std::min(options_.limits.frame_bytes_max, frame_batch::bytes_max_default)) {
    codec_.message_bytes_max = options_.limits.frame_bytes_max;
  }
  ~zmq_network_link() override { stop(); }

  [[nodiscard]] result<void> start();
  void send(host_key to, message&& what) override;
  void send(std::vector<outgoing>&& all) override;
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
  [[nodiscard]] bool readable();

  void make(made_frames& made, host_key to, message&& what);
  void make_split(made_frames& made, host_key to, deliver&& all);
  [[nodiscard]] bool post(made_frames& made);
  void send_posted();
  void wake_thread();
  void collect();
  void flush();
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
  std::size_t take(router_socket& from, incoming_frame& frame, network_peer::clock::time_point now);
  void take_messages(network_peer& peer, network_peer::clock::time_point now);
  void hand_on(network_peer& peer, std::size_t count);
  [[nodiscard]] network_peer* peer_of(router_socket& from, incoming_frame& frame, network_peer::clock::time_point now);
  [[nodiscard]] bool still_allowed(network_peer const& peer) const;
  void refuse(network_peer& peer, errc code, std::string const& why);

  void chores(network_peer::clock::time_point now);
  void refresh_keys(bool always);

  network_link_options options_;
  receiver to_hub_;
  codec_limits codec_;
  shared_network_counters counters_;
  std::vector<std::string> bound_;

  wake_fd waker_;
  std::mutex mutex_;
  std::vector<outbound> outbox_;  // guarded by mutex_, like the next three
  std::vector<bytes> spare_;      // memory of frames
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
  std::vector<bytes> spent_;  // memory of frames that were sent
  std::vector<host_key> backlogged_;
  std::vector<ended_connection> ended_;
  std::vector<host_key> filled_;  // whose backlog was empty and is not
  frame_batch batch_;
  incoming_frame incoming_;
  bool one_at_a_time_ = true;  // in the last turn
  std::vector<bytes_view> frames_;  // of incoming_
  std::array<message, messages_together_max> messages_;  // that are being read, of them
  spare_deliveries no_deliveries_;  // hosts deliver nothing
  network_peer::clock::time_point chores_at_{};
  std::thread thread_;
};

}  // namespace skein::bus
