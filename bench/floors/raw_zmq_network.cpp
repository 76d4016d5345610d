// Floors of hops across processes: libzmq alone. A ROUTER here delivers 200 bytes to a DEALER in another process, which answers each with
// 200 bytes; one frame each, or two (a header of 100 bytes before it), 256 under way or one.
#include "latencies.hpp"
#include "network.hpp"

#include <benchmark/benchmark.h>
#include <zmq.h>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <ctime>
#include <stdexcept>

namespace floors {

beside::beside(std::function<void()> const& work) : pid_(::fork()) {
  if (pid_ < 0) throw std::runtime_error{"fork failed"};
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  work();
  ::_exit(0);
}

beside::~beside() {
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

double beside::cpu() const {
  ::clockid_t clock{};
  ::timespec used{};
  if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return 0;
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

}  // namespace floors

namespace {

void check(int how) {
  if (how < 0) throw std::runtime_error{zmq_strerror(zmq_errno())};
}

struct keys {
  char public_key[41], secret_key[41];
  keys() { check(zmq_curve_keypair(public_key, secret_key)); }
};

struct socket {
  void *context, *handle;
  explicit socket(int type) : context(zmq_ctx_new()), handle(zmq_socket(context, type)) {
    for (int const option : {ZMQ_SNDHWM, ZMQ_RCVHWM, ZMQ_LINGER}) set(option, 0);
  }
  socket(socket const&) = delete;
  ~socket() {
    zmq_close(handle);
    zmq_ctx_term(context);
  }
  void set(int option, int value) { check(zmq_setsockopt(handle, option, &value, sizeof value)); }
  void set(int option, char const* text) { check(zmq_setsockopt(handle, option, text, std::strlen(text))); }
};

struct setting {
  bool curve = false;
  int frames = 1;
  std::string endpoint;
  keys server, client;
};

/// A message of one frame or two: the routing id first where there is one.
void send(socket& to, setting const& how, char const* peer = nullptr) {
  static char const bytes[floors::frame_bytes] = {};
  if (peer != nullptr) check(zmq_send(to.handle, peer, std::strlen(peer), ZMQ_SNDMORE));
  if (how.frames == 2) check(zmq_send(to.handle, bytes, floors::frame_bytes / 2, ZMQ_SNDMORE));
  check(zmq_send(to.handle, bytes, floors::frame_bytes, 0));
}

void receive(socket& from) {
  zmq_msg_t part;
  zmq_msg_init(&part);
  do check(zmq_msg_recv(&part, from.handle, 0));
  while (zmq_msg_more(&part));
  zmq_msg_close(&part);
}

void answer_all(setting const& how) {
  socket dealer{ZMQ_DEALER};
  dealer.set(ZMQ_ROUTING_ID, "host");
  if (how.curve) {
    dealer.set(ZMQ_CURVE_SERVERKEY, how.server.public_key);
    dealer.set(ZMQ_CURVE_PUBLICKEY, how.client.public_key);
    dealer.set(ZMQ_CURVE_SECRETKEY, how.client.secret_key);
  }
  check(zmq_connect(dealer.handle, how.endpoint.c_str()));
  for (send(dealer, how);; send(dealer, how)) receive(dealer);
}

void deliver_and_ack(benchmark::State& state, std::string const& transport, int frames, std::size_t window) {
  setting how;
  how.curve = transport == "curve";
  how.frames = frames;
  how.endpoint = transport == "ipc" ? "ipc:///tmp/bench_floor_" + std::to_string(::getpid()) + ".sock"
                                    : "tcp://127.0.0.1:" + std::to_string(20'000 + ::getpid() % 20'000);
  floors::beside const worker{[&] { answer_all(how); }};
  socket router{ZMQ_ROUTER};
  router.set(ZMQ_ROUTER_MANDATORY, 1);
  if (how.curve) {
    router.set(ZMQ_CURVE_SERVER, 1);
    router.set(ZMQ_CURVE_SECRETKEY, how.server.secret_key);
  }
  check(zmq_bind(router.handle, how.endpoint.c_str()));
  receive(router);
  for (std::size_t i = 0; i < window; ++i) send(router, how, "host");
  auto const cpu_before = worker.cpu();
  floors::latencies took;
  auto sent = took.now();
  for (auto _ : state) {
    receive(router);
    if (window == 1) took.add(sent, 1), sent = took.now();
    send(router, how, "host");
  }
  took.report(state);
  auto const cpu = worker.cpu() - cpu_before;
  state.counters["items"] = 1;
  state.counters["other_ns"] = 1e9 * cpu / static_cast<double>(state.iterations());
}

int const registered = [] {
  for (auto const* transport : floors::transports) {
    for (int const frames : {1, 2}) {
      for (std::size_t const window : {floors::window, std::size_t{1}}) {
        auto const name = std::string{"floor/"} + transport + "/" + (frames == 1 ? "one_frame" : "two_frames") + "/" + std::to_string(window);
        benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { deliver_and_ack(state, transport, frames, window); })
            ->UseRealTime()
            ->MeasureProcessCPUTime();
      }
    }
  }
  return 0;
}();

}  // namespace
