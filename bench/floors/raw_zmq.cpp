// Floor of a hop: libzmq alone. One hop is a 200-byte delivery from a ROUTER to a DEALER and a 200-byte answer with the next item, one
// frame each, by inproc, both ends on one thread, 250 in flight.
#include "chain.hpp"

#include <benchmark/benchmark.h>
#include <zmq.h>

#include <cstring>
#include <memory>
#include <stdexcept>

namespace {

constexpr std::size_t window = 250, frame_bytes = 200;
constexpr char const* endpoint = "inproc://floor";

void check(int how) {
  if (how < 0) throw std::runtime_error{zmq_strerror(zmq_errno())};
}

struct context {
  void* handle = zmq_ctx_new();
  context() = default;
  context(context const&) = delete;
  ~context() { zmq_ctx_term(handle); }
};

struct socket {
  void* handle;
  socket(context& in, int type) : handle(zmq_socket(in.handle, type)) {
    int const unlimited = 0;
    check(zmq_setsockopt(handle, ZMQ_SNDHWM, &unlimited, sizeof unlimited));
    check(zmq_setsockopt(handle, ZMQ_RCVHWM, &unlimited, sizeof unlimited));
  }
  socket(socket const&) = delete;
  ~socket() { zmq_close(handle); }
};

/// A frame to be received into.
struct frame {
  zmq_msg_t message;
  frame() { zmq_msg_init(&message); }
  frame(frame const&) = delete;
  ~frame() { zmq_msg_close(&message); }
  void receive(socket& from) { check(zmq_msg_recv(&message, from.handle, 0)); }
  [[nodiscard]] floors::item item() {
    floors::item read;
    auto const* const data = static_cast<char const*>(zmq_msg_data(&message));
    std::memcpy(&read.number, data, sizeof read.number);
    read.body.assign(data + sizeof read.number, zmq_msg_size(&message) - sizeof read.number);
    return read;
  }
};

void send(socket& to, floors::item const& what) {
  zmq_msg_t message;
  check(zmq_msg_init_size(&message, frame_bytes));
  auto* const data = static_cast<char*>(zmq_msg_data(&message));
  std::memcpy(data, &what.number, sizeof what.number);
  std::memcpy(data + sizeof what.number, what.body.data(), frame_bytes - sizeof what.number);
  check(zmq_msg_send(&message, to.handle, 0));
}

void router_dealer_hop(benchmark::State& state) {
  context zmq;
  socket router{zmq, ZMQ_ROUTER}, dealer{zmq, ZMQ_DEALER};
  check(zmq_setsockopt(dealer.handle, ZMQ_ROUTING_ID, "host", 4));
  check(zmq_bind(router.handle, endpoint));
  check(zmq_connect(dealer.handle, endpoint));
  floors::item const first{0, std::string(frame_bytes - sizeof(std::int64_t), 'x')};
  send(dealer, first);  // The ROUTER learns of its peer.
  frame name, received;
  name.receive(router);
  received.receive(router);
  for (auto _ : state) {
    for (std::size_t i = 0; i < window; ++i) {
      check(zmq_send(router.handle, "host", 4, ZMQ_SNDMORE));
      send(router, first);
    }
    for (std::size_t i = 0; i < window; ++i) {
      received.receive(dealer);
      send(dealer, floors::next_item<floors::item>(received.item()));
    }
    for (std::size_t i = 0; i < window; ++i) {
      name.receive(router);
      received.receive(router);
      benchmark::DoNotOptimize(received.item().number);
    }
  }
  state.counters["items"] = window;
}
BENCHMARK(router_dealer_hop)->Name("floor/router_dealer_hop");

}  // namespace
