// The floor of a span's size on the disk: the same data as one msgpack array for each span, ids as binary, attributes as a map.
#include "span_load.hpp"

#include <benchmark/benchmark.h>
#include <msgpack.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace {

using packer = msgpack::packer<msgpack::sbuffer>;

void pack_text(packer& to, std::string_view text) {
  to.pack_str(static_cast<std::uint32_t>(text.size()));
  to.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
}

template <std::size_t Size>
void pack_id(packer& to, std::uint64_t number) {
  std::array<char, Size> bytes{};
  for (std::size_t i = 0; i < Size; ++i) bytes[i] = static_cast<char>(number * (2 * i + 1) >> 8);
  to.pack_bin(Size);
  to.pack_bin_body(bytes.data(), Size);
}

// Trace, span, parent, name, kind, type, status, start, end, and what bench::set_five() sets.
void pack_span(packer& to, std::uint64_t number, bool root) {
  constexpr std::int64_t epoch = 1'790'000'000'000'000'000;
  auto const start = epoch + static_cast<std::int64_t>(number) * 500;
  to.pack_array(10);
  pack_id<16>(to, number / floors::load_spans_per_run);
  pack_id<8>(to, number);
  if (root) {
    to.pack_nil();
  } else {
    pack_id<8>(to, number - number % floors::load_spans_per_run);
  }
  pack_text(to, root ? "bench" : "invoke_agent critic");
  to.pack(0).pack(0).pack(0).pack(start).pack(start + 400);
  to.pack_map(5);
  pack_text(to, "gen_ai.operation.name"), pack_text(to, "invoke_agent");
  pack_text(to, "gen_ai.agent.name"), pack_text(to, "critic");
  pack_text(to, "messaging.system"), pack_text(to, "zeromq");
  pack_text(to, "skein.attempt"), to.pack(1);
  pack_text(to, "idea.length"), to.pack(42);
}

void msgpack_spans(benchmark::State& state) {
  for (auto _ : state) {
    msgpack::sbuffer out;
    packer to{out};
    for (std::size_t i = 0; i < floors::load_spans; ++i) pack_span(to, i, i % floors::load_spans_per_run == 0);
    benchmark::DoNotOptimize(out.data());
    state.counters["bytes_per_span"] = static_cast<double>(out.size()) / static_cast<double>(floors::load_spans);
  }
  state.counters["items"] = static_cast<double>(floors::load_spans);
}
BENCHMARK(msgpack_spans)->Name("floor/msgpack_spans")->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
