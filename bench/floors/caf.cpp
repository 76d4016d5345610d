// Peer of a hop: CAF, the C++ Actor Framework. The chain as four event-based actors, a burst sent by a fifth on the same workers, so that
// nothing of a burst crosses threads where there is one worker. Messages are moved on: nobody else refers to them, so CAF copies nothing.
#include "../counted.hpp"
#include "chain.hpp"

#include <benchmark/benchmark.h>
#include <caf/all.hpp>

#include <array>
#include <utility>

using floors::item;

namespace floors {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& inspector, item& what) {
  return inspector(what.number, what.body);
}

}  // namespace floors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(floors::item)  // It never leaves the process.

namespace {

using burst = caf::atom_constant<caf::atom("burst")>;

caf::behavior source(caf::event_based_actor* self, caf::actor const& first) {
  return {[self, first, body = floors::item_body()](burst) {
    for (std::size_t i = 0; i < floors::burst_items; ++i) self->send(first, item{0, body});
  }};
}

caf::behavior stage(caf::event_based_actor* self, caf::actor const& next) {
  return {[self, next](item& in) {
    ++in.number;
    self->send(next, std::move(in));
  }};
}

struct seen {
  std::size_t items = 0;
};

/// Says to `whom` when a burst is through.
caf::behavior last_stage(caf::stateful_actor<seen>* self, caf::actor const& whom) {
  return {[self, whom](item const& in) {
    benchmark::DoNotOptimize(in.number);
    if (++self->state.items % floors::burst_items == 0) self->send(whom, burst::value);
  }};
}

void caf_hop(benchmark::State& state) {
  caf::actor_system_config config;
  config.set("scheduler.max-threads", static_cast<std::size_t>(state.range(0)));
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  std::array<caf::actor, floors::chain_stages> stages;
  stages.back() = system.spawn(last_stage, caf::actor_cast<caf::actor>(self));
  for (std::size_t at = stages.size() - 1; at > 0; --at) stages[at - 1] = system.spawn(stage, stages[at]);
  auto const first = system.spawn(source, stages.front());
  for (auto _ : state) {
    self->send(first, burst::value);
    self->receive([](burst) {});
  }
  state.counters["items"] = floors::burst_items * floors::chain_stages;
  caf::anon_send_exit(first, caf::exit_reason::user_shutdown);
  for (auto const& one : stages) caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
}
BENCHMARK(caf_hop)->Name("floor/caf_hop")->ArgName("workers")->Arg(1)->Arg(2)->UseRealTime()->MeasureProcessCPUTime()->Apply(bench::counted);

}  // namespace
