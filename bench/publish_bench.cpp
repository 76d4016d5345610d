// One artifact through the bus (published, delivered, done), on a board with ever more subscriptions of other types. Routing is indexed by type, so
// the floor of each row is the same with ten.
#include <skein/bus/hub_bus.hpp>
#include <skein/tracing/clock.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace skein;

class discarding_port final : public bus::hub_port {
 public:
  void send(std::vector<bus::outgoing>&& messages) override {
    for (auto& one : messages) {
      if (auto* const m = std::get_if<bus::deliver>(&one.message)) last = m->deliveries.back().activation;
    }
  }
  void announced(bus::announcement const&) override {}
  void ended(bus::run_ended const&) override {}
  std::vector<bus::attempt_ref> held() override { return {}; }
  bool wake() override { return false; }

  bus::attempt_ref last;
};

bus::hello local_agents(std::int64_t others) {
  bus::hello m;
  m.host = std::string{bus::local_host_name};
  m.credit = 1024;
  auto const taking = [](std::string type) {
    subscription_descriptor made;
    made.types = {std::move(type)};
    return made;
  };
  m.agents.emplace_back().name = "critic";
  m.agents.back().subscriptions = {taking("bench.idea")};
  for (std::int64_t i = 0; i < others; ++i) {
    m.agents.emplace_back().name = "other_" + std::to_string(i);
    m.agents.back().subscriptions = {taking("bench.other_" + std::to_string(i))};
  }
  return m;
}

template <class Id>
Id numbered(std::uint64_t number) {
  std::array<std::uint8_t, Id::size_bytes> made{};
  std::memcpy(made.data(), &number, sizeof number);
  return Id{made};
}

void publish(benchmark::State& state) {
  discarding_port port;
  bus::hub_bus_options options;
  options.board.artifacts_kept_max = 10'000;   // What leaves the board's memory is part of the steady state.
  auto const bus = std::move(bus::hub_bus::open(bus::make_memory_ledger(), system_clock(), port, options).value());
  bus->offer(local_agents(state.range(0)), [](bus::blackboard const&) { return bus::predicate_table{}; }).value();
  payload const body{bytes(200, std::byte{'x'})};
  std::uint64_t number = 0;
  for (auto _ : state) {
    auto made = std::make_shared<bus::artifact_data>();
    made->id = numbered<artifact_id>(++number);
    made->run = numbered<run_id>(number);
    made->type = "bench.idea";
    made->payload = body;
    made->produced_by = std::string{bus::external_producer};
    (void)bus->publish({.artifact = std::move(made)}, timestamp::max()).value();
    (void)bus->done({.activation = port.last});
  }
  if (bus->counters().done != number) state.SkipWithError("not everything was delivered");
}
BENCHMARK(publish)->Arg(10)->Arg(1'000)->Arg(100'000);

}  // namespace

BENCHMARK_MAIN();
