// A worker, as serve() makes one, on threads of the test's process: it talks to the hub over its socket like any other.
#pragma once

#include <skein/agents/worker.hpp>
#include <skein/tracing/clock.hpp>

#include <memory>
#include <string>
#include <vector>

namespace skein::testing {

inline std::unique_ptr<agents::worker> worker_here(std::string const& name, std::string const& endpoint, std::vector<agent> const& what, unsigned threads = 1) {
  return agents::worker::start(
             {.name = name, .threads = threads}, what, system_clock(),
             [&](std::vector<agent_descriptor> offered, bus::host_link_receivers to) {
               bus::host_link_options link;
               link.endpoint = endpoint;
               link.session.name = name;
               link.session.instance = 1;
               link.session.credit = 64;
               link.session.agents = std::move(offered);
               return bus::host_link::open(std::move(link), system_clock(), std::move(to));
             },
             [] {})
      .value();
}

}  // namespace skein::testing
