// The bounded queue between the threads that end spans and the one that writes them. It moves chunks, so its lock is taken once for
// many spans; room is granted in advance, so the bound holds for what threads still gather too.
#pragma once

#include <skein/tracing/recorder.hpp>

#include "span_block.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace skein {

class span_queue {
 public:
  using chunk = std::unique_ptr<span_block>;   ///< Null where a thread has none.

  explicit span_queue(recorder_options const& options);

  /// Takes over a thread's chunk with the part of its grant that it did not use, and answers how many spans the next one may hold:
  /// 0 when the queue is at its bound. `filled` comes back empty, or null. `worth_writing` tells whether there is half a
  /// batch: less costs the writer more for each span; with more, too much is left for the end of a burst, when only the writer works.
  [[nodiscard]] std::size_t exchange(chunk& filled, std::size_t unused, bool& worth_writing);
  /// Takes over a chunk without granting another.
  void push(chunk& filled, std::size_t unused);
  /// Gives back a grant.
  void give_back(std::size_t unused);
  /// Blocks until there may be room. False: the writer has taken nothing for stall_max, drop the span.
  [[nodiscard]] bool wait_for_room();

  /// Marks everything that is in the queue; take() up to the mark returns it all.
  [[nodiscard]] std::uint64_t mark() const;
  /// Moves whole chunks from before `until` to the end of `out`, while `out` stays within `spans_max` (at least one chunk), and makes
  /// room for producers. False when nothing from before `until` is left.
  bool take(span_batch& out, std::size_t spans_max, std::uint64_t until);
  /// Empties a batch that was written, and keeps its chunks for producers.
  void recycle(span_batch& written);

 private:
  void push_locked(chunk& filled, std::size_t unused);
  void make_room_locked(std::size_t spans);
  [[nodiscard]] std::size_t grant_locked() noexcept;
  [[nodiscard]] bool has_room_locked() const noexcept { return free_ > 0 && queued_bytes_ < bytes_max_; }

  std::size_t const chunk_max_;
  std::size_t const batch_max_;
  std::size_t const bytes_max_;
  std::chrono::milliseconds const stall_max_;

  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::size_t free_;               ///< Spans that may still be granted.
  std::size_t queued_ = 0;         ///< Spans in chunks_.
  std::size_t queued_bytes_ = 0;   ///< Bytes of those.
  std::uint64_t pushed_ = 0;       ///< Chunks ever pushed; the front of chunks_ is number pushed_ - chunks_.size().
  std::uint64_t progress_ = 0;     ///< Grows whenever room is made.
  bool stalled_ = false;
  std::deque<chunk> chunks_;
  std::vector<chunk> spare_;       ///< Emptied chunks, for reuse.
};

}  // namespace skein
