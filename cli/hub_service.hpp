// A hub that runs until it is told to stop: what `skein bus serve` and `skein launch` share.
#pragma once

#include "output.hpp"

#include <skein/agents/stop_signals.hpp>
#include <skein/orchestrator/orchestrator.hpp>

#include <functional>
#include <string>
#include <vector>

namespace skein::cli {

/// Members with a default that users can set on the command line or in a topology file.
struct hub_service_options {
  orchestrator_options hub;
  std::string key_file, allowed_folder;   ///< CURVE keys; both or none.
  std::string http;                       ///< ADDRESS:PORT of /healthz, /readyz and /metrics; empty = none.
};

/// What happens once the hub listens: its result is kept until the end (workers, say). `signals`: a signal that has come means to give up.
using when_listening = std::function<std::vector<launched>(orchestrator&, agents::stop_signals& signals)>;

/// Runs a hub until SIGTERM or SIGINT. Prints where it listens, a line each, then calls `then`. Says READY, STOPPING and the watchdog's beat to systemd.
/// Throws wrong_setup for keys and addresses that cannot be right, skein::error.
void run_hub_service(hub_service_options options, output& out, when_listening const& then);

}  // namespace skein::cli
