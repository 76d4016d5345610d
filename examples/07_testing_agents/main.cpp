// How to test agents: a clock that moves when told, no threads, nothing on the disk, traces in memory.
// docs/tutorial.md shows the same with GoogleTest.
#include <skein/skein.hpp>
#include <skein/testing.hpp>

#include <chrono>
#include <functional>
#include <iostream>
#include <optional>
#include <stdexcept>

using namespace std::chrono_literals;

struct reading {
  int sensor = 0;
  double celsius = 0;
  SKEIN_ARTIFACT("iot.reading", 1, sensor, celsius)
};

struct alert {
  int sensor = 0;
  SKEIN_ARTIFACT("iot.alert", 1, sensor)
};

// What is tested. An agent that talks to something outside is given it, so that a test can stand in.
skein::agent watcher() {
  return skein::agent{"watcher"}
      .on<reading>([](reading const& r) { return r.celsius > 80 ? std::optional{alert{r.sensor}} : std::nullopt; })
      .publishes<alert>();
}
skein::agent pager(std::function<void(int)> page) {
  return skein::agent{"pager"}.on<alert>([page](alert const& a) { page(a.sensor); }).retry({.attempts_max = 3, .backoff_initial = 10s});
}

bool check(char const* fact, bool holds) {
  std::cout << (holds ? "ok      " : "FAILED  ") << fact << '\n';
  return holds;
}

bool test_watcher() {
  skein::orchestrator hub{{.ledger = "memory:", .traces = "none", .worker_threads = 0}};
  hub.add(watcher());
  // invoke runs one agent with one input and returns what it made of it.
  return check("a cold sensor raises no alert", hub.invoke<alert>("watcher", reading{1, 20.0}).empty()) &
         check("a hot sensor raises one", hub.invoke<alert>("watcher", reading{2, 99.0}).size() == 1);
}

bool test_pager() {
  skein::testing::manual_clock clock;
  skein::testing::memory_traces traces;
  skein::orchestrator hub{{.ledger = "memory:", .worker_threads = 0, .clock = &clock, .sinks = {traces.sink()}}};
  int tries = 0;
  hub.add(watcher());
  hub.add(pager([&](int) {
    if (++tries < 3) throw std::runtime_error{"no network"};
  }));

  hub.publish(reading{2, 99.0});
  hub.run_pending();  // What is due at this moment, nothing else: it does not wait for the retry.
  bool good = check("the pager tried once", tries == 1);
  clock.advance(9s);
  hub.run_pending();
  good &= check("after 9 s it has not tried again", tries == 1);
  clock.advance(1s);
  hub.run_pending();
  good &= check("after 10 s it has", tries == 2);

  auto const report = hub.run_until_idle();  // With a manual clock it goes to the next retry at once.
  good &= check("the third attempt succeeds", report.ok() && tries == 3);
  good &= check("20 s later, as the backoff doubles", clock.now() == clock.default_start + 30s);
  return good & check("each attempt is a span", traces.spans().find("invoke_agent pager").size() == 3);
}

int main() { return test_watcher() & test_pager() ? 0 : 1; }
