// The messages between a hub and its hosts, as values. docs/wire-format.md specifies their bytes, codec.hpp makes and reads them.
#pragma once

#include <skein/bus/artifact.hpp>
#include <skein/registry/agent_descriptor.hpp>
#include <skein/tracing/packed_spans.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace skein::bus {

/// The range of protocol versions that this build speaks.
inline constexpr std::uint16_t protocol_min = 1, protocol_max = packs_spans ? 2 : 1;
/// From this one on both sides may send several messages in one frame (BATCH).
inline constexpr std::uint16_t protocol_batches = 2;
/// From this one on a host may send its spans packed.
inline constexpr std::uint16_t protocol_packed_spans = 2;

/// Names one attempt. `no` is the board's slot (an echo that makes look-up cheap), `id` says what must be in it.
struct attempt_ref {
  std::uint64_t no = 0;        ///< The board's number of the activation.
  activation_id id;            ///< The activation.
  std::uint32_t attempt = 0;   ///< From 1; the fencing token.
  friend bool operator==(attempt_ref const&, attempt_ref const&) = default;
  friend auto operator<=>(attempt_ref const&, attempt_ref const&) = default;
};

/// Host → hub, first message and again after every reconnect. Everything the hub knew of an older `instance` of this name is void.
struct hello {
  std::uint16_t version_min = protocol_min, version_max = protocol_max;   ///< What the host can speak; the hub chooses.
  std::string host;                       ///< Unique name of the host among those of a hub.
  std::uint64_t instance = 0;             ///< Grows with each start of the process: an older instance's late messages are ignored.
  std::uint32_t credit = 0;               ///< Activations of one subscription that it may hold at once.
  std::vector<agent_descriptor> agents;                                   ///< What it can do.
  std::vector<attempt_ref> held;          ///< What it still works on or could not report yet: re-adopted if the hub agrees.
  timestamp sent_at{};                    ///< By the host's clock; zero = not given. The same member of other messages likewise.
};

/// Hub → host: welcome, and which protocol version to speak.
struct welcome {
  std::uint16_t version = protocol_max;   ///< The hub's choice for this connection.
  std::uint64_t instance = 0;             ///< Echo.
  std::uint64_t frame_bytes_max = 0;      ///< The largest frame that the hub takes; 0 = not said. The link says it.
};

/// One activation handed to a host.
struct delivery {
  attempt_ref activation;                 ///< What to name in the answer.
  std::string agent;                      ///< Which agent is to handle it.
  std::uint32_t ordinal = 0;              ///< Subscription of the agent.
  std::vector<artifact_ptr> inputs;       ///< In declared order; the newest (highest seq) gives run, correlation and trace parent.
  std::int32_t priority = 0;              ///< Higher starts first.
  std::chrono::nanoseconds deadline{};    ///< Of this attempt, from when the host takes it; 0 = none. What ends later is refused.
  bool unasked = false;                   ///< Nobody has asked the subscription's predicate about the inputs yet. Not on the wire: a worker always asks.
};

/// Hub → host. `number` grows with every deliver message to a host, across restarts of the hub too.
struct deliver {
  std::uint64_t number = 0;           ///< Echoed by beat::last_number.
  std::vector<delivery> deliveries;   ///< Each to be started, or to be answered with outcome::released.
};

/// How an attempt ended.
enum class outcome : std::uint8_t {
  ok = 0,
  failed,       ///< The handler threw; retried within the agent's policy.
  permanent,    ///< Failed, and trying again cannot help.
  mismatch,     ///< A predicate on the host rejected it: closed, counted, no agent span.
  released,     ///< Given back unstarted; leased again without counting.
};

/// What a handler published: an artifact before it is on the board. Id and order follow from the activation and the position.
struct child {
  std::string type;                                ///< Wire name.
  std::uint32_t version = 1;                       ///< Of the type.
  skein::payload payload;                          ///< The value.
  std::string correlation;                         ///< Empty = inherit.
  std::vector<std::string> tags;                   ///< Words to subscribe and to query by.
  std::shared_ptr<visibility const> visible_to;    ///< Null = everyone.
  span_context context;                            ///< Its publish span.
  std::shared_ptr<trace_headers const> headers;    ///< Null = none.
  bool blocked = false;                            ///< A component of the hub keeps it off the board. Not on the wire.
  artifact_id id = {};                             ///< As derived from the activation and the position; empty = nobody has yet. Not on the wire.
};

