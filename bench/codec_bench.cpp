// Encoding and decoding the two messages of a hop, DELIVER and DONE, each with a payload of 200 bytes. Floor: the same fields as a bare
// msgpack array, floors/msgpack_array.cpp.
#include "floors/samples.hpp"

#include <skein/bus/codec.hpp>

#include <benchmark/benchmark.h>

#include <string>

namespace {

using namespace skein;

span_context sample_context() { return {trace_id{floors::sample_id<16>(4)}, span_id{floors::sample_id<8>(5)}, 3}; }
bus::attempt_ref sample_attempt() { return {42, activation_id{floors::sample_id<16>(3)}, 1}; }
payload sample_payload() { return payload{bytes(floors::sample_payload_bytes, std::byte{'p'})}; }

bus::message deliver_sample() {
  auto artifact = std::make_shared<bus::artifact_data>();
  artifact->id = artifact_id{floors::sample_id<16>(1)};
  artifact->seq = 42;
  artifact->type = floors::sample_type;
  artifact->payload = sample_payload();
  artifact->produced_by = floors::sample_agent;
  artifact->run = run_id{floors::sample_id<16>(2)};
  artifact->correlation = floors::sample_run;
  artifact->cause = activation_id{floors::sample_id<16>(3)};
  artifact->context = sample_context();
  artifact->created_at = timestamp{std::chrono::nanoseconds{floors::sample_time_ns}};
  bus::delivery work{sample_attempt(), std::string{floors::sample_agent}, 0, {artifact}, 0};
  return bus::deliver{7, {work}};
}

bus::message done_sample() {
  bus::child child;
  child.type = floors::sample_next_type;
  child.payload = sample_payload();
  child.context = sample_context();
  bus::done message;
  message.activation = sample_attempt();
  message.duration_ns = 12'345;
  message.children.push_back(std::move(child));
  return message;
}

void encode_message(benchmark::State& state, bus::message const& message) {
  std::size_t size = 0;
  for (auto _ : state) {
    auto const frame = bus::encode(message).value();
    benchmark::DoNotOptimize(frame.data());
    size = frame.size();
  }
  state.counters["bytes"] = static_cast<double>(size);
}
BENCHMARK_CAPTURE(encode_message, deliver, deliver_sample())->Name("encode_deliver");
BENCHMARK_CAPTURE(encode_message, done, done_sample())->Name("encode_done");

void decode_message(benchmark::State& state, bus::message const& message) {
  auto const frame = bus::encode(message).value();
  for (auto _ : state) {
    auto const read = bus::decode(frame).value();
    benchmark::DoNotOptimize(read);
  }
  state.counters["bytes"] = static_cast<double>(frame.size());
}
BENCHMARK_CAPTURE(decode_message, deliver, deliver_sample())->Name("decode_deliver");
BENCHMARK_CAPTURE(decode_message, done, done_sample())->Name("decode_done");

}  // namespace

BENCHMARK_MAIN();
