// Answers libzmq's question who may come in (ZAP, RFC 27): CURVE peers whose public key is on the allow-list.
#pragma once

#include "allow_list.hpp"
#include "refusal_log.hpp"

#include <zmq.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace skein::bus {

/// Who a peer is: the name of its key, and the key, so that a name that gets another key is not taken for the same peer.
/// It travels as the ZAP user id, `KEY NAME`.
struct peer_identity {
  std::string key, name;
  [[nodiscard]] static peer_identity parse(std::string_view user_id);
};

/// Not thread-safe. Must be made before the sockets that it guards are bound, in their context.
class zap_handler {
 public:
  zap_handler(zmq::context_t& context, allow_list& allowed, refusal_log& log);
  /// Answers what has been asked; whether anything was. `refused` grows by the refusals.
  bool turn(std::uint64_t& refused);
  [[nodiscard]] int fd() const { return socket_.get(zmq::sockopt::fd); }
  [[nodiscard]] bool readable() { return (socket_.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0; }
  void close() { socket_.close(); }

 private:
  struct request;
  [[nodiscard]] bool receive(request& into);
  void answer(request const& to, char const* status, char const* text, std::string const& user_id);

  zmq::socket_t socket_;
  allow_list& allowed_;
  refusal_log& log_;
};

}  // namespace skein::bus
