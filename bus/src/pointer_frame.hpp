// Hands a message over through an inproc socket as a pointer: ownership travels in the frame.
#pragma once

#include "happens_before.hpp"

#include <skein/bus/message.hpp>

#include <zmq.hpp>

#include <cstring>
#include <memory>

namespace skein::bus {

/// A frame that owns the message until unwrap() takes it out.
inline zmq::message_t wrap(std::unique_ptr<message> what) {
  message* const raw = what.release();
  gives_away(raw);
  return zmq::message_t{&raw, sizeof raw};
}

inline std::unique_ptr<message> unwrap(zmq::message_t const& frame) {
  message* raw = nullptr;
  std::memcpy(&raw, frame.data(), sizeof raw);
  takes_over(raw);
  return std::unique_ptr<message>{raw};
}

}  // namespace skein::bus
