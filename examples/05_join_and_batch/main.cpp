// Artifacts that belong together: an order waits for its payment (a join by key), parcels leave when the van is full or nothing else comes (a
// batch). What never finds its other half is named in the report.
#include <skein/skein.hpp>

#include <chrono>
#include <iostream>
#include <span>
#include <string>
#include <vector>

using namespace std::chrono_literals;

struct order {
  std::string number, goods;
  int cents = 0;
  SKEIN_ARTIFACT("shop.order", 1, number, goods, cents)
};

struct payment {
  std::string order_number;
  int cents = 0;
  SKEIN_ARTIFACT("shop.payment", 1, order_number, cents)
};

struct parcel {
  std::string order_number, goods;
  SKEIN_ARTIFACT("shop.parcel", 1, order_number, goods)
};

struct trip {
  std::vector<std::string> order_numbers;
  SKEIN_ARTIFACT("shop.trip", 1, order_numbers)
};

int main() {
  skein::orchestrator hub;

  // Both halves, in whichever order they come, within a day. Orders that cost nothing need no payment: the condition is data, the bus evaluates it.
  hub.add(skein::agent{"packer"}
              .on(skein::when<order, payment>().join_by(&order::number, &payment::order_number).within(24h),
                  [](order const& ordered, payment const& paid) -> std::vector<parcel> {
                    if (paid.cents < ordered.cents) return {};
                    return {{ordered.number, ordered.goods}};
                  })
              .on(skein::when<order>().where(skein::field("cents") == 0), [](order const& ordered) { return parcel{ordered.number, ordered.goods}; })
              .publishes<parcel>());

  // Two parcels fill the van; a single one leaves an hour later, or when everything else is idle.
  hub.add(skein::agent{"driver"}
              .on(skein::when<parcel>().batch(2, 1h),
                  [](std::span<parcel const> parcels) {
                    trip made;
                    for (auto const& one : parcels) made.order_numbers.push_back(one.order_number);
                    return made;
                  })
              .publishes<trip>());

  skein::traced_run run{hub, "a_day_at_the_shop"};
  hub.publish_all(std::vector<payment>{{"A-1", 1200}, {"A-2", 900}, {"A-4", 100}});   // money may be quicker than the order
  hub.publish_all(std::vector<order>{{"A-1", "compass", 1200}, {"A-2", "map", 900}, {"A-3", "boots", 8900}, {"A-4", "tent", 12000}, {"A-5", "sticker", 0}});
  auto const report = run.run_until_idle();

  std::size_t parcels = 0;
  for (auto const& one : hub.artifacts<trip>()) parcels += one->order_numbers.size();
  std::cout << hub.artifacts<trip>().size() << " trips with " << parcels << " parcels; " << report.batches_flushed << " left before the van was full\n";
  for (auto const& group : report.stranded) std::cout << group.agent << " still waits for " << group.missing << '\n';
}
