// A ROUTER that listens for hosts: its options, and one frame in or out at a time without blocking.
#pragma once

#include "connection_watch.hpp"
#include "endpoint.hpp"
#include "ipc_listener.hpp"

#include <skein/bus/network_link.hpp>

#include <zmq.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skein::bus {

/// What a peer sent, with what libzmq knows of it.
struct incoming_frame {
  zmq::message_t routing_id, body;
  bool multipart = false;  ///< More parts followed; they are gone.
};

/// Not thread-safe.
class router_socket {
 public:
  enum class sent { yes, full, gone };

  /// With keys: CURVE, and whoever answers at inproc://zeromq.zap.01 of `context` decides who comes in.
  /// `serial`: another number for each socket of a context.
  router_socket(zmq::context_t& context, network_limits const& limits, curve_keys const* keys, unsigned serial);
  router_socket(router_socket const&) = delete;
  router_socket& operator=(router_socket const&) = delete;

  /// Returns the endpoint as bound. errc::invalid_argument, io_failed.
  [[nodiscard]] result<std::string> bind(std::string const& text, endpoint const& parsed);
  [[nodiscard]] bool curve() const noexcept { return curve_; }

  /// False when nothing is there.
  [[nodiscard]] bool receive(incoming_frame& into);
  /// Asks whether a frame may go to a peer, and if so opens a message to it, which finish() completes.
  [[nodiscard]] sent begin(std::string_view routing_id);
  void finish(zmq::message_t&& frame);

  /// Readable when something may have changed; edge-triggered: look at readable() before waiting for it, and say woken() when it was.
  [[nodiscard]] int fd() const;
  /// Whether something is there to receive. Takes two system calls, but none where the answer is known.
  [[nodiscard]] bool readable();
  void woken() noexcept { drained_ = false; }
  [[nodiscard]] connection_watch& connections() { return *connections_; }
  void close(std::chrono::milliseconds linger);

 private:
  void skip_rest();
  zmq::socket_t socket_;
  std::optional<connection_watch> connections_;
  bool curve_;
  bool drained_ = false;  // nothing was there, and what comes makes fd() readable: nothing has been sent since, which may take that news
  std::vector<ipc_listener> listeners_;
};

/// Applies what both ends of a link want of their sockets: limits, heartbeats, time-outs.
void set_common_options(zmq::socket_t& socket, std::size_t frame_bytes_max, std::chrono::milliseconds heartbeat);

/// The domain that the ZAP handler answers for.
inline constexpr char const* zap_domain = "skein";

}  // namespace skein::bus
