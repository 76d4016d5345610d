// The recorder of a process that keeps no traces itself: what ends is gathered until somebody takes it along to a process that does.
#pragma once

#include <skein/tracing/recorder.hpp>
#include <skein/tracing/span_batch.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace skein {

/// Whose spans they are, and bounds.
struct shipping_options {
  std::string service;                        ///< service.name of every span that is handed out.

  // Limits: past them the oldest ended spans are dropped, counted, and said once in the log; nobody ever waits.
  std::size_t spans_max = 32'768;             ///< Ended spans that nobody has taken.
  std::size_t bytes_max = 16u << 20;          ///< Their size as they lie in memory.
  std::size_t runs_max = 4'096;               ///< Runs with changes that nobody has taken.
};

/// Thread-safe, without a thread of its own. flush() does nothing and succeeds; `counters().written` counts what was taken.
/// Of runs only what was set is kept (tags, attributes, session, user, previews); a run of which nothing is said is not handed out.
class shipping_recorder : public recorder {
 public:
  /// `time` must outlive the recorder.
  [[nodiscard]] static std::shared_ptr<shipping_recorder> make(clock& time, shipping_options options);

  /// What take() hands out.
  struct shipment {
    span_batch spans;                         ///< In the order in which they ended.
    std::vector<run_record> runs;             ///< One record a run: the newest.
  };
  /// Hands out what has ended since the last call, oldest first, as far as it fits in `bytes_max`; the rest stays. `used`: one from before, for its memory.
  [[nodiscard]] virtual shipment take(std::size_t bytes_max, shipment used = {}) = 0;

  /// Copies of spans that are running, or ended and not taken, and in no preview yet; at most `spans_max`, and about
  /// `bytes_max`. Whatever is cut off, the parent of a span in a preview is in the same or an earlier one, or was taken.
  [[nodiscard]] virtual span_batch preview(std::size_t spans_max, std::size_t bytes_max) = 0;
  /// Whoever got the previews may be gone: the next ones begin anew.
  virtual void preview_again() = 0;
  /// Copies of the spans that are running, as `interrupted` at this moment: the process is about to leave them.
  [[nodiscard]] virtual span_batch interrupted() = 0;
};

}  // namespace skein
