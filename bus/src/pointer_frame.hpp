// Hands a message over through an inproc socket as a pointer: ownership travels in the frame. The one place where ThreadSanitizer,
// which cannot see into libzmq, is told what happens-before what.
#pragma once

#include <skein/bus/message.hpp>

#include <zmq.hpp>

#include <cstring>
#include <memory>

#if defined(__SANITIZE_THREAD__)
extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#endif

namespace skein::bus {

/// A frame that owns the message until unwrap() takes it out.
inline zmq::message_t wrap(std::unique_ptr<message> what) {
  message* const raw = what.release();
#if defined(__SANITIZE_THREAD__)
  __tsan_release(raw);
#endif
  return zmq::message_t{&raw, sizeof raw};
}

inline std::unique_ptr<message> unwrap(zmq::message_t const& frame) {
  message* raw = nullptr;
  std::memcpy(&raw, frame.data(), sizeof raw);
#if defined(__SANITIZE_THREAD__)
  __tsan_acquire(raw);
#endif
  return std::unique_ptr<message>{raw};
}

}  // namespace skein::bus
