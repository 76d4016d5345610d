// Encoding and decoding an artifact of about 200 bytes as a map by field name. Floor: the same values as a bare array, without names or
// checks, floors/msgpack_array.cpp.
#include "floors/samples.hpp"

#include <skein/artifact.hpp>

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace {

struct order {
  std::string customer, street, city;
  int cents = 0;
  double weight_kg = 0;
  bool express = false;
  std::vector<std::string> items;
  std::int64_t number = 0;
  SKEIN_ARTIFACT("shop.order", 1, customer, street, city, cents, weight_kg, express, items, number)
};

void encode_payload(benchmark::State& state) {
  auto const value = floors::sample_order<order>();
  auto const& type = skein::type_of<order>();
  std::size_t size = 0;
  for (auto _ : state) {
    skein::bytes out;
    benchmark::DoNotOptimize(type.encode(&value, out));
    size = out.size();
  }
  state.counters["bytes"] = static_cast<double>(size);
}
BENCHMARK(encode_payload);

void decode_payload(benchmark::State& state) {
  auto const value = floors::sample_order<order>();
  auto const& type = skein::type_of<order>();
  skein::bytes encoded;
  type.encode(&value, encoded).value();
  for (auto _ : state) benchmark::DoNotOptimize(type.decode(encoded));
  state.counters["bytes"] = static_cast<double>(encoded.size());
}
BENCHMARK(decode_payload);

}  // namespace

BENCHMARK_MAIN();
