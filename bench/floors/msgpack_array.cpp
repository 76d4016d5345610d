// Floors of the encodings: the same values as bare msgpack arrays, packed and unpacked by msgpack-cxx: no names, no preamble, no checks of
// what the values mean.
#include "samples.hpp"

#include <benchmark/benchmark.h>
#include <msgpack.hpp>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace {

using packer = msgpack::packer<msgpack::sbuffer>;

void set_sizes(benchmark::State& state, std::size_t bytes) { state.counters["bytes"] = static_cast<double>(bytes); }

/// Texts and binaries stay in the input until they are copied into what they are for, as in any reader that does not waste time.
bool by_reference(msgpack::type::object_type, std::size_t, void*) { return true; }

// --- payload -------------------------------------------------------------------------------------------------------------------------

struct order {
  std::string customer, street, city;
  int cents = 0;
  double weight_kg = 0;
  bool express = false;
  std::vector<std::string> items;
  std::int64_t number = 0;
  MSGPACK_DEFINE_ARRAY(customer, street, city, cents, weight_kg, express, items, number)
};

void array_encode_payload(benchmark::State& state) {
  auto const value = floors::sample_order<order>();
  std::size_t size = 0;
  for (auto _ : state) {
    msgpack::sbuffer out{256};
    msgpack::pack(out, value);
    benchmark::DoNotOptimize(out.data());
    size = out.size();
  }
  set_sizes(state, size);
}
BENCHMARK(array_encode_payload)->Name("floor/array_encode_payload");

void array_decode_payload(benchmark::State& state) {
  msgpack::sbuffer encoded;
  msgpack::pack(encoded, floors::sample_order<order>());
  for (auto _ : state) {
    auto const unpacked = msgpack::unpack(encoded.data(), encoded.size(), by_reference);
    auto value = std::make_shared<order>();
    unpacked.get().convert(*value);
    benchmark::DoNotOptimize(value);
  }
  set_sizes(state, encoded.size());
}
BENCHMARK(array_decode_payload)->Name("floor/array_decode_payload");

// --- messages ------------------------------------------------------------------------------------------------------------------------

template <std::size_t Size>
using id_bytes = std::array<std::uint8_t, Size>;

struct context {
  id_bytes<16> trace{};
  id_bytes<8> span{};
  std::uint8_t flags = 3;
};

struct attempt {
  std::uint64_t no = 0;
  id_bytes<16> id{};
  std::uint32_t number = 0;
};

/// The fields of a DELIVER with one delivery of one artifact.
struct deliver {
  std::uint64_t number = 0;
  id_bytes<16> id{};
  std::uint64_t seq = 0;
  std::string type;
  std::uint32_t version = 0;
  std::string produced_by;
  id_bytes<16> run{};
  std::string correlation;
  id_bytes<16> cause{};
  context publish;
  std::int64_t created_at = 0;
  std::vector<std::string> tags;
  bool routed = false;
  attempt activation;
  std::string agent;
  std::uint32_t ordinal = 0;
  std::int32_t priority = 0;
  std::vector<char> payload;
};

/// The fields of a DONE with one child.
struct done {
  attempt activation;
  std::uint8_t outcome = 0;
  std::string error_type, what;
  std::int64_t duration_ns = 0;
  std::string type;
  std::uint32_t version = 0;
  std::string correlation;
  std::vector<std::string> tags;
  context publish;
  std::vector<char> payload;
};

context sample_context() { return {floors::sample_id<16>(4), floors::sample_id<8>(5)}; }
attempt sample_attempt() { return {42, floors::sample_id<16>(3), 1}; }
std::vector<char> sample_payload() { return std::vector<char>(floors::sample_payload_bytes, 'p'); }

void set_sample(deliver& value) {
  value = {7,
           floors::sample_id<16>(1),
           42,
           std::string{floors::sample_type},
           1,
           std::string{floors::sample_agent},
           floors::sample_id<16>(2),
           std::string{floors::sample_run},
           floors::sample_id<16>(3),
           sample_context(),
           floors::sample_time_ns,
           {},
           true,
           sample_attempt(),
           std::string{floors::sample_agent},
           0,
           0,
           sample_payload()};
}

