#include <skein/tracing/recorder.hpp>

#include <skein/tracing/log.hpp>

#include "entry_writer.hpp"
#include "recorder_core.hpp"
#include "thread_ids.hpp"

#include <csignal>
#include <new>
#include <system_error>
#include <utility>

namespace skein {
namespace {

constexpr std::chrono::seconds last_flush_max{10};

/// Whether the thread needs another chunk for a span of that size. A span that is larger than a chunk has one of its own.
bool is_full(thread_buffer const& mine, std::size_t span_bytes) noexcept {
  if (!mine.chunk || mine.chunk->spans() >= mine.granted) return true;
  return !mine.chunk->empty() && !mine.chunk->has_room(span_bytes);
}

void add(recorder_counters& total, recorder_counters const& part) noexcept {
  total.recorded += part.recorded;
  total.dropped += part.dropped;
  total.lost += part.lost;
}

}  // namespace

void recorder::attach(open_span&) noexcept {}
void recorder::detach(open_span&) noexcept {}
void recorder::end(open_span& span, span_view ended) {
  detach(span);
  record(ended);
}
void recorder::record(span_view span) { record(span.record()); }

std::shared_ptr<recorder> recorder::make(std::vector<std::shared_ptr<span_sink>> sinks, clock& time, recorder_options options) {
  auto made = std::make_shared<recorder_core>(std::move(sinks), time, options);
  made->start(made);
  return made;
}

recorder_core::recorder_core(std::vector<std::shared_ptr<span_sink>> sinks, clock& time, recorder_options options)
    : time_(time), options_(options), id_(thread_ids().next()), queue_(options) {
  log_prepare();
  for (auto& sink : sinks) {
    wants_running_ = wants_running_ || sink->wants_running();
    sinks_.push_back(std::make_unique<sink_slot>(std::move(sink), options.retry_interval));
  }
}

void recorder_core::start(std::weak_ptr<recorder> self) {
  if (sinks_.empty()) return;
  for (auto const& slot : sinks_) slot->sink().attached(self);

  // Signals are for the program's own threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    writer_ = std::thread{[this] { write_until_stopped(); }};
    pthread_setname_np(writer_.native_handle(), "skein-traces");
  } catch (std::system_error const& failure) {
    log_error(std::string{"traces are not recorded: cannot start the thread that writes them: "} + failure.what());
    sinks_.clear();
    wants_running_ = false;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

recorder_core::~recorder_core() {
  if (writer_.joinable()) {
    signal_.stop();
    if (!signal_.wait_finished(last_flush_max)) abandoned_.store(true);
    writer_.join();
  }
  for (auto const& each : buffers_) each->recorder_gone.store(true, std::memory_order_release);
}

thread_buffer& recorder_core::buffer() {
  if (auto* const known = find_thread_buffer(id_)) return *known;
  auto const made = register_buffer();
  return made ? *made : last_resort_;
}

std::shared_ptr<thread_buffer> recorder_core::register_buffer() {
  auto made = std::make_shared<thread_buffer>();
  if (!keep_thread_buffer(id_, made)) return nullptr;
  std::lock_guard const lock{buffers_mutex_};
  if (sinks_.empty()) forget_dead_buffers_locked();
  buffers_.push_back(made);
  return made;
}

void recorder_core::record(span_view span) {
  thread_buffer& mine = buffer();
  std::unique_lock lock{mine.mutex};
  record(mine, lock, span);
}

void recorder_core::record(span_record&& span) {
  thread_buffer& mine = buffer();
  std::string own;
  auto& encoded = &mine == &last_resort_ ? own : mine.scratch;   // The last resort is no thread's own.
  encoded.clear();
  flat::append(encoded, span);
  std::unique_lock lock{mine.mutex};
  record(mine, lock, span_view{encoded.data()});
}

/// Puts the span in this thread's buffer, whose lock is held, and unlocks it.
void recorder_core::record(thread_buffer& mine, std::unique_lock<light_lock>& lock, span_view span) {
  ++mine.counters.recorded;
  if (sinks_.empty()) return;
  auto const whole = span.bytes();
  while (is_full(mine, whole.size())) {
    if (!make_room(mine, lock)) return;
  }
  mine.chunk->push_back(whole);
  lock.unlock();
  signal_.work();
}

/// Gets the buffer a chunk with room, waiting where the options say so. False: the span is counted as gone.
bool recorder_core::make_room(thread_buffer& mine, std::unique_lock<light_lock>& lock) {
  bool worth_writing = false;
  mine.granted = queue_.exchange(mine.chunk, mine.unused(), worth_writing);
  if (worth_writing) signal_.hurry();
  if (mine.granted > 0) return true;
  if (options_.on_overflow == overflow::drop) {
    ++mine.counters.dropped;
    return false;
  }
  // The writer needs the buffer's lock to make room.
  lock.unlock();
  bool const room = queue_.wait_for_room();
  lock.lock();
  if (!room) ++mine.counters.lost;
  return room;
}

void recorder_core::record(std::vector<span_record>&& spans) {
  for (auto& span : spans) record(std::move(span));
}

void recorder_core::record(run_record&& run) {
  if (sinks_.empty()) return;
  {
    std::lock_guard const lock{runs_mutex_};
    runs_.push_back(std::move(run));
  }
  signal_.work();
}

open_span* recorder_core::open(span_record const& started) {
  auto opened = std::make_unique<opened_by_record>(started);
  attach(*opened);
  return opened.release();
}

void recorder_core::close(open_span* span, span_record&& ended) {
  std::unique_ptr<open_span> const opened{span};
  detach(*opened);
  record(std::move(ended));
}

void recorder_core::attach(open_span& span) noexcept {
  if (!wants_running_) return;
  try {
    thread_buffer& mine = buffer();
    span.home = &mine;
    if (&mine == &last_resort_ || !mine.enter(span)) {   // The last resort is no thread's own.
      std::lock_guard const lock{mine.mutex};
      mine.fresh.push(span);
    }
  } catch (std::bad_alloc const&) {
    return;   // It will be recorded when it ends.
  }
  signal_.work();
}

void recorder_core::detach(open_span& span) noexcept {
  thread_buffer* const home = std::exchange(span.home, nullptr);
  if (home == nullptr) return;
  std::lock_guard const lock{home->mutex};
  thread_buffer::take_out(span);
}

void recorder_core::end(open_span& span, span_view ended) {
  thread_buffer& mine = buffer();
  if (span.home != &mine) {
    detach(span);
    return record(ended);
  }
  std::unique_lock lock{mine.mutex};
  thread_buffer::take_out(span);
  span.home = nullptr;
  record(mine, lock, ended);
}

result<void> recorder_core::flush(std::chrono::nanoseconds timeout) {
  if (sinks_.empty()) return {};
  if (!signal_.flush(timeout)) {
    return error{errc::timeout, "traces are not written yet: the sinks are slow; call flush again with more time"};
  }
  for (auto const& slot : sinks_) {
    if (auto const why = slot->failure()) {
      return error{errc::io_failed, "traces are not recorded: " + why->message() + "; repair it, it is tried again by itself",
                   slot->sink().describe()};
    }
  }
  return {};
}

recorder_counters recorder_core::counters() const noexcept {
  std::lock_guard const lock{buffers_mutex_};
  recorder_counters total = dead_threads_;
  auto const add_buffer = [&](thread_buffer const& each) {
    std::lock_guard const own{each.mutex};
    add(total, each.counters);
  };
  for (auto const& each : buffers_) add_buffer(*each);
  add_buffer(last_resort_);
  total.written = written_.load();
  total.lost += lost_.load();
  if (sinks_.empty()) total.written = total.recorded;
  return total;
}

span_id recorder_core::new_span_id() noexcept { return thread_ids().span(); }

run_id recorder_core::new_run_id(timestamp at) noexcept { return run_id{thread_ids().uuid_v7(at.time_since_epoch().count())}; }

}  // namespace skein
