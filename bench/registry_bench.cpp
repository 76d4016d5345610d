// Encoding and decoding an artifact of about 200 bytes as a map by field name, against its floor: msgpack-cxx packing and unpacking the same
// values as a bare array, without names, checks or errors. The report's last columns are the sizes on the wire.
#include <skein/artifact.hpp>

#include <benchmark/benchmark.h>
#include <msgpack.hpp>

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
  MSGPACK_DEFINE_ARRAY(customer, street, city, cents, weight_kg, express, items, number)
};

order sample() {
  return {"Ada Lovelace", "12 St James's Square, second floor", "London", 123'456, 2.75, true,
          {"punched cards", "a difference engine, used", "tea", "a book on poetical science"}, 1'234'567'890'123};
}

void encode_artifact(benchmark::State& state) {
  auto const value = sample();
  auto const& type = skein::type_of<order>();
  std::size_t size = 0;
  for (auto _ : state) {
    skein::bytes out;
    benchmark::DoNotOptimize(type.encode(&value, out));
    size = out.size();
  }
  state.counters["bytes"] = static_cast<double>(size);
}
BENCHMARK(encode_artifact);

void floor_pack_array(benchmark::State& state) {
  auto const value = sample();
  std::size_t size = 0;
  for (auto _ : state) {
    msgpack::sbuffer out{256};
    msgpack::pack(out, value);
    size = out.size();
  }
  state.counters["bytes"] = static_cast<double>(size);
}
BENCHMARK(floor_pack_array);

void decode_artifact(benchmark::State& state) {
  auto const value = sample();
  auto const& type = skein::type_of<order>();
  skein::bytes encoded;
  type.encode(&value, encoded).value();
  for (auto _ : state) benchmark::DoNotOptimize(type.decode(encoded));
  state.counters["bytes"] = static_cast<double>(encoded.size());
}
BENCHMARK(decode_artifact);

void floor_unpack_array(benchmark::State& state) {
  msgpack::sbuffer encoded;
  msgpack::pack(encoded, sample());
  auto const by_reference = [](msgpack::type::object_type, std::size_t, void*) { return true; };
  for (auto _ : state) {
    auto const unpacked = msgpack::unpack(encoded.data(), encoded.size(), by_reference);
    auto value = std::make_shared<order>();
    unpacked.get().convert(*value);
    benchmark::DoNotOptimize(value);
  }
  state.counters["bytes"] = static_cast<double>(encoded.size());
}
BENCHMARK(floor_unpack_array);

}  // namespace

BENCHMARK_MAIN();