void set_sample(done& value) {
  value = {sample_attempt(), 0, {}, {}, 12'345, std::string{floors::sample_next_type}, 1, {}, {}, sample_context(), sample_payload()};
}

template <std::size_t Size>
void pack_id(packer& out, id_bytes<Size> const& id) {
  out.pack_bin(Size);
  out.pack_bin_body(reinterpret_cast<char const*>(id.data()), Size);
}

void pack_context(packer& out, context const& value) {
  out.pack_bin(25);
  out.pack_bin_body(reinterpret_cast<char const*>(value.trace.data()), 16);
  out.pack_bin_body(reinterpret_cast<char const*>(value.span.data()), 8);
  out.pack_bin_body(reinterpret_cast<char const*>(&value.flags), 1);
}

void pack_attempt(packer& out, attempt const& value) {
  out.pack_array(3);
  out.pack(value.no);
  pack_id(out, value.id);
  out.pack(value.number);
}

void pack_payload(packer& out, std::vector<char> const& value) {
  out.pack_bin(static_cast<std::uint32_t>(value.size()));
  out.pack_bin_body(value.data(), static_cast<std::uint32_t>(value.size()));
}

void pack(packer& out, deliver const& value) {
  out.pack_array(21);
  out.pack(value.number);
  pack_id(out, value.id);
  out.pack(value.seq).pack(value.type).pack(value.version).pack(value.produced_by);
  pack_id(out, value.run);
  out.pack(value.correlation);
  pack_id(out, value.cause);
  pack_context(out, value.publish);
  out.pack(value.created_at).pack(value.tags).pack_nil().pack_nil().pack(value.routed);
  pack_attempt(out, value.activation);
  out.pack(value.agent).pack(value.ordinal).pack_array(1).pack(0).pack(value.priority);
  pack_payload(out, value.payload);
}

void pack(packer& out, done const& value) {
  out.pack_array(14);
  pack_attempt(out, value.activation);
  out.pack(value.outcome).pack(value.error_type).pack(value.what).pack(value.duration_ns);
  out.pack(value.type).pack(value.version).pack(value.correlation).pack(value.tags).pack_nil();
  pack_context(out, value.publish);
  out.pack_nil().pack_array(0);
  pack_payload(out, value.payload);
}

/// Takes the elements of an array in order.
class elements {
 public:
  explicit elements(msgpack::object const& array) : next_(array.via.array.ptr) {}
  template <class T>
  void to(T& value) {
    next_++->convert(value);
  }
  template <std::size_t Size>
  void to(id_bytes<Size>& id) {
    std::memcpy(id.data(), next_++->via.bin.ptr, Size);
  }
  void to(context& value) {
    auto const* const bytes = next_++->via.bin.ptr;
    std::memcpy(value.trace.data(), bytes, 16);
    std::memcpy(value.span.data(), bytes + 16, 8);
    value.flags = static_cast<std::uint8_t>(bytes[24]);
  }
  void to(attempt& value) {
    elements inner{*next_++};
    inner.to(value.no), inner.to(value.id), inner.to(value.number);
  }
  void skip() { ++next_; }

 private:
  msgpack::object const* next_;
};

void unpack(elements in, deliver& value) {
  in.to(value.number), in.to(value.id), in.to(value.seq), in.to(value.type), in.to(value.version), in.to(value.produced_by);
  in.to(value.run), in.to(value.correlation), in.to(value.cause), in.to(value.publish), in.to(value.created_at), in.to(value.tags);
  in.skip(), in.skip();
  in.to(value.routed), in.to(value.activation), in.to(value.agent), in.to(value.ordinal);
  in.skip();
  in.to(value.priority), in.to(value.payload);
}

void unpack(elements in, done& value) {
  in.to(value.activation), in.to(value.outcome), in.to(value.error_type), in.to(value.what), in.to(value.duration_ns);
  in.to(value.type), in.to(value.version), in.to(value.correlation), in.to(value.tags);
  in.skip();
  in.to(value.publish);
  in.skip(), in.skip();
  in.to(value.payload);
}

template <class Message>
msgpack::sbuffer packed(Message const& value) {
  msgpack::sbuffer out{512};
  packer to{out};
  pack(to, value);
  return out;
}

template <class Message>
void array_encode(benchmark::State& state) {
  Message value;
  set_sample(value);
  std::size_t size = 0;
  for (auto _ : state) {
    auto const out = packed(value);
    benchmark::DoNotOptimize(out.data());
    size = out.size();
  }
  set_sizes(state, size);
}
BENCHMARK(array_encode<deliver>)->Name("floor/array_encode_deliver");
BENCHMARK(array_encode<done>)->Name("floor/array_encode_done");

template <class Message>
void array_decode(benchmark::State& state) {
  Message sample;
  set_sample(sample);
  auto const encoded = packed(sample);
  for (auto _ : state) {
    auto const unpacked = msgpack::unpack(encoded.data(), encoded.size(), by_reference);
    Message value;
    unpack(elements{unpacked.get()}, value);
    benchmark::DoNotOptimize(value);
  }
  set_sizes(state, encoded.size());
}
BENCHMARK(array_decode<deliver>)->Name("floor/array_decode_deliver");
BENCHMARK(array_decode<done>)->Name("floor/array_decode_done");

}  // namespace
