// What a host needs around it, without a hub: deliveries are handed over by the test, results are collected.
#pragma once

#include <skein/agents/local_host.hpp>
#include <skein/tracing/manual_clock.hpp>
#include <skein/tracing/memory_sink.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>

namespace skein::testing {

class fake_hub final : public agents::host_environment {
 public:
  fake_hub() {
    run_->id = recorder_->new_run_id();
    run_->trace = trace_of(run_->id);
    run_->root = recorder_->new_span_id();
    run_->recorder = recorder_;
  }

  clock& time() noexcept override { return manual; }
  std::shared_ptr<run_scope> scope_of(bus::artifact_data const&) override {
    ++scopes_asked;
    return run_;
  }
  std::optional<std::uint64_t> scopes_version() const noexcept override { return version; }
  bool complete(bus::done&& result) override {
    {
      std::lock_guard const held{mutex_};
      done_.push_back(std::move(result));
    }
    changed_.notify_all();
    return false;
  }
  void attend() override {
    {
      std::lock_guard const held{mutex_};
      ++attended_;
    }
    changed_.notify_all();
  }
  std::vector<bus::artifact_ptr> query(std::string_view type, artifact_filter const& filter) override {
    auto found = board;
    std::erase_if(found, [&](auto const& one) { return one->type != type || !filter.accepts(*one); });
    return found;
  }
  void stream(bus::progress&& what) override { said.push_back(std::move(what)); }
  result<void> check(payload const&) const override { return refusal ? result<void>{*refusal} : result<void>{}; }

  /// An artifact of the run, with the next sequence number.
  template <class T>
  bus::artifact_ptr make(T value, std::string correlation = {}) {
    auto made = std::make_shared<bus::artifact_data>();
    made->seq = ++seq_;
    made->id = artifact_id{recorder_->new_run_id().bytes()};
    made->type = std::string{type_of<T>().name};
    made->payload = make_payload(std::move(value));
    made->produced_by = std::string{bus::external_producer};
    made->run = run_->id;
    made->correlation = std::move(correlation);
    made->context = {run_->trace, recorder_->new_span_id(), run_->flags};
    return made;
  }
  /// A first attempt to handle `inputs`.
  bus::delivery deliver(std::string agent, std::vector<bus::artifact_ptr> inputs, std::int32_t priority = 0) {
    bus::delivery made;
    made.activation = {++no_, activation_id{recorder_->new_run_id().bytes()}, 1};
    made.agent = std::move(agent);
    made.inputs = std::move(inputs);
    made.priority = priority;
    return made;
  }

  /// The results so far; waits for `count` of them.
  std::vector<bus::done> results(std::size_t count) {
    std::unique_lock held{mutex_};
    changed_.wait(held, [&] { return done_.size() >= count; });
    return done_;
  }
  /// Waits until somebody had nothing else to do.
  void wait_attended() {
    std::unique_lock held{mutex_};
    changed_.wait(held, [&] { return attended_ > 0; });
  }
  [[nodiscard]] span_list spans() const { return traces_.spans(); }

  manual_clock manual;
  std::vector<bus::artifact_ptr> board;
  std::vector<bus::progress> said;     // of one thread's handlers
  std::optional<error> refusal;
  std::optional<std::uint64_t> version;   // of the scopes
  std::atomic<int> scopes_asked = 0;

 private:
  memory_traces traces_;
  std::shared_ptr<recorder> recorder_ = recorder::make({traces_.sink()}, manual);
  std::shared_ptr<run_scope> run_ = std::make_shared<run_scope>();
  std::uint64_t seq_ = 0, no_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<bus::done> done_;
  std::uint64_t attended_ = 0;
};

}  // namespace skein::testing
