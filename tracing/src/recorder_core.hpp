// The recorder behind recorder.hpp. record() fills the thread's buffer; the writer thread makes passes over all buffers and the queue.
#pragma once

#include <skein/tracing/recorder.hpp>

#include "sink_slot.hpp"
#include "span_queue.hpp"
#include "thread_buffer.hpp"
#include "writer_signal.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace skein {

class recorder_core final : public recorder {
 public:
  recorder_core(std::vector<std::shared_ptr<span_sink>> sinks, clock& time, recorder_options options);
  ~recorder_core() override;
  recorder_core(recorder_core const&) = delete;
  recorder_core& operator=(recorder_core const&) = delete;

  /// Starts the writer, if there is a sink.
  void start(std::weak_ptr<recorder> self);

  void record(span_record&& span) override;
  void record(span_view span) override;
  void record(std::vector<span_record>&& spans) override;
  void record(run_record&& run) override;
  [[nodiscard]] open_span* open(span_record const& started) override;
  void close(open_span* span, span_record&& ended) override;
  void attach(open_span& span) noexcept override;
  void detach(open_span& span) noexcept override;
  void end(open_span& span, span_view ended) override;
  [[nodiscard]] result<void> flush(std::chrono::nanoseconds timeout) override;
  [[nodiscard]] recorder_counters counters() const noexcept override;
  [[nodiscard]] clock& time() const noexcept override { return time_; }
  [[nodiscard]] span_id new_span_id() noexcept override;
  [[nodiscard]] run_id new_run_id(timestamp at) noexcept override;

 private:
  /// What one pass over buffers and queue writes, in batches.
  struct pass {
    trace_batch batch;
    std::string scratch;                  ///< For spans that are open.
    std::vector<run_record> ended_runs;   ///< For the last batch: a run must not look complete before its spans are there.
  };

  [[nodiscard]] thread_buffer& buffer();
  [[nodiscard]] std::shared_ptr<thread_buffer> register_buffer();
  void record(thread_buffer& mine, std::unique_lock<light_lock>& lock, span_view span);
  [[nodiscard]] bool make_room(thread_buffer& mine, std::unique_lock<light_lock>& lock);

  void write_until_stopped() noexcept;
  void write_everything();
  void take_runs(pass& into);
  void seal_buffers(pass& into);
  void forget_dead_buffers_locked();
  void write(trace_batch& batch);

  std::vector<std::unique_ptr<sink_slot>> sinks_;
  clock& time_;
  recorder_options const options_;
  std::uint64_t const id_;           ///< Never another recorder's, so that threads can keep buffers by it.
  bool wants_running_ = false;

  span_queue queue_;
  writer_signal signal_;

  mutable std::mutex buffers_mutex_;
  std::vector<std::shared_ptr<thread_buffer>> buffers_;
  recorder_counters dead_threads_;   ///< Counters of buffers that are gone.
  thread_buffer last_resort_;        ///< For threads past the end of their locals.

  std::mutex runs_mutex_;
  std::vector<run_record> runs_;

  std::atomic<std::uint64_t> written_{0}, lost_{0};
  std::atomic<bool> abandoned_{false};
  pass pass_;                        ///< The writer's, kept for its memory.
  std::thread writer_;
};

}  // namespace skein
