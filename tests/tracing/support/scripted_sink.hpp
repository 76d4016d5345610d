// A sink that does what a test tells it: fails, blocks in its write, and keeps what it took.
#pragma once

#include <skein/tracing/span_sink.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

namespace skein::testing {

/// For what ends long before.
inline constexpr std::chrono::seconds long_enough{60};

class scripted_sink final : public span_sink {
 public:
  [[nodiscard]] result<void> write(trace_batch const& batch) override {
    std::unique_lock lock{mutex_};
    ++writes_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
    if (throws_) throw 7;
    if (failing_) return error{errc::io_failed, "the disk is full"};
    batches_.push_back(batch);
    return {};
  }
  [[nodiscard]] std::string describe() const override { return "scripted"; }

  void fail(bool on) {
    std::lock_guard const lock{mutex_};
    failing_ = on;
  }
  void throw_int(bool on) {
    std::lock_guard const lock{mutex_};
    throws_ = on;
  }
  /// Lets writes pass, or holds them.
  void gate(bool open) {
    std::lock_guard const lock{mutex_};
    open_ = open;
    changed_.notify_all();
  }
  void wait_for_write(std::size_t count) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return writes_ >= count; });
  }

  [[nodiscard]] std::size_t writes() const {
    std::lock_guard const lock{mutex_};
    return writes_;
  }
  [[nodiscard]] std::vector<trace_batch> batches() const {
    std::lock_guard const lock{mutex_};
    return batches_;
  }
  /// All spans in the order of writing, running rows too.
  [[nodiscard]] std::vector<span_record> spans() const {
    std::vector<span_record> all;
    for (auto const& batch : batches()) all.insert(all.end(), batch.spans.begin(), batch.spans.end());
    return all;
  }
  [[nodiscard]] std::vector<run_record> runs() const {
    std::vector<run_record> all;
    for (auto const& batch : batches()) all.insert(all.end(), batch.runs.begin(), batch.runs.end());
    return all;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool failing_ = false, throws_ = false, open_ = true;
  std::size_t writes_ = 0;
  std::vector<trace_batch> batches_;
};

}  // namespace skein::testing
