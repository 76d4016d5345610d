// A sink that keeps everything in memory, for tests and for reports of runs whose traces go nowhere else.
#pragma once

#include <skein/tracing/recorder.hpp>
#include <skein/tracing/span_list.hpp>
#include <skein/tracing/span_sink.hpp>

#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace skein {

/// Keeps the newest record of each span and run. Thread-safe. Answers hold everything that was recorded before the question, by whatever
/// recorders write here: they are flushed first (which waits for their other sinks too). Unbounded.
class memory_sink final : public span_sink {
 public:
  /// Keeps a copy. Never fails.
  [[nodiscard]] result<void> write(trace_batch const& batch) override;
  [[nodiscard]] std::string describe() const override { return "memory"; }
  void attached(std::weak_ptr<recorder> by) override;

  /// By start time, then in the order of arrival. Open spans are among them, as running.
  [[nodiscard]] span_list spans() const;
  /// By start time, then in the order of arrival.
  [[nodiscard]] std::vector<run_record> runs() const;
  /// Forgets what there is.
  void clear();

 private:
  void catch_up() const;
  void sort_in_locked() const;

  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<recorder>> recorders_;
  mutable span_batch arrived_;   // Not yet in spans_: they become records when somebody asks.
  mutable std::vector<span_record> spans_;
  std::vector<run_record> runs_;
  struct key_hash {
    std::size_t operator()(std::pair<trace_id, span_id> const& key) const noexcept {
      return std::hash<trace_id>{}(key.first) ^ std::hash<span_id>{}(key.second);
    }
  };
  mutable std::unordered_map<std::pair<trace_id, span_id>, std::size_t, key_hash> span_places_;
  std::unordered_map<run_id, std::size_t> run_places_;
};

namespace testing {

/// A memory sink to hand to a hub, and what it holds.
class memory_traces {
 public:
  /// What to put into orchestrator_options::sinks.
  [[nodiscard]] std::shared_ptr<span_sink> sink() const { return sink_; }
  /// memory_sink::spans().
  [[nodiscard]] span_list spans() const { return sink_->spans(); }
  /// memory_sink::runs().
  [[nodiscard]] std::vector<run_record> runs() const { return sink_->runs(); }
  /// memory_sink::clear().
  void clear() { sink_->clear(); }

 private:
  std::shared_ptr<memory_sink> sink_ = std::make_shared<memory_sink>();
};

}  // namespace testing
}  // namespace skein
