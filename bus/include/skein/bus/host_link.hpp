// A worker's end of its link to a hub: a DEALER that connects, a host_session that remembers, one thread. Reconnects by itself.
#pragma once

#include <skein/bus/host_session.hpp>
#include <skein/bus/security.hpp>
#include <skein/registry/error.hpp>
#include <skein/tracing/clock.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skein::bus {

/// What a host's link is made of.
struct host_link_options {
  std::string endpoint;                               ///< `ipc://PATH` or `tcp://ADDRESS:PORT`.
  std::optional<curve_client> keys;                   ///< Absent: plaintext, refused off loopback (errc::misuse).
  host_session_options session;                       ///< What the host says of itself.
  std::size_t frame_bytes_max = 64u << 20;            ///< A result that does not fit is reported as failed (errc::too_large), permanently.
  std::chrono::milliseconds reconnect_initial{100}, reconnect_max{10'000};   ///< Between two attempts to connect: doubling from the first to the second.
  std::chrono::milliseconds heartbeat{5'000};         ///< ZMTP heartbeats (ZMQ_HEARTBEAT_IVL).
};

/// How the conversation stands.
enum class link_state : std::uint8_t {
  connecting = 0,   ///< No welcome yet, or the connection was lost.
  welcomed,         ///< The hub gives work.
  refused,          ///< For good: another protocol, another holder of the name. The link is of no further use.
  left,             ///< Goodbye has been said and is on its way.
};
/// Whether nothing comes after it.
[[nodiscard]] constexpr bool is_final(link_state state) noexcept { return state == link_state::refused || state == link_state::left; }

/// What a link tells its owner; all on a thread of the link, without its lock, and one after the other but for work(). They must not block; work() may.
struct host_link_receivers {
  std::function<void(std::vector<delivery>&&)> start;   ///< Each is to end in one complete(). Deliveries that it leaves there are memory for the next.
  std::function<void(attempt_ref const&)> drop;       ///< Its result is not wanted any more.
  /// `why`: a sentence for people, on `connecting` and `refused`: connection refused, the hub does not accept this key, …
  std::function<void(link_state, std::string const& why)> changed;
  std::function<void(query_result&&)> answered;       ///< Of a question that ask() sent and nobody forgot; once.
  std::function<void()> drain;                        ///< The hub asks to leave. The owner decides, and calls drain().
  std::function<void(beat&)> beating;                 ///< A beat is about to leave: the owner adds spans. (Optional.)
  /// Runs what start() was given, on a thread that would sleep otherwise: waking another takes longer than many a handler. It may block, as another thread
  /// serves the link meanwhile; it is not called twice at once; it returns when nothing is left, or soon when `enough`. (Optional.)
  std::function<void(std::function<bool()> const& enough)> work = nullptr;
};

/// Thread-safe.
class host_link {
 public:
  /// Starts the thread and connects; an unreachable hub is no error, it is tried again for ever. `time` must outlive the link.
  /// errc::invalid_argument (endpoint, keys), misuse.
  [[nodiscard]] static result<std::unique_ptr<host_link>> open(host_link_options options, clock& time, host_link_receivers to);
  virtual ~host_link() = default;

  /// An attempt has ended. Never blocks; repeated until the hub has answered.
  virtual void complete(done&& result) = 0;
  /// Sends a question; repeated every second until answered or forgotten.
  virtual void ask(query&& what) = 0;
  /// Says what a handler says while it works. Never blocks, never repeated: dropped unless the hub's welcome stands at this moment, or while so
  /// much waits to leave that results would be late. Texts over progress_text_bytes_max are dropped, with a line in the log.
  virtual void tell(progress&& what) = 0;
  /// Repeats this question no more.
  virtual void forget_question(std::uint64_t number) = 0;
  /// Gives back what is delivered from here on, says goodbye once nothing is held.
  virtual void drain() = 0;
  /// At this moment.
  [[nodiscard]] virtual link_state state() const = 0;
  /// As host_session::held.
  [[nodiscard]] virtual std::vector<attempt_ref> held() const = 0;
  /// Whether it calls host_link_receivers::work.
  [[nodiscard]] virtual bool runs_work() const noexcept { return false; }
  /// Calls it no more, and waits for it to return.
  virtual void end_work() {}
  /// Serves no more and closes; what was given before is handed to the socket first and has `linger` to leave.
  virtual void stop(std::chrono::milliseconds linger) = 0;
};

}  // namespace skein::bus
