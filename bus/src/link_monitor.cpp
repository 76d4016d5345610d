#include "link_monitor.hpp"

#include <utility>

namespace skein::bus {

namespace {

constexpr unsigned watched_events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED | handshake_failures;

}  // namespace

link_monitor::link_monitor(zmq::context_t& context, zmq::socket_t& watched, std::string endpoint, bool curve, unsigned serial)
    : events_(context, watched, watched_events, serial), endpoint_(std::move(endpoint)), curve_(curve) {}

std::string link_monitor::handshake_failure(socket_monitor::event const& of) const {
  if (of.what == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
    return "the hub at " + endpoint_ + " does not accept this key; put its public half into the hub's folder of allowed keys";
  }
  if (of.what == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL && of.value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH) {
    return curve_ ? "the hub at " + endpoint_ + " uses no keys, this side does; give the hub keys, or connect without"
                  : "the hub at " + endpoint_ + " wants keys; connect with a key that it allows and with its public key";
  }
  return curve_ ? "the hub at " + endpoint_ + " ended the handshake; does it use keys, and is the server key its own?"
                : "whoever listens at " + endpoint_ + " ended the handshake; is it a hub, and does it want keys?";
}

std::optional<link_event> link_monitor::next() {
  while (auto const event = events_.next()) {
    if (event->what == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
      ready_ = true;
      return link_event{link_event::kind::ready, {}};
    }
    bool const was_ready = std::exchange(ready_, false);
    if ((event->what & handshake_failures) != 0) return link_event{link_event::kind::rejected, handshake_failure(*event)};
    if (was_ready) return link_event{link_event::kind::lost, "the connection to " + endpoint_ + " was lost; it is tried again"};
    if (event->what == ZMQ_EVENT_CONNECT_RETRIED) {
      return link_event{link_event::kind::unreachable, "nobody answers at " + endpoint_ + "; it is tried again: does the hub run there?"};
    }
  }
  return std::nullopt;
}

}  // namespace skein::bus
