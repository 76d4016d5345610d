// The path of a span: thread-local buffer → bounded queue → one writer thread → the sinks, one write per batch.
#pragma once

#include <skein/registry/ids.hpp>
#include <skein/tracing/clock.hpp>
#include <skein/tracing/span_record.hpp>
#include <skein/tracing/span_sink.hpp>
#include <skein/tracing/span_view.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

namespace skein {

/// What a producer of spans does when the queue is at its bound.
enum class overflow : std::uint8_t {
  wait = 0,  ///< Waits while the writer progresses (default): nothing is lost.
  drop,      ///< Drops the span and counts it.
};

/// Bounds and times of the path of a span.
struct recorder_options {
  std::size_t queue_spans_max = 65'536;                          ///< Ended spans waiting for the writer, all threads together.
  std::size_t batch_spans_max = 8'192;                           ///< Spans of one write.
  std::chrono::milliseconds write_interval{25};                  ///< The writer gathers this long before it writes what there is.
  skein::overflow on_overflow = skein::overflow::wait;           ///< What a producer does at queue_spans_max.
  std::chrono::milliseconds stall_max{10'000};                   ///< A writer that takes nothing for this long is stuck: spans are lost until it moves.
  std::chrono::milliseconds retry_interval{1'000};               ///< How long a failed sink is left alone before it is tried again.
  std::size_t queue_bytes_max = 268'435'456;          ///< Of the spans waiting for the writer; at it as at queue_spans_max. One chunk a
                                                                 ///< thread (64 KiB, or one larger span) and the batch being written are beyond it.
};

/// Counters since the recorder was made.
struct recorder_counters {
  std::uint64_t recorded = 0;   ///< Spans that ended.
  std::uint64_t written = 0;    ///< Ended spans that every sink has taken.
  std::uint64_t dropped = 0;    ///< Lost to overflow::drop.
  std::uint64_t lost = 0;       ///< Lost to a failed sink.
  friend bool operator==(recorder_counters const&, recorder_counters const&) = default;
};

struct open_span;  // A started span that has not ended, as the recorder knows it; private to tracing.

/// Records spans for one program's hub (or for a tracer of its own). Thread-safe. Owned by a shared_ptr; spans keep it alive.
/// The last owner's release writes what is left (for at most 10 s when a sink is slow) and joins the writer.
class recorder {
 public:
  /// `time` must outlive the recorder. Starts the writer thread when there is a sink.
  static std::shared_ptr<recorder> make(std::vector<std::shared_ptr<span_sink>> sinks, clock& time, recorder_options options = {});
  virtual ~recorder() = default;

  /// Hands over a span that has ended (start and end set by the caller). Blocks only under overflow::wait at the bound.
  virtual void record(span_record&& span) = 0;
  /// The same where it lies; it is copied. Default: records a copy.
  virtual void record(span_view span);
  /// Hands over many, in order.
  virtual void record(std::vector<span_record>&& spans) = 0;
  /// Writes or replaces what is known of a run.
  virtual void record(run_record&& run) = 0;

  /// Registers a span that was started, so that a killed process leaves a `running` row of what was known at its start.
  /// `close` must follow from any thread; it hands over the finished record. Both are cheap (no system call, no shared lock).
  [[nodiscard]] virtual open_span* open(span_record const& started) = 0;
  /// Ends what open() gave, which is not to be used any more. `ended` is what is recorded of it.
  virtual void close(open_span* span, span_record&& ended) = 0;
  /// The same without a copy, for spans that live in tracing: `span` stays the caller's, and must be ended or detached before it dies.
  /// Defaults: attach and detach do nothing, end records.
  virtual void attach(open_span& span) noexcept;
  /// Forgets a span that was attached, without recording it.
  virtual void detach(open_span& span) noexcept;
  /// Records a span that was attached, and forgets it.
  virtual void end(open_span& span, span_view ended);

  /// Everything recorded before this call is in the sinks when it returns ok. errc::timeout; errc::io_failed when a sink is failed.
  /// Blocks up to `timeout` of real time. Not for sinks to call while they write.
  [[nodiscard]] virtual result<void> flush(std::chrono::nanoseconds timeout) = 0;
  /// At this moment.
  [[nodiscard]] virtual recorder_counters counters() const noexcept = 0;
  /// The clock that it was made with.
  [[nodiscard]] virtual clock& time() const noexcept = 0;
  /// A random span id / UUIDv7 from this thread's generator.
  [[nodiscard]] virtual span_id new_span_id() noexcept = 0;
  /// A UUIDv7 for a time, from this thread's generator: each is greater than the one before, whatever the times.
  [[nodiscard]] virtual run_id new_run_id(timestamp at) noexcept = 0;
  /// The same for the time of the clock.
  [[nodiscard]] run_id new_run_id() noexcept { return new_run_id(time().now()); }
};

}  // namespace skein
