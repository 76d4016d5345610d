// The hub's end of its links to hosts in other processes: ROUTER sockets on ipc:// and tcp:// endpoints, one thread, one frame a message.
#pragma once

#include <skein/bus/blackboard_io.hpp>
#include <skein/bus/security.hpp>
#include <skein/registry/error.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace skein::bus {

/// Bounds on what peers can cost. What libzmq holds of one connection comes on top: up to 64 received frames that the link has not read yet, and
/// one that is arriving (for at most 10 s while its sender is not let in). Where frames are small, a small `frame_bytes_max` bounds that well; the
/// number of connections is bounded by the process's descriptors (LimitNOFILE).
struct network_limits {
  std::size_t frame_bytes_max = 64u << 20;            ///< A larger frame closes its connection (ZMQ_MAXMSGSIZE); a larger message is not sent.
  std::size_t peers_max = 4'096;                      ///< Connections that have sent something; another one is ignored until one is forgotten.
  std::size_t peer_queue_bytes_max = 128u << 20;      ///< Waiting to be sent to one peer; past it the peer is dropped, its leases expire.
  std::uint32_t hellos_per_second_max = 20;           ///< Of one connection; more are ignored, counted.
  std::uint32_t refusals_logged_per_minute_max = 10;  ///< Of each kind; the rest is counted and said in one line.
  std::chrono::milliseconds peer_silent_max{120'000}; ///< A connection that has sent nothing for this long is forgotten.
  std::chrono::milliseconds heartbeat{5'000};         ///< ZMTP heartbeats (ZMQ_HEARTBEAT_IVL); a dead connection is closed after three.
};

/// Counted since the link was opened.
struct network_counters {
  std::uint64_t received = 0, sent = 0;               ///< Messages.
  std::uint64_t received_bytes = 0, sent_bytes = 0;   ///< Of their frames, before encryption.
  std::uint64_t bad_messages = 0;                     ///< Frames that broke the wire format; their sender got REFUSED and is ignored from then on.
  std::uint64_t auth_refused = 0;                     ///< Handshakes that the ZAP handler refused.
  std::uint64_t ignored = 0;                          ///< Frames over a rate or from a refused or surplus peer.
  std::uint64_t undeliverable = 0;                    ///< Messages for peers that had gone or whose queue was full.
  std::uint64_t peers = 0;                            ///< Known at this moment.
  friend bool operator==(network_counters const&, network_counters const&) = default;
};

/// What a hub's link is made of.
struct network_link_options {
  std::vector<std::string> endpoints;                 ///< `ipc://PATH`, `tcp://ADDRESS:PORT` (PORT may be *).
  curve_keys keys;                                    ///< For tcp; ipc sockets are plaintext and 0600.
  network_limits limits;                              ///< Bounds on what peers can cost.
  host_key first_key = 2;                             ///< Keys of hosts count up from here (1 is the local host).
  /// The connection of a host is closed, or its queue was dropped: nothing comes under this key any more. A host that lives comes back under another.
  /// `certain`: its process has ended, or gets nothing any more; otherwise the network may be to blame. On the link's thread, without any lock of it; must not block. (Optional.)
  std::function<void(host_key, bool certain)> gone = {};
};

/// Thread-safe. Binding tcp off loopback without keys is refused (errc::misuse).
class network_link {
 public:
  /// Takes what a host sent, in its order: on the link's thread, without any lock of the link. Messages that came together are handed over together, and
  /// what is left of their memory is the next ones'. `principal` is the name of the key that the ZAP handler accepted, empty on ipc and plaintext. It may
  /// call send().
  using receiver = std::function<void(host_key from, std::span<message> all, std::string_view principal)>;
  /// Binds all endpoints and starts the thread. errc::invalid_argument (an endpoint), misuse, io_failed (naming the endpoint: in use, not permitted).
  [[nodiscard]] static result<std::unique_ptr<network_link>> open(network_link_options options, receiver to_hub);
  /// Stops.
  virtual ~network_link() = default;

  /// Never blocks. A message for a host that is gone is dropped: leases and repetitions see to what it was about.
  virtual void send(host_key to, message&& what) = 0;
  /// Many, in their order. Where nobody else is at it, the calling thread hands them to the sockets itself.
  virtual void send(std::vector<outgoing>&& all) = 0;
  /// As bound: a wildcard port is replaced by the port.
  [[nodiscard]] virtual std::vector<std::string> endpoints() const = 0;
  /// Never blocks.
  [[nodiscard]] virtual network_counters counters() const = 0;
  /// Reads the folder of allowed keys again; it is also done by itself when the folder changes. Keys that have gone: their connections are
  /// ignored from then on and told so.
  virtual void reload_keys() = 0;
  /// Ends the thread and unbinds; what was given to send() before is handed to the sockets first.
  virtual void stop() = 0;
};

}  // namespace skein::bus
