// The writer thread of a recorder.
#include "recorder_core.hpp"

#include <iterator>
#include <unordered_map>

namespace skein {
namespace {

/// Keeps the newest record of each run, in the order of first appearance.
void keep_newest(std::vector<run_record>& runs) {
  if (runs.size() < 2) return;
  std::unordered_map<run_id, std::size_t> places;
  std::vector<run_record> kept;
  for (auto& run : runs) {
    auto const [place, added] = places.try_emplace(run.run, kept.size());
    if (added) {
      kept.push_back(std::move(run));
    } else {
      kept[place->second] = std::move(run);
    }
  }
  runs = std::move(kept);
}

}  // namespace

void recorder_core::write_until_stopped() noexcept {
  bool stopping = false, worked = false;
  while (!stopping) {
    auto const order = signal_.wait(options_.write_interval, worked);
    stopping = order.stop;
    worked = order.work;
    try {
      write_everything();
      if (order.flush || stopping) {
        for (auto const& slot : sinks_) slot->flush(time_.now());
      }
    } catch (...) {   // Out of memory: what the pass held is lost; the program goes on.
      pass_ = {};
    }
    signal_.flushed(order.flush_number);
    if (signal_.idle()) {
      for (auto const& slot : sinks_) slot->rest();
    }
  }
  signal_.finished();
}

void recorder_core::write_everything() {
  // Runs first: the spans of a run that was complete before this line are in the buffers by then.
  take_runs(pass_);
  seal_buffers(pass_);
  auto const until = queue_.mark();
  for (bool more = true; more && !abandoned_.load();) {
    more = queue_.take(pass_.batch.spans, options_.batch_spans_max, until);
    if (!more) {
      std::move(pass_.ended_runs.begin(), pass_.ended_runs.end(), std::back_inserter(pass_.batch.runs));
      pass_.ended_runs.clear();
    }
    write(pass_.batch);
    queue_.recycle(pass_.batch.spans);
    pass_.batch.runs.clear();
  }
}

void recorder_core::take_runs(pass& into) {
  std::vector<run_record> runs;
  {
    std::lock_guard const lock{runs_mutex_};
    runs.swap(runs_);
  }
  for (auto& run : runs) {
    auto& part = run.status == run_status::running ? into.batch.runs : into.ended_runs;
    part.push_back(std::move(run));
  }
}

/// Moves what threads have gathered to the queue, and makes running rows of spans that have none.
void recorder_core::seal_buffers(pass& into) {
  std::lock_guard const all{buffers_mutex_};
  auto const seal = [&](thread_buffer& each) {
    std::lock_guard const lock{each.mutex};
    if (each.granted > 0) queue_.push(each.chunk, each.unused());
    each.granted = 0;
    each.list_started();
    while (!each.fresh.empty()) {
      open_span& open = each.fresh.pop();
      each.known.push(open);
      into.scratch.clear();
      if (open.so_far(into.scratch)) into.batch.spans.push_back(span_view{into.scratch.data()});
    }
  };
  for (auto const& each : buffers_) seal(*each);
  seal(last_resort_);
  forget_dead_buffers_locked();
}

void recorder_core::forget_dead_buffers_locked() {
  std::erase_if(buffers_, [&](std::shared_ptr<thread_buffer> const& each) {
    if (!each->thread_gone.load(std::memory_order_acquire)) return false;
    std::lock_guard const lock{each->mutex};
    each->list_started();
    if ((each->chunk && !each->chunk->empty()) || !each->fresh.empty() || !each->known.empty()) return false;
    if (each->granted > 0) queue_.give_back(each->granted);
    dead_threads_.recorded += each->counters.recorded;
    dead_threads_.dropped += each->counters.dropped;
    dead_threads_.lost += each->counters.lost;
    return true;
  });
}

void recorder_core::write(trace_batch& batch) {
  if (batch.empty()) return;
  keep_newest(batch.runs);
  auto const ended = batch.spans.size() - batch.spans.running();
  bool everywhere = true;
  for (auto const& slot : sinks_) everywhere = slot->write(batch, time_.now()) && everywhere;
  (everywhere ? written_ : lost_) += ended;
}

}  // namespace skein
