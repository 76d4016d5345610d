// Floor of a hop: the chain as four queues under a mutex each, pushed and popped by one thread.
#include "../counted.hpp"
#include "chain.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <deque>
#include <mutex>
#include <optional>

namespace {

using floors::item;

class queue {
 public:
  void push(item&& one) {
    std::lock_guard const held{mutex_};
    items_.push_back(std::move(one));
  }
  std::optional<item> pop() {
    std::lock_guard const held{mutex_};
    if (items_.empty()) return std::nullopt;
    std::optional<item> one{std::move(items_.front())};
    items_.pop_front();
    return one;
  }

 private:
  std::mutex mutex_;
  std::deque<item> items_;
};

void mutex_queue_hop(benchmark::State& state) {
  std::array<queue, floors::chain_stages> stages;
  auto const body = floors::item_body();
  for (auto _ : state) {
    for (std::size_t i = 0; i < floors::burst_items; ++i) stages[0].push({0, body});
    for (std::size_t at = 0; at < stages.size(); ++at) {
      while (auto const one = stages[at].pop()) {
        if (at + 1 < stages.size()) stages[at + 1].push(floors::next_item<item>(*one));
        benchmark::DoNotOptimize(one->number);
      }
    }
  }
  state.counters["items"] = floors::burst_items * floors::chain_stages;
}
BENCHMARK(mutex_queue_hop)->Name("floor/mutex_queue_hop")->Apply(bench::counted);

}  // namespace
