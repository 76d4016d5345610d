// A hub without threads whose time stands still until it is moved, traced into memory.
#pragma once

#include <skein/testing.hpp>

#include <string_view>

namespace skein::testing {

struct manual_hub {
  manual_clock clock;
  memory_traces traces;
  orchestrator hub{{.ledger = "memory:", .worker_threads = 0, .clock = &clock, .sinks = {traces.sink()}}};

  /// Moves time on, and runs what is due then; starts no partial batches.
  void pass(std::chrono::nanoseconds time) {
    clock.advance(time);
    hub.run_pending();
  }
  /// How often the handler of an agent ran.
  [[nodiscard]] std::size_t attempts(std::string_view agent) const { return traces.spans().find("invoke_agent " + std::string{agent}).size(); }
};

}  // namespace skein::testing
