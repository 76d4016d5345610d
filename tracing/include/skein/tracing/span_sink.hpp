// Where finished spans go.
#pragma once

#include <skein/registry/error.hpp>
#include <skein/tracing/span_batch.hpp>
#include <skein/tracing/span_record.hpp>

#include <memory>
#include <vector>

namespace skein {

class recorder;

/// What one write carries. Within a batch a span may stand first as running and later as ended; the later one counts.
struct trace_batch {
  span_batch spans;                   ///< Ended ones, and (status running) those open while the batch was made. Read as records or in place.
  std::vector<run_record> runs;       ///< Runs that started, changed or ended.
  /// Whether there is nothing to write.
  [[nodiscard]] bool empty() const noexcept { return spans.empty() && runs.empty(); }
};

/// Takes batches of spans. Concurrency contract: `write`, `flush` and `rest` are called by one thread at a time, never under a lock of
/// the hub, and may block; a batch is either stored whole or not at all. After an error the same sink is called again
/// (with later batches) at most once a second; the error is logged once.
class span_sink {
 public:
  virtual ~span_sink() = default;
  /// Stores the batch, or nothing of it.
  [[nodiscard]] virtual result<void> write(trace_batch const& batch) = 0;
  /// Makes what was written readable for others. Default: nothing to do.
  [[nodiscard]] virtual result<void> flush();
  /// Nobody waits for the sink: the time for what may take long. Called like the others, after batches were written. Default: nothing to do.
  virtual void rest() noexcept;
  /// A name for messages: `sqlite .skein/traces.db`.
  [[nodiscard]] virtual std::string describe() const = 0;
  /// Whether batches should carry running spans. Default true.
  [[nodiscard]] virtual bool wants_running() const noexcept;
  /// Called once by a recorder that will write to this sink, before its first write: a sink that answers questions can flush the
  /// recorder first, so that its answers hold everything recorded. Default: nothing.
  virtual void attached(std::weak_ptr<recorder> by);
};

}  // namespace skein
