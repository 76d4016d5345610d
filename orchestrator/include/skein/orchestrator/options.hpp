// What an orchestrator is made of.
#pragma once

#include <skein/bus/network_link.hpp>
#include <skein/bus/security.hpp>
#include <skein/tracing/clock.hpp>
#include <skein/tracing/recorder.hpp>
#include <skein/tracing/span_sink.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skein {

/// How deliveries reach the agents inside the hub's process.
enum class local_link : std::uint8_t {
  direct = 0,   ///< The thread that finishes a handler runs what comes next itself (default; the fastest).
  inproc,       ///< Through a ZeroMQ ROUTER and DEALER, as for a worker in another process.
};

/// Members in the order of designated initialisers; every one has a default.
struct orchestrator_options {
  /// Where the board is kept: `sqlite:PATH` (survives crashes) or `memory:` (does not).
  std::string ledger = "sqlite:.skein/ledger.db";
  /// Where traces go: `sqlite:PATH`, or `none`. Empty: `sqlite:.skein/traces.db`, or nothing when `sinks` are given.
  /// A default file that another hub owns becomes `traces-<pid>.db` beside it.
  std::string traces = {};
  /// Threads that run handlers; default: one per core. 0: everything runs inside run_until_idle() and run_pending(), on their thread.
  std::optional<unsigned> worker_threads = {};
  /// Where workers in other processes connect: `ipc://PATH` (0600), `tcp://ADDRESS:PORT`. Off loopback tcp needs `keys` (errc::misuse).
  std::vector<std::string> listen = {};
  /// CURVE keys for tcp.
  curve_keys keys = {};
  /// False: no spans are recorded.
  bool tracing = true;
  /// How deliveries reach agents in this process.
  skein::local_link local_link = skein::local_link::direct;
  /// SIGINT and SIGTERM end every wait of this hub: it reports `cancelled`, handlers in this process see ctx.cancelled(), the program
  /// goes on to its end, and the runs that are open end cancelled. A second signal ends the process at once. One hub per process at a time
  /// may do this (errc::misuse).
  bool stop_on_signals = false;
  /// Where time comes from; null = the system's. Must outlive the orchestrator.
  skein::clock* clock = nullptr;
  /// More places for spans, or, where `traces` is empty, the only ones.
  std::vector<std::shared_ptr<span_sink>> sinks = {};

  // Limits.
  std::size_t open_activations_max = 1'000'000;     ///< publish() waits while so many activations are open.
  std::size_t payload_bytes_max = 16u << 20;        ///< Of one encoded payload; larger is errc::too_large. Checked where payloads are encoded (durable ledgers, other processes).
  std::size_t artifacts_kept_max = 1'000'000;       ///< Artifacts kept in memory for artifacts<T>().
  std::size_t report_entries_max = 1'000'000;       ///< Activations and failures that a report lists; the rest is counted.
  std::size_t idempotency_keys_max = 1'000'000;     ///< Keys remembered.
  std::uint32_t local_credit = 1024;                ///< Activations of one subscription that the local host holds at once.
  std::uint64_t ledger_bytes_max = 1u << 30;        ///< Past it, closed work leaves a SQLite ledger, oldest first.
  std::uint64_t traces_bytes_max = 1u << 30;        ///< Past it, the oldest ended runs leave the traces file.
  std::chrono::nanoseconds lease = std::chrono::seconds{30};   ///< A worker's lease that no beat lists for this long is lost.
  std::chrono::nanoseconds grace = std::chrono::seconds{10};   ///< How long leases and subscriptions of a worker that vanished, or of before a restart, wait for it.
  bus::network_limits network = {};                 ///< What peers can cost.
  std::size_t dead_kept_max = 10'000;               ///< Dead activations that can be listed and requeued.
  recorder_options spans = {};                      ///< Queue and batches of the span path.
  std::size_t groups_max = 100'000;                 ///< Groups of one subscription (AND, joins, batches) that wait; at more the oldest expires.
  std::uint64_t group_bytes_max = 256u << 20;       ///< Encoded payloads in the waiting groups of one subscription; at more the oldest expires.
  std::size_t embargoed_max = 1'000'000;            ///< Artifacts hidden until a time (visible_after); a further publish is errc::busy.
};

}  // namespace skein
