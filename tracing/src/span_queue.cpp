#include "span_queue.hpp"

#include "writer_signal.hpp"

#include <algorithm>
#include <iterator>

namespace skein {
namespace {

constexpr std::size_t chunk_spans_max = 256;
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
      stall_max_(std::min<std::chrono::milliseconds>(options.stall_max, wait_max)),
      free_(std::max<std::size_t>(options.queue_spans_max, 1)) {}

void span_queue::push_locked(chunk& filled, std::size_t unused) {
  if (unused > 0) make_room_locked(unused);
  if (filled.empty()) return;
  queued_ += filled.size();
  ++pushed_;
  chunks_.push_back(std::move(filled));
  filled = {};
}

void span_queue::make_room_locked(std::size_t spans) {
  free_ += spans;
  ++progress_;
  stalled_ = false;
  room_.notify_all();
}

std::size_t span_queue::exchange(chunk& filled, std::size_t unused, bool& full_batch) {
  std::lock_guard const lock{mutex_};
  push_locked(filled, unused);
  full_batch = queued_ >= batch_max_ || free_ == 0;
  auto const granted = std::min(free_, chunk_max_);
  free_ -= granted;
  if (granted > 0 && filled.capacity() == 0) {
    if (spare_.empty()) {
      filled.reserve(chunk_max_);
    } else {
      filled = std::move(spare_.back());
      spare_.pop_back();
    }
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
  if (stalled_ && free_ == 0) return false;
  bool const moved = room_.wait_for(lock, stall_max_, [&] { return free_ > 0 || progress_ != before || stalled_; });
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

bool span_queue::take(std::vector<span_record>& out, std::size_t spans_max, std::uint64_t until) {
  bool first = true;
  for (;;) {
    chunk next;
    {
      std::lock_guard const lock{mutex_};
      if (chunks_.empty() || pushed_ - chunks_.size() >= until) return false;
      if (!first && out.size() + chunks_.front().size() > spans_max) return true;
      next = std::move(chunks_.front());
      chunks_.pop_front();
      queued_ -= next.size();
      make_room_locked(next.size());
    }
    first = false;
    // Moved outside the lock: producers need it more.
    out.insert(out.end(), std::make_move_iterator(next.begin()), std::make_move_iterator(next.end()));
    next.clear();
    std::lock_guard const lock{mutex_};
    if (spare_.size() < spare_chunks_max) spare_.push_back(std::move(next));
  }
}

}  // namespace skein
