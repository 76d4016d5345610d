// A worker process: agents that take their work from a hub elsewhere.
//
//   int main(int argc, char** argv) { return skein::serve(argc, argv, skein::agent{"critic"}.on<pizza>(…)); }
#pragma once

#include <skein/agents/agent.hpp>
#include <skein/bus/security.hpp>
#include <skein/tracing/recorder.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skein {

/// What a worker is told by its arguments and environment. Members in the order of designated initialisers.
struct serve_options {
  std::string connect = {};                        ///< `--connect`, SKEIN_CONNECT: the hub's endpoint, `ipc://PATH` or `tcp://HOST:PORT`. Needed.
  std::string key = {};                            ///< `--key`, SKEIN_KEY: this worker's .key_secret file. Needed for tcp off loopback.
  std::string server_key = {};                     ///< `--server-key`, SKEIN_SERVER_KEY: the hub's .key file, or its public key itself (Z85).
  std::string name = {};                           ///< `--name`, SKEIN_NAME: unique among the hub's hosts; default: program, host name and pid.
  unsigned concurrency = 0;                        ///< `--concurrency`, SKEIN_CONCURRENCY: threads that run handlers; 0 = one per core.
  std::string log = {};                            ///< `--log`, SKEIN_LOG: trace, debug, info, warn, error, off.
  std::optional<std::chrono::nanoseconds> give_up_after = {};   ///< `--give-up-after`, SKEIN_GIVE_UP_AFTER (`30s`, `5min`): without a welcome for so long: exit 1. Default: never.
  std::chrono::nanoseconds grace = std::chrono::seconds{10};    ///< `--grace`, SKEIN_GRACE: how long SIGTERM waits for running handlers.
  std::uint32_t credit = 64;                       ///< `--credit`, SKEIN_CREDIT: activations of one subscription held here at once.

  // Limits.
  std::size_t payload_bytes_max = 16u << 20;       ///< Of one encoded payload; larger fails the handler (errc::too_large).
};

/// Reads argv and the environment (an argument wins). errc::invalid_argument naming the flag; `--help` and `--version` print and give nullopt.
[[nodiscard]] result<std::optional<serve_options>> parse_serve_options(int argc, char const* const* argv);

/// Serves until SIGTERM or SIGINT, then takes no more, finishes what runs within `grace`, gives back the rest, and returns 0; a second
/// signal ends the process at once (128 + the signal). A handler that still runs then is not waited for: its work is given to others, and
/// the process ends with 0 without returning from here. Returns 1 when the hub refused this worker or was not reached in give_up_after, 2 for wrong options or keys
/// (said on stderr). Installs handlers for SIGTERM and SIGINT while it runs; one serve per process at a time (errc::misuse). Tells
/// systemd (NOTIFY_SOCKET, WATCHDOG_USEC) when it is ready, stopping and alive. Throws skein::error for agents that cannot be right
/// (invalid_argument, misuse, type_conflict). Blocks.
int serve(serve_options options, std::vector<agent> agents);

/// The same with options from the command line and the environment.
int serve(int argc, char const* const* argv, std::vector<agent> agents);

/// The same with each agent as an argument of its own.
template <class... Agents>
  requires(sizeof...(Agents) > 0 && (std::convertible_to<Agents, agent> && ...))
int serve(int argc, char const* const* argv, Agents&&... agents) {
  std::vector<agent> all;
  (all.push_back(agent(std::forward<Agents>(agents))), ...);
  return serve(argc, argv, std::move(all));
}

}  // namespace skein
