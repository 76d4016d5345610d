#include <skein/agents/local_host.hpp>

#include "activation_frame.hpp"

#include <skein/registry/failure.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

namespace skein::agents {

namespace {

/// After a handler that took longer than this, what is uncommitted is written before the next one starts: others may wait for it.
constexpr std::chrono::nanoseconds long_handler = std::chrono::microseconds{100};

struct hosted_agent {
  agent definition;
  std::deque<bus::delivery> queue;
  std::uint32_t running = 0;
  bool listed = false;   // in runnable_

  [[nodiscard]] bool runnable() const noexcept {
    return !queue.empty() && running < std::max(1u, definition.descriptor().max_concurrency);
  }
};

/// An attempt while its handler runs.
struct running_attempt {
  bus::attempt_ref ref;
  std::atomic<bool> cancelled = false;
  running_attempt* outer = nullptr;                  // the one that the same thread is inside of, too
};

/// A thread that runs handlers, its own or a caller's.
struct thread_slot {
  std::thread::id id;
  activation_frame* frame = nullptr;                 // written and read by that thread only
  running_attempt* innermost = nullptr;              // guarded by the host's lock
};

class thread_host final : public local_host {
 public:
  explicit thread_host(host_environment& around) : around_(around) {}
  ~thread_host() override { stop(); }

  void add(agent const& what) override {
    std::lock_guard const held{mutex_};
    auto hosted = std::make_unique<hosted_agent>(hosted_agent{what, {}});
    agents_.push_back(hosted.get());
    by_name_.emplace(what.descriptor().name, std::move(hosted));
  }

  std::vector<agent_descriptor> offered() const override {
    std::lock_guard const held{mutex_};
    std::vector<agent_descriptor> all;
    for (auto const* a : agents_) all.push_back(a->definition.descriptor());
    return all;
  }

  std::vector<predicate> predicates() const override {
    std::lock_guard const held{mutex_};
    std::vector<predicate> all;
    for (auto const* a : agents_) {
      auto const& reactions = a->definition.reactions();
      for (std::uint32_t i = 0; i < reactions.size(); ++i) {
        if (reactions[i].predicate) all.push_back({a->definition.descriptor().name, i, a->definition.descriptor().subscriptions[i].types, reactions[i].predicate});
      }
    }
    return all;
  }

  void enqueue(std::vector<bus::delivery>&& work) override {
    std::size_t wake = 0;
    {
      std::unique_lock held{mutex_};
      if (draining_) {
        held.unlock();
        return give_back(std::move(work));
      }
      for (auto& one : work) {
        auto found = by_name_.find(one.agent);
        if (found == by_name_.end()) continue;  // the hub leases only what was offered
        insert(found->second->queue, std::move(one));
        list(*found->second);
      }
      // A thread between two handlers takes work by itself.
      std::size_t const wanted = startable();
      wake = std::min(wanted > seeking_ ? wanted - seeking_ : 0, sleeping_);
    }
    for (; wake > 0; --wake) work_.notify_one();
  }

  std::vector<bus::attempt_ref> held() const override {
    std::lock_guard const held{mutex_};
    std::vector<bus::attempt_ref> all;
    for (auto const* a : agents_) {
      for (auto const& one : a->queue) all.push_back(one.activation);
    }
    add_running(all);
    return all;
  }

  std::vector<bus::attempt_ref> running() const override {
    std::lock_guard const held{mutex_};
    std::vector<bus::attempt_ref> all;
    add_running(all);
    return all;
  }

  void cancel(bus::attempt_ref const& which) override {
    std::vector<bus::delivery> unstarted;
    {
      std::lock_guard const held{mutex_};
      for (auto const& slot : slots_) {
        for (auto* each = slot->innermost; each; each = each->outer) {
          if (each->ref == which) each->cancelled.store(true, std::memory_order_relaxed);
        }
      }
      for (auto* a : agents_) {
        auto const queued = std::find_if(a->queue.begin(), a->queue.end(), [&](auto const& one) { return one.activation == which; });
        if (queued == a->queue.end()) continue;
        unstarted.push_back(std::move(*queued));
        a->queue.erase(queued);
      }
    }
    give_back(std::move(unstarted));
  }

  void cancel_all() override {
    std::lock_guard const held{mutex_};
    cancelling_ = true;
    for (auto const& slot : slots_) {
      for (auto* each = slot->innermost; each; each = each->outer) each->cancelled.store(true, std::memory_order_relaxed);
    }
  }

  void drain() override {
    std::vector<bus::delivery> unstarted;
    {
      std::lock_guard const held{mutex_};
      draining_ = true;
      for (auto* a : agents_) {
        std::move(a->queue.begin(), a->queue.end(), std::back_inserter(unstarted));
        a->queue.clear();
      }
    }
    give_back(std::move(unstarted));
  }

  void start(unsigned threads) override {
    std::lock_guard const held{mutex_};
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
  }

  bool run_one() override {
    thread_slot* slot = nullptr;
    std::optional<job> next;
    running_attempt attempt;
    {
      std::lock_guard const held{mutex_};
      if (stopping_) return false;
      next = take();
      if (!next) return false;
      slot = slot_of_this_thread();
      begin(attempt, next->work, *slot);
    }
    // A handler may call into here again (a nested wait): its own attempt is put back afterwards.
    auto* const outer = slot->frame;
    (void)run(std::move(*next), attempt, *slot);
    slot->frame = outer;
    return true;
  }

