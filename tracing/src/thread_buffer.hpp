// What one thread has for one recorder: the chunk that it fills, and the spans that it started. The lock is the thread's own, so it is
// nearly always free; the writer takes it once per pass.
#pragma once

#include "light_lock.hpp"
#include "open_span.hpp"
#include "span_queue.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace skein {

struct thread_buffer {
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
