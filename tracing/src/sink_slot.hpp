// One sink of a recorder and what becomes of it when it fails: said once, losses counted, tried again now and then, and the gap on
// record when it recovers. Used by one thread at a time, except `failure`.
#pragma once

#include <skein/tracing/span_sink.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace skein {

class sink_slot {
 public:
  sink_slot(std::shared_ptr<span_sink> sink, std::chrono::milliseconds retry_interval)
      : sink_(std::move(sink)), retry_interval_(retry_interval) {}

  /// Writes, or counts as lost while the sink is failed. `now` is the recorder's time, for the log. `batch.runs` may come back amended
  /// while the call lasts only. True when the sink has taken the batch.
  bool write(trace_batch& batch, timestamp now) noexcept;
  void flush(timestamp now) noexcept;
  /// Lets a sink that works use its time.
  void rest() noexcept;

  [[nodiscard]] span_sink& sink() const noexcept { return *sink_; }
  /// Why the sink is failed, or nothing. Any thread.
  [[nodiscard]] std::optional<error> failure() const;

 private:
  /// What a gap took from a run: how many of its spans, and the newest record of it, if that is owed to the sink.
  struct run_gap {
    std::uint64_t spans = 0;
    std::optional<run_record> owed;
  };

  [[nodiscard]] result<void> try_write(trace_batch& batch);
  void fail(error why, timestamp now);
  void recover(timestamp now);
  void lose(trace_batch const& batch);
  void add_owed(std::vector<run_record>& runs) const;
  void settle(std::vector<run_record> const& written);

  std::shared_ptr<span_sink> sink_;
  std::chrono::milliseconds const retry_interval_;
  std::chrono::steady_clock::time_point next_try_{};
  std::uint64_t lost_ = 0;              ///< Ended spans, in the present gap.
  timestamp gap_begin_{};
  std::map<run_id, run_gap> gaps_;

  mutable std::mutex failure_mutex_;
  std::optional<error> failure_;
};

}  // namespace skein
