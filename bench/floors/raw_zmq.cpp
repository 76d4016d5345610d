// Floors of a hop: libzmq alone. One hop is a 200-byte delivery from a ROUTER to a DEALER by inproc and a 200-byte answer with the next item,
// one frame each. On one thread; on two with credit, as many in flight; and one at a time between two threads, where each sleeps until the other wakes it.
#include "../counted.hpp"
#include "latencies.hpp"
#include "zmq_sockets.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <thread>

namespace {

using namespace floors::zmq;

constexpr std::size_t window = 250, burst_frames = 4000, frame_bytes = 200;
constexpr char const* endpoint = "inproc://floor";

void send_first(socket& to, std::string const& body, int flags = ZMQ_DONTWAIT) {
  frame made{sizeof(std::int64_t) + body.size()};
  std::memset(made.data(), 0, sizeof(std::int64_t));
  std::memcpy(made.data() + sizeof(std::int64_t), body.data(), body.size());
  made.send(to, flags);
}

void deliver(socket& router, std::string const& body) {
  check(zmq_send(router.handle(), "host", 4, ZMQ_SNDMORE | ZMQ_DONTWAIT));
  send_first(router, body);
}

/// What a handler does: the next stage's item, made out of the one received.
void answer(socket& dealer, frame& received) {
  frame made{received.size()};
  std::memcpy(made.data(), received.data(), received.size());
  std::int64_t number = 0;
  std::memcpy(&number, received.data(), sizeof number);
  ++number;
  std::memcpy(made.data(), &number, sizeof number);
  made.send(dealer, ZMQ_DONTWAIT);
}

/// Both ends, the ROUTER with its peer known.
struct ends {
  context zmq;
  socket router{zmq, ZMQ_ROUTER}, dealer{zmq, ZMQ_DEALER};
  frame name, received;
  std::string const body = std::string(frame_bytes - sizeof(std::int64_t), 'x');

  ends() {
    check(zmq_setsockopt(dealer.handle(), ZMQ_ROUTING_ID, "host", 4));
    check(zmq_bind(router.handle(), endpoint));
    check(zmq_connect(dealer.handle(), endpoint));
    send_first(dealer, body);
    take_answer();
  }

  void take_answer(int flags = 0) {
    name.receive(router, flags);
    received.receive(router, flags);
    benchmark::DoNotOptimize(received.data());
  }
};

/// The DEALER's end on a thread of its own: answers until it is sent an empty frame.
class answering {
 public:
  explicit answering(socket& dealer) : thread_([&dealer] {
    for (frame received; received.receive(dealer), received.size() != 0;) answer(dealer, received);
  }) {}
  answering(answering const&) = delete;
  void end(socket& router) {
    check(zmq_send(router.handle(), "host", 4, ZMQ_SNDMORE));
    check(zmq_send(router.handle(), "", 0, 0));
    thread_.join();
  }

 private:
  std::thread thread_;
};

void router_dealer_hop(benchmark::State& state) {
  ends both;
  for (auto _ : state) {
    for (std::size_t i = 0; i < window; ++i) deliver(both.router, both.body);
    for (std::size_t i = 0; i < window; ++i) {
      both.received.receive(both.dealer, ZMQ_DONTWAIT);
      answer(both.dealer, both.received);
    }
    for (std::size_t i = 0; i < window; ++i) both.take_answer(ZMQ_DONTWAIT);
  }
  state.counters["items"] = window;
}
BENCHMARK(router_dealer_hop)->Name("floor/router_dealer_hop")->Apply(bench::counted);

/// As many frames as the chain has hops in a burst.
void router_dealer_2_threads(benchmark::State& state) {
  ends both;
  answering host{both.dealer};
  for (auto _ : state) {
    for (std::size_t sent = 0, done = 0; done < burst_frames; ++done) {
      for (; sent < burst_frames && sent - done < window; ++sent) deliver(both.router, both.body);
      both.take_answer();
    }
  }
  state.counters["items"] = burst_frames;
  host.end(both.router);
}
BENCHMARK(router_dealer_2_threads)->Name("floor/router_dealer_2_threads")->UseRealTime()->MeasureProcessCPUTime()->Apply(bench::counted);

void ping_pong(benchmark::State& state) {
  ends both;
  answering host{both.dealer};
  floors::latencies took;
  for (auto _ : state) {
    auto const begin = took.now();
    deliver(both.router, both.body);
    both.take_answer();
    took.add(begin, 1);
  }
  took.report(state);
  host.end(both.router);
}
BENCHMARK(ping_pong)->Name("floor/ping_pong")->UseRealTime()->MeasureProcessCPUTime();

}  // namespace
