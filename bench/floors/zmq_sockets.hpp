// libzmq's handles as guards, without anything else of cppzmq: what the floors send with.
#pragma once

#include <zmq.h>

#include <cstddef>
#include <stdexcept>

namespace floors::zmq {

inline void check(int how) {
  if (how < 0) throw std::runtime_error{zmq_strerror(zmq_errno())};
}

class context {
 public:
  context() = default;
  context(context const&) = delete;
  ~context() { zmq_ctx_term(handle_); }
  [[nodiscard]] void* handle() const { return handle_; }

 private:
  void* handle_ = zmq_ctx_new();
};

/// Without high-water marks: windows limit what is in flight.
class socket {
 public:
  socket(context& in, int type) : handle_(zmq_socket(in.handle(), type)) {
    int const unlimited = 0, at_once = 0;
    check(zmq_setsockopt(handle_, ZMQ_SNDHWM, &unlimited, sizeof unlimited));
    check(zmq_setsockopt(handle_, ZMQ_RCVHWM, &unlimited, sizeof unlimited));
    check(zmq_setsockopt(handle_, ZMQ_LINGER, &at_once, sizeof at_once));
  }
  socket(socket const&) = delete;
  ~socket() { zmq_close(handle_); }
  [[nodiscard]] void* handle() const { return handle_; }

 private:
  void* handle_;
};

/// One frame, to be sent or to be received into.
class frame {
 public:
  frame() { zmq_msg_init(&message_); }
  explicit frame(std::size_t size) { check(zmq_msg_init_size(&message_, size)); }
  frame(frame const&) = delete;
  ~frame() { zmq_msg_close(&message_); }

  void receive(socket& from, int flags = 0) { check(zmq_msg_recv(&message_, from.handle(), flags)); }
  /// It is empty afterwards.
  void send(socket& to, int flags = 0) { check(zmq_msg_send(&message_, to.handle(), flags)); }
  [[nodiscard]] std::byte* data() { return static_cast<std::byte*>(zmq_msg_data(&message_)); }
  [[nodiscard]] std::size_t size() const { return zmq_msg_size(&message_); }

 private:
  zmq_msg_t message_;
};

}  // namespace floors::zmq
