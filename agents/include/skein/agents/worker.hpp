// A host in a process of its own: agents, the threads that run them, and a link to the hub. serve() is a loop around one.
#pragma once

#include <skein/agents/agent.hpp>
#include <skein/bus/host_link.hpp>
#include <skein/tracing/clock.hpp>
#include <skein/tracing/shipping_recorder.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace skein::agents {

/// What a worker is made of.
struct worker_options {
  std::string name;                                              ///< service.name of its spans; what the hub knows it by.
  unsigned threads = 1;                                          ///< That run handlers.

  // Limits.
  std::size_t payload_bytes_max = 16u << 20;                     ///< Of one encoded payload; larger fails the handler (errc::too_large).
  std::size_t spans_max = 32'768;                                ///< Ended spans that no result has taken along yet.
  std::size_t span_bytes_max = 16u << 20;                        ///< Their estimated size, and that of the spans of one result.
  std::size_t beat_spans_max = 1'024;                            ///< Spans that one beat shows in advance.
  std::size_t beat_span_bytes_max = 4u << 20;                    ///< Their estimated size.
  std::size_t runs_max = 4'096;                                  ///< Runs that are remembered.
  std::chrono::nanoseconds query_timeout = std::chrono::seconds{30};   ///< How long ctx.artifacts() waits for the hub (errc::timeout).
};

/// Thread-safe. Every attempt that it is given ends in one result for the link, with the spans that ended since the one before.
class worker {
 public:
  /// Makes the link: what it offers, and where it tells what happens.
  using link_opener = std::function<result<std::unique_ptr<bus::host_link>>(std::vector<agent_descriptor> offered, bus::host_link_receivers to)>;

  /// Opens the link and starts the threads. `news` is called on any thread when standing() or drained() may have changed; it must not
  /// block. `time` must outlive the worker. errc::invalid_argument, misuse (an agent), type_conflict, and the link's own errors.
  [[nodiscard]] static result<std::unique_ptr<worker>> start(worker_options options, std::vector<agent> const& agents, clock& time,
                                                             link_opener const& open_link, std::function<void()> news);
  /// Cancels running handlers and waits for them, then closes the link.
  virtual ~worker() = default;

  /// How the worker stands with its hub.
  struct standing {
    bus::link_state link = bus::link_state::connecting;   ///< How the conversation stands.
    std::string why;                  ///< For people, on connecting and refused.
    bool asked_to_leave = false;      ///< The hub sent DRAIN.
  };
  /// At this moment.
  [[nodiscard]] virtual standing now() const = 0;
  /// How many handlers run.
  [[nodiscard]] virtual std::size_t running() const = 0;

  /// Takes no more and gives back what has not started; what runs goes on.
  virtual void drain() = 0;
  /// After drain(): whether there is nothing left to wait for. The hub has answered everything and the goodbye is on its way, or there is
  /// no hub to tell and nothing to say.
  [[nodiscard]] virtual bool drained() const = 0;
  /// Tells running handlers to stop early (ctx.cancelled()), and ends their questions to the hub with errc::cancelled.
  virtual void cancel_running() = 0;
  /// Gives back what still runs: as if it had not started, so that the hub leases it again without counting it as a failure or a loss;
  /// the spans that it has open go along as `interrupted`. Its handlers go on, but nobody hears of their results.
  virtual void give_back_running() = 0;
  /// Closes the link; what was said before has `linger` to leave. Does not wait for handlers.
  virtual void close_link(std::chrono::milliseconds linger) = 0;
};

}  // namespace skein::agents
