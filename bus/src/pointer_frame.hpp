// Hands messages over through an inproc socket as a pointer: ownership travels in the frame, for as many as are ready.
#pragma once

#include "happens_before.hpp"

#include <skein/bus/message.hpp>

#include <zmq.hpp>

#include <cstring>
#include <memory>
#include <vector>

namespace skein::bus {

/// What one frame carries, in order.
using messages = std::vector<message>;

/// A frame that owns the messages until unwrap() takes them out.
inline zmq::message_t wrap(std::unique_ptr<messages> what) {
  messages* const raw = what.release();
  gives_away(raw);
  return zmq::message_t{&raw, sizeof raw};
}

inline std::unique_ptr<messages> unwrap(zmq::message_t const& frame) {
  messages* raw = nullptr;
  std::memcpy(&raw, frame.data(), sizeof raw);
  takes_over(raw);
  return std::unique_ptr<messages>{raw};
}

}  // namespace skein::bus
