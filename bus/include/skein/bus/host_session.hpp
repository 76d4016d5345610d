// The host's side of the protocol as a pure state machine: what a host holds, what it must repeat until the hub has heard it.
// No sockets, threads or clocks; the shell of a host (inproc, ipc, tcp) brings messages and time, and carries out what comes back.
#pragma once

#include <skein/bus/message.hpp>
#include <skein/registry/artifact_type.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace skein::bus {

/// What a host says of itself, and how often.
struct host_session_options {
  std::string name;                                                ///< Unique among the hosts of a hub.
  std::uint64_t instance = 1;                                      ///< Grows with each start of the process.
  std::uint32_t credit = 256;                                      ///< Activations of one subscription held at once.
  std::vector<agent_descriptor> agents;                            ///< What it offers from the start.
  std::chrono::nanoseconds beat = std::chrono::seconds{1};         ///< Between two BEATs.
  std::chrono::nanoseconds repeat = std::chrono::seconds{1};       ///< HELLO until WELCOME, DONE until DONE_OK or STALE.
};

/// The frame of a DONE or NACK, kept until the hub has answered it.
using encoded_report = std::shared_ptr<bytes const>;

/// What a step asks of the shell.
struct host_actions {
  std::vector<message> send;                          ///< To the hub, in order.
  std::vector<encoded_report> reports;                ///< To the hub, after those: results that complete() was given as frames.
  std::vector<delivery> start;                        ///< Hand these to handlers; each ends by complete().
  /// The hub wants no result of these any more; stopping early is a kindness. They may still complete. An attempt may stand here more than once.
  std::vector<attempt_ref> drop;
  std::vector<query_result> answered;                 ///< Answers to questions that the shell has sent by itself.
  bool drain_asked = false;                           ///< The hub asks this host to leave: whoever owns it decides, and calls drain().
  std::optional<refused> ended;                       ///< The hub refused this host for good.
  std::vector<encoded_report> forgotten;              ///< Of `reports` before: the hub has answered them, their memory may be used again.
};

/// Whether a result travels as a NACK, not as a DONE: a failure that names its own backoff.
[[nodiscard]] inline bool travels_as_nack(done const& result) noexcept { return result.outcome == outcome::failed && result.retry_after.count() >= 0; }
/// How a result travels.
[[nodiscard]] message as_message(done result, timestamp now);

/// Not thread-safe. Every delivery is started at most once per (activation, attempt); every completion is sent until acknowledged.
class host_session {
 public:
  /// Says nothing before connect().
  explicit host_session(host_session_options options);
  ~host_session();
  host_session(host_session&&) noexcept;
  host_session& operator=(host_session&&) noexcept;

  /// Says hello; also after a reconnect.
  void connect(timestamp now, host_actions& out);
  /// Replaces what the host offers (an agent was added) and says hello again.
  void offer(timestamp now, std::vector<agent_descriptor> agents, host_actions& out);
  /// A message of the hub.
  void receive(timestamp now, message&& from_hub, host_actions& out);
  /// A started delivery has ended. Completing what is not held is ignored.
  void complete(timestamp now, done&& result, host_actions& out);
  /// The same for a shell that has encoded the result already, as as_message() makes it: the session keeps and repeats the frame.
  void complete(timestamp now, attempt_ref const& which, encoded_report frame, host_actions& out);
  /// Gives back everything unstarted-able: sends goodbye once nothing is held any more. New deliveries are answered with outcome::released.
  void drain(timestamp now, host_actions& out);
  /// Time has passed: beats and repetitions that are due.
  void tick(timestamp now, host_actions& out);
  /// When to call tick() at the latest; nullopt = no timer is running.
  [[nodiscard]] std::optional<timestamp> next_timer() const;
  /// Whether the hub has answered the last hello.
  [[nodiscard]] bool welcomed() const noexcept;
  /// What it works on or could not report yet.
  [[nodiscard]] std::vector<attempt_ref> held() const;
  /// How many attempts have started and not ended.
  [[nodiscard]] std::size_t running() const noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace skein::bus
