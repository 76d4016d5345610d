// Peers for orientation: NATS, and JetStream with its file store. The chain as four subscriptions of one connection whose callbacks publish to the
// next subject. SKEIN_BENCH_NATS is the address of a server with JetStream; bench/run starts one and stops it.
#include "chain.hpp"

#include <benchmark/benchmark.h>
#include <nats/nats.h>

#include <array>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

namespace {

void check(natsStatus how) {
  if (how != NATS_OK) throw std::runtime_error{natsStatus_GetText(how)};
}

template <class T, void (*Destroy)(T*)>
struct destroys {
  void operator()(T* what) const { Destroy(what); }
};
template <class T, void (*Destroy)(T*)>
using owned = std::unique_ptr<T, destroys<T, Destroy>>;
using connection = owned<natsConnection, natsConnection_Destroy>;
using subscription = owned<natsSubscription, natsSubscription_Destroy>;
using jetstream = owned<jsCtx, jsCtx_Destroy>;

/// Counts what reached the end, and wakes who waits for a burst.
class finish {
 public:
  void one() {
    std::lock_guard const held{mutex_};
    if (++items_ % floors::burst_items == 0) all_.notify_one();
  }
  void wait_for(std::size_t items) {
    std::unique_lock held{mutex_};
    all_.wait(held, [&] { return items_ >= items; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_;
  std::size_t items_ = 0;
};

/// One agent: where what it makes goes, if anywhere.
struct stage {
  jsCtx* durable = nullptr;
  std::string next;
  finish* last = nullptr;
};

void handle(natsConnection* on, natsSubscription*, natsMsg* message, void* closure) {
  auto const& self = *static_cast<stage*>(closure);
  auto const* const data = natsMsg_GetData(message);
  auto const size = natsMsg_GetDataLength(message);
  if (self.last != nullptr) {
    self.last->one();
  } else if (self.durable != nullptr) {
    check(js_PublishAsync(self.durable, self.next.c_str(), data, size, nullptr));
  } else {
    check(natsConnection_Publish(on, self.next.c_str(), data, size));
  }
  if (self.durable != nullptr) check(natsMsg_Ack(message, nullptr));
  natsMsg_Destroy(message);
}

connection connect() {
  natsConnection* made = nullptr;
  auto const* const address = std::getenv("SKEIN_BENCH_NATS");
  if (address != nullptr) check(natsConnection_ConnectTo(&made, address));
  return connection{made};
}

std::string subject(std::size_t at) { return "bench." + std::to_string(at); }

std::array<stage, floors::chain_stages> make_stages(finish& last, jsCtx* durable) {
  std::array<stage, floors::chain_stages> made;
  for (std::size_t at = 0; at < made.size(); ++at) made[at] = {durable, subject(at + 1), nullptr};
  made.back().last = &last;
  return made;
}

void nats_hop(benchmark::State& state) {
  auto const server = connect();
  if (server == nullptr) return state.SkipWithError("SKEIN_BENCH_NATS names no server");
  finish last;
  auto stages = make_stages(last, nullptr);
  std::array<subscription, floors::chain_stages> subscriptions;
  for (std::size_t at = 0; at < stages.size(); ++at) {
    natsSubscription* made = nullptr;
    check(natsConnection_Subscribe(&made, server.get(), subject(at).c_str(), handle, &stages[at]));
    subscriptions[at].reset(made);
  }
  auto const body = floors::item_body() + std::string(sizeof(std::int64_t), 'n');
  std::size_t items = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < floors::burst_items; ++i) {
      check(natsConnection_Publish(server.get(), subject(0).c_str(), body.data(), static_cast<int>(body.size())));
    }
    last.wait_for(items += floors::burst_items);
  }
  state.counters["items"] = floors::burst_items * floors::chain_stages;
}
BENCHMARK(nats_hop)->Name("floor/nats_hop")->UseRealTime()->MeasureProcessCPUTime();

void jetstream_hop(benchmark::State& state) {
  auto const server = connect();
  if (server == nullptr) return state.SkipWithError("SKEIN_BENCH_NATS names no server");
  jsCtx* context = nullptr;
  check(natsConnection_JetStream(&context, server.get(), nullptr));
  jetstream const durable{context};
  js_DeleteStream(context, "bench", nullptr, nullptr);
  std::array<char const*, 1> subjects{"bench.*"};
  jsStreamConfig stream;
  check(jsStreamConfig_Init(&stream));
  stream.Name = "bench";
  stream.Subjects = subjects.data();
  stream.SubjectsLen = 1;
  check(js_AddStream(nullptr, context, &stream, nullptr, nullptr));
  finish last;
  auto stages = make_stages(last, context);
  std::array<subscription, floors::chain_stages> subscriptions;
  for (std::size_t at = 0; at < stages.size(); ++at) {
    jsSubOptions options;
    check(jsSubOptions_Init(&options));
    options.ManualAck = true;
    natsSubscription* made = nullptr;
    check(js_Subscribe(&made, context, subject(at).c_str(), handle, &stages[at], nullptr, &options, nullptr));
    subscriptions[at].reset(made);
  }
  auto const body = floors::item_body() + std::string(sizeof(std::int64_t), 'n');
  std::size_t items = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < floors::burst_items; ++i) {
      check(js_PublishAsync(context, subject(0).c_str(), body.data(), static_cast<int>(body.size()), nullptr));
    }
    last.wait_for(items += floors::burst_items);
    check(js_PublishAsyncComplete(context, nullptr));
  }
  state.counters["items"] = floors::burst_items * floors::chain_stages;
  for (auto& one : subscriptions) one.reset();
  js_DeleteStream(context, "bench", nullptr, nullptr);
}
BENCHMARK(jetstream_hop)->Name("floor/jetstream_hop")->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

}  // namespace
