// Past runs: without SQL, with SQL over the views of docs/trace-schema.md, and thrown away.
#include <skein/skein.hpp>

#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

struct order {
  int number = 0, items = 0;
  SKEIN_ARTIFACT("shop.order", 1, number, items)
};

struct parcel {
  int order = 0, item = 0;
  SKEIN_ARTIFACT("shop.parcel", 1, order, item)
};

std::vector<parcel> pack(order const& what) {
  if (what.items == 0) throw std::invalid_argument{"order " + std::to_string(what.number) + " is empty"};
  std::vector<parcel> made;
  for (int item = 1; item <= what.items; ++item) made.push_back({what.number, item});
  return made;
}

// Four runs of a shop, one of them fails.
void make_some_runs(skein::orchestrator& hub) {
  hub.add(skein::agent{"packer"}.on<order>(pack).publishes<parcel>());
  hub.add(skein::agent{"carrier"}.on<parcel>([](parcel const& p) { skein::current_span().set_attribute("parcel.item", p.item); }));
  for (int number = 1; number <= 4; ++number) {
    skein::traced_run run{hub, number == 4 ? "returns" : "checkout", {.tags = {{"shop", number % 2 == 0 ? "paris" : "rome"}}}};
    hub.publish(order{number, number == 2 ? 0 : number});
    hub.run_until_idle();
  }
}

int main() {
  auto const path = ".skein/traces.db";  // Any program may read the file, also while this one writes it.
  {
    skein::orchestrator hub;
    make_some_runs(hub);

    // As objects: filtered, the newest first.
    skein::trace_store store{path};
    for (auto const& run : store.runs({.name = "checkout", .limit = 10})) {
      std::cout << run.name << ' ' << to_string(run.status) << ": " << run.spans << " spans in " << run.duration << ", tags " << run.tags
                << '\n';
    }
    auto const failed = store.runs({.status = skein::run_status::failed}).front();
    std::cout << '\n' << store.tree(failed.id) << "\n\n";
    for (auto const& span : store.spans(failed.id)) {
      for (auto const& event : span.events) std::cout << event.name << " in " << span.name << ' ' << to_json(event.attributes) << '\n';
    }

    // As rows: any SELECT over the views runs, spans, events, links, workflows, slowest_workflows, agent_stats.
    std::cout << "\nruns by tag\n";
    for (auto const& row : store.sql("SELECT tags ->> '$.shop', count(*), sum(failures) FROM runs GROUP BY 1 ORDER BY 1")) {
      std::cout << row[0].text() << ": " << row[1].integer() << " runs, " << row[2].integer() << " failures\n";
    }
    std::cout << "\nagents\n";
    for (auto const& row : store.sql("SELECT agent, attempts, failures FROM agent_stats ORDER BY attempts DESC")) {
      std::cout << row[0].text() << ": " << row[1].integer() << " attempts, " << row[2].integer() << " failed\n";
    }
    std::cout << "\nworkflows\n";
    for (auto const& row : store.sql("SELECT workflow, executions FROM slowest_workflows ORDER BY workflow")) {
      std::cout << row[0].text() << " ran " << row[1].integer() << " times\n";
    }

    auto const refused = store.clear();  // The hub still writes the file.
    std::cout << "\nclear: " << (refused ? "done" : to_string(refused.error().code())) << '\n';
  }
  skein::trace_store store{path};
  std::cout << "clear without the hub: " << (store.clear() ? "done" : "refused") << ", " << store.runs().size() << " runs left\n";
}