  activation_frame* current_frame() const override {
    std::lock_guard const held{mutex_};
    for (auto const& slot : slots_) {
      if (slot->id == std::this_thread::get_id()) return slot->frame;
    }
    return nullptr;
  }

  void stop() override {
    {
      std::lock_guard const held{mutex_};
      stopping_ = true;
    }
    work_.notify_all();
    for (auto& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  struct job {
    hosted_agent* owner;
    bus::delivery work;
  };

  void give_back(std::vector<bus::delivery>&& unstarted) {
    for (auto const& one : unstarted) (void)around_.complete({.activation = one.activation, .outcome = bus::outcome::released});
  }

  /// The host's lock is held.
  void begin(running_attempt& attempt, bus::delivery const& work, thread_slot& slot) const noexcept {
    attempt.ref = work.activation;
    attempt.cancelled.store(cancelling_, std::memory_order_relaxed);
    attempt.outer = std::exchange(slot.innermost, &attempt);
  }

  void add_running(std::vector<bus::attempt_ref>& to) const {
    for (auto const& slot : slots_) {
      for (auto const* each = slot->innermost; each; each = each->outer) to.push_back(each->ref);
    }
  }

  static void insert(std::deque<bus::delivery>& queue, bus::delivery&& work) {
    auto const place = std::upper_bound(queue.begin(), queue.end(), work, [](auto const& a, auto const& b) { return a.priority > b.priority; });
    queue.insert(place, std::move(work));
  }

  void list(hosted_agent& a) {
    if (a.listed || !a.runnable()) return;
    a.listed = true;
    runnable_.push_back(&a);
  }

  /// How many activations could start at this moment, as far as it matters for waking threads.
  [[nodiscard]] std::size_t startable() const {
    std::size_t count = 0;
    for (auto const* a : runnable_) {
      count += std::min<std::size_t>(a->queue.size(), a->definition.descriptor().max_concurrency - a->running);
      if (count >= threads_.size()) break;
    }
    return count;
  }

  std::optional<job> take() {
    while (!runnable_.empty()) {
      hosted_agent& a = *runnable_.front();
      runnable_.pop_front();
      a.listed = false;
      if (!a.runnable()) continue;
      job next{&a, std::move(a.queue.front())};
      a.queue.pop_front();
      ++a.running;
      list(a);
      return next;
    }
    return std::nullopt;
  }

  /// In the hub's process predicates are asked by whoever publishes. What the board itself publishes nobody has asked about yet.
  bool wanted(agent::reaction const& reaction, bus::delivery const& work) const noexcept {
    if (!reaction.predicate) return true;
    if (!around_.asks_predicates() && work.inputs.front()->type != type_of<failure>().name) return true;
    try {
      return reaction.predicate(*work.inputs.front());
    } catch (...) {
      return false;
    }
  }

  /// Runs one attempt and reports it; whether the commit should be seen to before the next one.
  bool run(job next, running_attempt const& attempt, thread_slot& slot) {
    auto const& definition = next.owner->definition;
    auto const& reaction = definition.reactions()[next.work.ordinal];
    auto result = wanted(reaction, next.work)
                      ? run_attempt(around_, next.work, definition.descriptor(), reaction.handler, stopping_, attempt.cancelled, slot.frame)
                      : bus::done{.activation = next.work.activation, .outcome = bus::outcome::mismatch};
    bool const slow = std::chrono::nanoseconds{result.duration_ns} > long_handler;
    {
      std::lock_guard const held{mutex_};
      // Before it is reported: should the board be rebuilt in between, a lost report is run again, a phantom would never end.
      slot.innermost = attempt.outer;
      --next.owner->running;
      list(*next.owner);
      ++seeking_;
    }
    bool const full = around_.complete(std::move(result));
    std::lock_guard const held{mutex_};
    --seeking_;
    return slow || full;
  }

  void serve() {
    std::unique_lock held{mutex_};
    thread_slot& slot = *slot_of_this_thread();
    bool attended = false;
    while (!stopping_) {
      if (auto next = take()) {
        running_attempt attempt;
        begin(attempt, next->work, slot);
        held.unlock();
        bool const attend = run(std::move(*next), attempt, slot);
        if (attend) around_.attend();
        attended = attend;
        held.lock();
        continue;
      }
      if (!attended) {
        ++seeking_;
        held.unlock();
        around_.attend();
        held.lock();
        --seeking_;
        attended = true;
        continue;
      }
      ++sleeping_;
      work_.wait(held, [this] { return stopping_ || !runnable_.empty(); });
      --sleeping_;
    }
  }

  thread_slot* slot_of_this_thread() {
    for (auto const& slot : slots_) {
      if (slot->id == std::this_thread::get_id()) return slot.get();
    }
    slots_.push_back(std::make_unique<thread_slot>(thread_slot{std::this_thread::get_id()}));
    return slots_.back().get();
  }

  host_environment& around_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::unordered_map<std::string, std::unique_ptr<hosted_agent>> by_name_;
  std::vector<hosted_agent*> agents_;
  std::deque<hosted_agent*> runnable_;
  std::vector<std::unique_ptr<thread_slot>> slots_;
  std::vector<std::thread> threads_;
  std::size_t seeking_ = 0;    // threads that will look for work before they sleep
  std::size_t sleeping_ = 0;
  bool draining_ = false;      // guarded by mutex_
  bool cancelling_ = false;    // guarded by mutex_
  std::atomic<bool> stopping_ = false;
};

}  // namespace

std::unique_ptr<local_host> local_host::make(host_environment& around) { return std::make_unique<thread_host>(around); }

}  // namespace skein::agents
