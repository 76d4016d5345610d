#include "span_queue.hpp"

#include "span_batch_access.hpp"
#include "writer_signal.hpp"

#include <algorithm>
#include <utility>

namespace skein {
namespace {

constexpr std::size_t chunk_spans_max = 256;
constexpr std::size_t chunk_bytes = 64 * 1024;
constexpr std::size_t spare_chunks_max = 64;

std::size_t chunk_size(recorder_options const& options) {
  // Small enough that a few threads cannot hold most of the room in half-filled chunks.
  auto const share = std::max<std::size_t>(options.queue_spans_max / 64, 1);
  return std::min({chunk_spans_max, share, std::max<std::size_t>(options.batch_spans_max, 1)});
}

}  // namespace

span_queue::span_queue(recorder_options const& options)
    : chunk_max_(chunk_size(options)),
      batch_max_(std::max<std::size_t>(options.batch_spans_max, 1)),
      bytes_max_(std::max<std::size_t>(options.queue_bytes_max, 1)),
      stall_max_(std::min<std::chrono::milliseconds>(options.stall_max, wait_max)),
      free_(std::max<std::size_t>(options.queue_spans_max, 1)) {}

void span_queue::push_locked(chunk& filled, std::size_t unused) {
  if (unused > 0) make_room_locked(unused);
  if (!filled || filled->empty()) return;
  queued_ += filled->spans();
  queued_bytes_ += filled->bytes();
  ++pushed_;
  chunks_.push_back(std::move(filled));
}

void span_queue::make_room_locked(std::size_t spans) {
  free_ += spans;
  ++progress_;
  stalled_ = false;
  room_.notify_all();
}

/// How many spans a thread may hold next. The bound of bytes is looked at here, so the threads' own chunks are beyond it.
std::size_t span_queue::grant_locked() noexcept {
  auto const granted = queued_bytes_ < bytes_max_ ? std::min(free_, chunk_max_) : 0;
  free_ -= granted;
  return granted;
}

std::size_t span_queue::exchange(chunk& filled, std::size_t unused, bool& worth_writing) {
  std::size_t granted = 0;
  {
    std::lock_guard const lock{mutex_};
    push_locked(filled, unused);
    granted = grant_locked();
    worth_writing = queued_ >= batch_max_ / 2 || granted == 0;
    if (granted > 0 && !filled && !spare_.empty()) {
      filled = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  if (granted > 0 && !filled) try {
    filled = std::make_unique<span_block>(chunk_bytes);
  } catch (...) {
    give_back(granted);
    throw;
  }
  return granted;
}

void span_queue::push(chunk& filled, std::size_t unused) {
  std::lock_guard const lock{mutex_};
  push_locked(filled, unused);
}

void span_queue::give_back(std::size_t unused) {
  std::lock_guard const lock{mutex_};
  make_room_locked(unused);
}

bool span_queue::wait_for_room() {
  std::unique_lock lock{mutex_};
  auto const before = progress_;
  if (stalled_ && !has_room_locked()) return false;
  bool const moved = room_.wait_for(lock, stall_max_, [&] { return has_room_locked() || progress_ != before || stalled_; });
  if (!moved) {
    stalled_ = true;
    room_.notify_all();
  }
  return !stalled_;
}

std::uint64_t span_queue::mark() const {
  std::lock_guard const lock{mutex_};
  return pushed_;
}

bool span_queue::take(span_batch& out, std::size_t spans_max, std::uint64_t until) {
  std::lock_guard const lock{mutex_};
  for (bool first = true;; first = false) {
    if (chunks_.empty() || pushed_ - chunks_.size() >= until) return false;
    auto& next = chunks_.front();
    if (!first && out.size() + next->spans() > spans_max) return true;
    queued_ -= next->spans();
    queued_bytes_ -= next->bytes();
    make_room_locked(next->spans());
    span_batch_access::add(out, std::move(next));
    chunks_.pop_front();
  }
}

void span_queue::recycle(span_batch& written) {
  std::lock_guard const lock{mutex_};
  span_batch_access::take_blocks(written, [&](chunk used) {
    // What one huge span has left behind would be kept for ever.
    if (spare_.size() >= spare_chunks_max || used->capacity() != chunk_bytes) return;
    used->clear();
    spare_.push_back(std::move(used));
  });
}

}  // namespace skein