/// Host → hub: one attempt has ended, with everything that it published. One message, one transaction.
struct done {
  attempt_ref activation;                          ///< Which attempt.
  bus::outcome outcome = bus::outcome::ok;         ///< How it ended.
  std::string error_type, what;                    ///< For failed and permanent: the exception's type and text.
  std::int64_t duration_ns = 0;                    ///< Of the handler.
  std::vector<child> children;                     ///< In the order in which they were published; empty unless ok.
  span_batch spans;                                ///< Shipped by hosts in other processes; empty where the hub's recorder is shared.
  std::vector<run_record> runs;                    ///< What handlers said of their runs (tags, attributes, previews); only what they set.
  timestamp sent_at{};                             ///< As in hello.
  std::chrono::nanoseconds retry_after{-1};        ///< For failed: at least 0 replaces the policy's backoff. Travels as NACK.
};

/// Host → hub: an attempt that failed, and what to do about it. The hub treats it as a DONE with outcome failed (and `retry_after` in place
/// of the policy's backoff; it counts as a failure all the same) or permanent.
struct nack {
  attempt_ref activation;                          ///< Which attempt.
  bool fatal = false;                              ///< Trying again cannot help; `retry_after` is ignored.
  std::chrono::nanoseconds retry_after{};          ///< From when the hub takes the message; at least 0, cut at a year.
  std::string error_type, what;                    ///< As in done.
  std::int64_t duration_ns = 0;                    ///< Of the handler.
  span_batch spans;                                ///< As in done.
  std::vector<run_record> runs;                    ///< As in done.
  timestamp sent_at{};                             ///< As in hello.
};

/// Hub → host: the attempt is closed (now or before). The host forgets it.
struct done_ok {
  attempt_ref activation;   ///< Which attempt.
};
/// Hub → host: another attempt has taken over, or the activation is unknown; the result was refused. The host forgets it.
struct stale {
  attempt_ref activation;   ///< Which attempt.
};

/// Host → hub, every beat interval: what it holds, and the number of the last deliver message that it received.
struct beat {
  std::uint64_t instance = 0;      ///< Of the host.
  std::uint64_t last_number = 0;   ///< Of the last deliver message that came.
  std::vector<attempt_ref> held;   ///< Every attempt that the host has neither finished nor given back.
  span_batch spans;                ///< Running spans, and ended ones that no DONE has carried yet: a killed host leaves them. Sent again in a DONE.
  timestamp sent_at{};             ///< As in hello.
};

/// Host → hub: finishes nothing more, gives everything back.
struct goodbye {
  std::uint64_t instance = 0;   ///< Of the host.
};

/// Hub → host: no hello from this instance is known (the hub restarted, or had dropped the host); say hello again.
struct hello_again {};

/// Hub → host: refused for good. The connection is of no further use.
struct refused {
  errc code = errc::bad_message;   ///< For programs.
  std::string what;                ///< For people.
};

/// Hub → host: take no more, finish what runs, give back the rest, say goodbye.
struct drain {};

/// Hub → host: the result of this attempt will not be wanted (its lease was lost, its run cancelled); stopping early is a kindness.
struct cancel {
  attempt_ref activation;   ///< Which attempt. Its host may still report; a result that is not owed any more is STALE.
};

/// Host → hub: artifacts of a type, for ctx.artifacts<T>() in a worker. Answered by query_result; repeated until then.
struct query {
  std::uint64_t number = 0;               ///< Chosen by the host; the answer echoes it.
  std::string type;                       ///< Wire name; empty = any.
  std::string produced_by, correlation;   ///< Empty = any.
  run_id run;                             ///< Empty = any.
  std::vector<std::string> tagged;        ///< Any of these; empty = all.
  std::uint32_t limit = 0;                ///< The newest so many; 0 = as many as fit in an answer.
  bool all_sessions = false;              ///< Also what earlier processes of the hub published, as far as a durable ledger still has it.
  std::string agent;                      ///< Who asks: only what this agent may see is told. Empty (peers of before): everything that everyone may see.
};

/// Hub → host: oldest first. `truncated`: older ones did not fit into `limit` or the frame.
struct query_result {
  std::uint64_t number = 0;               ///< Of the question.
  std::vector<artifact_ptr> artifacts;    ///< Oldest first.
  bool truncated = false;                 ///< Older ones fit the question too.
  std::string error;                      ///< Not empty: why there is no answer.
};

/// Of progress::text, in bytes.
inline constexpr std::size_t progress_text_bytes_max = 65'536;

/// Host → hub: what a handler says while it works (a streamed token, a percentage), for whoever watches at this moment. Lossy: never repeated, never kept.
struct progress {
  attempt_ref activation;                 ///< Which attempt.
  std::string agent;                      ///< Whose handler.
  run_id run;                             ///< Of its newest input.
  std::uint64_t number = 0;               ///< Counts from 1 within the attempt; a gap shows what was lost.
  std::string text;                       ///< What it says, UTF-8; progress_text_bytes_max at most, more is errc::too_large.
};

/// Everything that goes over a link, in either direction.
using message = std::variant<hello, welcome, deliver, done, done_ok, stale, beat, goodbye, hello_again, refused, nack, drain, cancel, query, query_result, progress>;

}  // namespace skein::bus
