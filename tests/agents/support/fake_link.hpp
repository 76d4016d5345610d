// A link without a hub: what a worker says is kept, what a hub would say is said by the test.
#pragma once

#include <skein/bus/host_link.hpp>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace skein::testing {

/// What both ends share; the link itself is the worker's. Results are answered at once unless `answers` is false.
struct link_record {
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex:
  std::vector<bus::done> results;
  std::vector<bus::query> asked;
  std::vector<bus::progress> told;
  std::vector<std::uint64_t> forgotten;
  std::vector<bus::attempt_ref> held;
  std::vector<agent_descriptor> offered;
  bus::link_state state = bus::link_state::connecting;
  bool answers = true, draining = false, stopped = false;

  bus::host_link_receivers to;   // set before the worker's threads start

  /// Waits until `so`, which is called with the lock held.
  template <class Condition>
  void wait(Condition&& so) {
    std::unique_lock lock{mutex};
    changed.wait(lock, std::forward<Condition>(so));
  }
  std::vector<bus::done> wait_results(std::size_t count) {
    wait([&] { return results.size() >= count; });
    std::lock_guard const lock{mutex};
    return results;
  }
  void become(bus::link_state next, std::string const& why = {}) {
    {
      std::lock_guard const lock{mutex};
      state = next;
    }
    changed.notify_all();
    to.changed(next, why);
  }
  void deliver(std::vector<bus::delivery> work) {
    {
      std::lock_guard const lock{mutex};
      for (auto const& one : work) held.push_back(one.activation);
    }
    to.start(std::move(work));
  }
  void leave_when_empty() {
    {
      std::lock_guard const lock{mutex};
      if (!draining || !held.empty() || state != bus::link_state::welcomed) return;
    }
    become(bus::link_state::left);
  }
};

class fake_link final : public bus::host_link {
 public:
  explicit fake_link(std::shared_ptr<link_record> record) : record_(std::move(record)) {}

  void complete(bus::done&& result) override {
    {
      std::lock_guard const lock{record_->mutex};
      if (record_->answers) std::erase(record_->held, result.activation);
      record_->results.push_back(std::move(result));
    }
    record_->changed.notify_all();
    record_->leave_when_empty();
  }
  void ask(bus::query&& what) override {
    {
      std::lock_guard const lock{record_->mutex};
      record_->asked.push_back(std::move(what));
    }
    record_->changed.notify_all();
  }
  void tell(bus::progress&& what) override {
    {
      std::lock_guard const lock{record_->mutex};
      record_->told.push_back(std::move(what));
    }
    record_->changed.notify_all();
  }
  void forget_question(std::uint64_t number) override {
    std::lock_guard const lock{record_->mutex};
    record_->forgotten.push_back(number);
  }
  void drain() override {
    {
      std::lock_guard const lock{record_->mutex};
      record_->draining = true;
    }
    record_->leave_when_empty();
  }
  bus::link_state state() const override {
    std::lock_guard const lock{record_->mutex};
    return record_->state;
  }
  std::vector<bus::attempt_ref> held() const override {
    std::lock_guard const lock{record_->mutex};
    return record_->held;
  }
  void stop(std::chrono::milliseconds) override {
    std::lock_guard const lock{record_->mutex};
    record_->stopped = true;
  }

 private:
  std::shared_ptr<link_record> const record_;
};

}  // namespace skein::testing
