// Floors of a span: a plain struct with the same data, written in place into a ring; and the call of a function that does nothing.
#include "../counted.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace {

struct plain_attribute {
  std::string key;
  std::variant<std::string, std::int64_t> value;
};

struct plain_span {
  std::uint64_t trace_high = 0, trace_low = 0, id = 0, parent = 0;
  std::int64_t start_ns = 0, end_ns = 0;
  std::string name;
  std::array<plain_attribute, 5> attributes;
};

std::int64_t now_ns() { return std::chrono::system_clock::now().time_since_epoch().count(); }

void set(plain_attribute& to, std::string_view key, std::string_view value) {
  to.key = key;
  if (auto* text = std::get_if<std::string>(&to.value))
    *text = value;
  else
    to.value.emplace<std::string>(value);
}

void set(plain_attribute& to, std::string_view key, std::int64_t value) {
  to.key = key;
  to.value = value;
}

/// Its slots keep the memory of their strings: nothing is allocated once the ring has gone round.
void plain_span_ring(benchmark::State& state) {
  std::vector<plain_span> ring(4096);
  std::size_t next = 0;
  std::uint64_t id = 0x9e3779b97f4a7c15;
  for (auto _ : state) {
    plain_span& span = ring[next++ % ring.size()];
    id ^= id << 13, id ^= id >> 7, id ^= id << 17;
    span.trace_high = 1, span.trace_low = 2, span.parent = 3, span.id = id;
    span.name = "invoke_agent critic";
    span.start_ns = now_ns();
    set(span.attributes[0], "gen_ai.operation.name", "invoke_agent");
    set(span.attributes[1], "gen_ai.agent.name", "critic");
    set(span.attributes[2], "messaging.system", "zeromq");
    set(span.attributes[3], "skein.attempt", 1);
    set(span.attributes[4], "idea.length", 42);
    span.end_ns = now_ns();
    benchmark::ClobberMemory();
  }
}
BENCHMARK(plain_span_ring)->Name("floor/plain_span_ring")->UseRealTime()->Apply(bench::counted);
BENCHMARK(plain_span_ring)->Name("floor/plain_span_ring")->UseRealTime()->Threads(2);

#if defined(__GNUC__)
__attribute__((noinline))
#endif
void nothing() {
  benchmark::ClobberMemory();
}

void empty_call(benchmark::State& state) {
  for (auto _ : state) nothing();
}
BENCHMARK(empty_call)->Name("floor/empty_call")->Apply(bench::counted);

}  // namespace
