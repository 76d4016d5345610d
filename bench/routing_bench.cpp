// Where artifacts go to more, or fewer, than one agent: one to ten agents, two into one, and none for whom a filter rejects. Measured against the hop of
// hop_bench, as there without spans on one thread.
#include "agent_chain.hpp"
#include "counted.hpp"

namespace {

using bench::draft;
using bench::idea;

constexpr std::size_t agents_of_a_fan = 10;

/// Publishes a burst with `publish`, works it off, and says whether so many activations were handled.
template <class Publish>
bool run(skein::orchestrator& hub, std::size_t activations, Publish publish) {
  skein::traced_run const run{hub, "routing"};
  publish();
  return hub.run_until_idle().activations.size() == activations;
}

void hop(benchmark::State& state) {
  bench::agent_chain agents{bench::in_memory()};
  auto const ideas = bench::make_ideas(floors::burst_items);
  bench::measure(state, floors::burst_items * floors::chain_stages, [&] { return agents.run(ideas, 1); });
}
BENCHMARK(hop)->Apply(bench::counted);

/// For each delivery.
void fan_out(benchmark::State& state) {
  skein::orchestrator hub{bench::in_memory()};
  for (std::size_t i = 0; i < agents_of_a_fan; ++i) {
    hub.add(skein::agent{"reader_" + std::to_string(i)}.on<idea>([](idea const& in) { benchmark::DoNotOptimize(in.number); }));
  }
  auto const ideas = bench::make_ideas(floors::burst_items / agents_of_a_fan);
  bench::measure(state, ideas.size() * agents_of_a_fan,
                 [&] { return run(hub, ideas.size() * agents_of_a_fan, [&] { hub.publish_all(ideas); }); });
}
BENCHMARK(fan_out)->Apply(bench::counted);

/// For each pair that is delivered, of two artifacts published.
void join(benchmark::State& state) {
  skein::orchestrator hub{bench::in_memory()};
  hub.add(skein::agent{"pairing"}.on(skein::when<idea, draft>().join_by(&idea::number, &draft::number),
                                     [](idea const& a, draft const& b) { benchmark::DoNotOptimize(a.number + b.number); }));
  std::vector<idea> ideas;
  std::vector<draft> drafts;
  for (std::size_t i = 0; i < floors::burst_items; ++i) {
    ideas.push_back({static_cast<std::int64_t>(i), floors::item_body()});
    drafts.push_back({static_cast<std::int64_t>(i), floors::item_body()});
  }
  bench::measure(state, ideas.size(), [&] {
    return run(hub, ideas.size(), [&] {
      hub.publish_all(ideas);
      hub.publish_all(drafts);
    });
  });
}
BENCHMARK(join)->Apply(bench::counted);

/// For each artifact published; no handler runs.
void filter_rejects(benchmark::State& state) {
  skein::orchestrator hub{bench::in_memory()};
  hub.add(skein::agent{"choosy"}.on(skein::when<idea>().where(skein::field("number") >= 1 && skein::field("body") != "none"), [](idea const&) {}));
  auto const ideas = bench::make_ideas(floors::burst_items);
  bench::measure(state, ideas.size(), [&] { return run(hub, 0, [&] { hub.publish_all(ideas); }); });
}
BENCHMARK(filter_rejects)->Apply(bench::counted);

}  // namespace

BENCHMARK_MAIN();
