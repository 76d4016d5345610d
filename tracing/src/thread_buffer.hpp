// What one thread has for one recorder: the chunk that it fills, and the spans that it started. The lock is the thread's own, so it is
// nearly always free; the writer takes it once per pass. The start of a span needs none.
#pragma once

#include "light_lock.hpp"
#include "open_span.hpp"
#include "span_queue.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace skein {

struct thread_buffer {
  /// For the thread, without the lock: enters a span that starts. False when there is no place; it belongs into `fresh` then.
  ///
  /// A place becomes taken only here, and free only under the lock: each change has one author. The release store shows the writer, which reads
  /// with acquire, all of the span. What the writer misses by a hair, because it looks while this store is on its way, it sees when it looks
  /// again: it does not sleep before a look that nobody announced (writer_signal::wait).
  [[nodiscard]] bool enter(open_span& span) noexcept {
    for (auto& place : started) {
      if (place.load(std::memory_order_relaxed) != nullptr) continue;
      span.place = &place;
      place.store(&span, std::memory_order_release);
      return true;
    }
    return false;
  }
  /// Under the lock: takes a span out of wherever it is.
  static void take_out(open_span& span) noexcept {
    if (auto* const place = std::exchange(span.place, nullptr)) {
      place->store(nullptr, std::memory_order_relaxed);
    } else {
      open_list::unlink(span);
    }
  }
  /// Under the lock: moves what has entered to the end of `fresh`.
  void list_started() noexcept {
    for (auto& place : started) {
      auto* const span = place.load(std::memory_order_acquire);
      if (span == nullptr) continue;
      take_out(*span);
      fresh.push(*span);
    }
  }

  std::array<std::atomic<open_span*>, 8> started{};   ///< Open spans that the writer has not seen. A span seldom holds more than a few others.

  mutable light_lock mutex;
  // Guarded by mutex:
  span_queue::chunk chunk;        ///< Null before the first span, and after it was handed over.
  std::size_t granted = 0;        ///< Spans that chunk may hold.
  open_list fresh;                ///< Open spans that have no running row yet.
  open_list known;                ///< Open spans that have one.
  recorder_counters counters;     ///< This buffer's share; `written` is not counted here.

  std::string scratch;            ///< The thread's, for spans that come as records.

  /// What is left of the grant.
  [[nodiscard]] std::size_t unused() const noexcept { return granted - (chunk ? chunk->spans() : 0); }

  std::atomic<bool> thread_gone{false};
  std::atomic<bool> recorder_gone{false};
};

/// This thread's buffer for the recorder `id`, or null when it has none yet, or when the thread is past the end of its locals.
[[nodiscard]] thread_buffer* find_thread_buffer(std::uint64_t id) noexcept;
/// Remembers it for this thread. False when the thread is past the end of its locals: nothing can be remembered.
[[nodiscard]] bool keep_thread_buffer(std::uint64_t id, std::shared_ptr<thread_buffer> buffer);

}  // namespace skein
