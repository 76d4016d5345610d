#include <skein/agents/local_host.hpp>

#include "activation_frame.hpp"
#include "component_hooks.hpp"

#include <skein/tracing/exception_text.hpp>
#include <skein/tracing/log.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

namespace skein::agents {

namespace {

/// After a handler that took longer than this, what is uncommitted is written before the next one starts: others may wait for it.
constexpr std::chrono::nanoseconds long_handler = std::chrono::microseconds{100};

struct queued_attempt {
  bus::delivery work;
  timestamp due{};   // zero: no deadline
};

struct hosted_agent {
  explicit hosted_agent(agent what) : definition(std::move(what)), spans(definition) { self.push_back(this); }

  agent definition;
  agent_spans spans;
  std::deque<queued_attempt> queue;
  std::uint32_t running = 0;
  std::list<hosted_agent*> self;           // holds this while it is in no line, so that lines take no memory
  std::optional<std::int32_t> line;        // where it waits for a thread: the priority of what it would start next

  [[nodiscard]] bool runnable() const noexcept {
    return !queue.empty() && running < std::max(1u, definition.descriptor().max_concurrency);
  }
};

/// The agents that have something to start, by its priority; those of equal priority take turns. Guarded by the host's lock.
class waiting_lines {
 public:
  /// Puts the agent where it belongs after its queue or its running attempts have changed. It keeps its turn where the priority is as before.
  void settle(hosted_agent& a) {
    auto const wanted = a.runnable() ? std::optional{a.queue.front().work.priority} : std::nullopt;
    if (wanted == a.line) return;
    leave(a);
    if (!wanted) return;
    auto& line = lines_[*wanted];
    line.splice(line.end(), a.self);
    a.line = wanted;
    ++count_;
  }
  /// Takes the agent out; settle() puts it behind the others.
  void leave(hosted_agent& a) {
    if (!a.line) return;
    auto& line = lines_[*a.line];
    a.self.splice(a.self.end(), line, std::find(line.begin(), line.end(), &a));
    a.line.reset();
    --count_;
  }
  /// Whose turn it is; null when nothing can start.
  [[nodiscard]] hosted_agent* next() const noexcept {
    if (count_ == 0) return nullptr;
    for (auto const& [priority, line] : lines_) {
      if (!line.empty()) return line.front();
    }
    return nullptr;
  }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  /// Calls `see` for each agent until it answers false.
  template <class See>
  void each(See&& see) const {
    for (auto const& [priority, line] : lines_) {
      for (auto const* a : line) {
        if (!see(*a)) return;
      }
    }
  }

 private:
  // As many lines as there are priorities among the subscriptions; an empty one stays for the next time.
  std::map<std::int32_t, std::list<hosted_agent*>, std::greater<>> lines_;
  std::size_t count_ = 0;
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

  result<void> add(agent const& what) override {
    if (auto ok = initialize_components(what); !ok) return ok;
    std::lock_guard const held{mutex_};
    auto hosted = std::make_unique<hosted_agent>(what);
    agents_.push_back(hosted.get());
    by_name_.emplace(what.descriptor().name, std::move(hosted));
    return {};
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
        for (auto const& code : reactions[i].code) all.push_back({a->definition.descriptor().name, i, code.type, code.accepts, code.key});
      }
    }
    return all;
  }

  void enqueue(std::vector<bus::delivery>&& work) override {
    std::size_t wake = 0;
    bool const timed = std::any_of(work.begin(), work.end(), [](auto const& one) { return one.deadline.count() > 0; });
    auto const now = timed ? around_.time().now() : timestamp{};
    {
      std::unique_lock held{mutex_};
      if (draining_) {
        held.unlock();
        return give_back(std::move(work));
      }
      for (auto& one : work) {
        auto found = by_name_.find(one.agent);
        if (found == by_name_.end()) continue;  // the hub leases only what was offered
        auto const due = one.deadline.count() > 0 ? now + one.deadline : timestamp{};
        insert(found->second->queue, {std::move(one), due});
        lines_.settle(*found->second);
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
      for (auto const& one : a->queue) all.push_back(one.work.activation);
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
        auto const queued = std::find_if(a->queue.begin(), a->queue.end(), [&](auto const& one) { return one.work.activation == which; });
        if (queued == a->queue.end()) continue;
        unstarted.push_back(std::move(queued->work));
        a->queue.erase(queued);
        lines_.settle(*a);
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
        for (auto& one : a->queue) unstarted.push_back(std::move(one.work));
        a->queue.clear();
        lines_.settle(*a);
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
      begin(attempt, next->next.work, *slot);
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
    if (std::exchange(terminated_, true)) return;
    for (auto const* a : agents_) terminate_components(a->definition);
  }

 private:
  struct job {
    hosted_agent* owner;
    queued_attempt next;
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

  static void insert(std::deque<queued_attempt>& queue, queued_attempt&& one) {
    auto const place =
        std::upper_bound(queue.begin(), queue.end(), one, [](auto const& a, auto const& b) { return a.work.priority > b.work.priority; });
    queue.insert(place, std::move(one));
  }

  /// How many activations could start at this moment, as far as it matters for waking threads.
  [[nodiscard]] std::size_t startable() const {
    std::size_t count = 0;
    lines_.each([&](hosted_agent const& a) {
      count += std::min<std::size_t>(a.queue.size(), a.definition.descriptor().max_concurrency - a.running);
      return count < threads_.size();
    });
    return count;
  }

  std::optional<job> take() {
    hosted_agent* const a = lines_.next();
    if (!a) return std::nullopt;
    job next{a, std::move(a->queue.front())};
    a->queue.pop_front();
    ++a->running;
    lines_.leave(*a);
    lines_.settle(*a);
    return next;
  }

  /// In the hub's process predicates are asked by whoever publishes, with few exceptions; a worker asks them itself. What is in a group or batch was asked about
  /// before it got there.
  bool wanted(hosted_agent const& owner, bus::delivery const& work) const noexcept {
    if (!around_.asks_predicates() && !work.unasked) return true;
    if (owner.definition.descriptor().subscriptions[work.ordinal].is_grouped()) return true;
    try {
      for (auto const& code : owner.definition.reactions()[work.ordinal].code) {
        if (code.accepts && !code.accepts(*work.inputs.front())) return false;
      }
      return true;
    } catch (...) {
      log_threw(work);
      return false;
    }
  }

  static void log_threw(bus::delivery const& work) noexcept {
    try {
      auto const text = describe_exception(std::current_exception());
      log_warn("agent " + work.agent + ": the predicate of subscription " + std::to_string(work.ordinal) + " threw " + text.type + ": " + text.message +
               "; that is a no to artifact " + work.inputs.front()->id.to_string());
    } catch (...) {  // no memory for the line
    }
  }

  /// Runs one attempt and reports it; whether the commit should be seen to before the next one.
  bool run(job taken, running_attempt const& attempt, thread_slot& slot) {
    auto const& work = taken.next.work;
    attempt_setting const setting{around_, taken.owner->definition, taken.owner->spans, taken.next.due, stopping_, attempt.cancelled};
    auto result = wanted(*taken.owner, work) ? run_attempt(setting, work, slot.frame)
                                             : bus::done{.activation = work.activation, .outcome = bus::outcome::mismatch};
    bool const slow = std::chrono::nanoseconds{result.duration_ns} > long_handler;
    {
      std::lock_guard const held{mutex_};
      // Before it is reported: should the board be rebuilt in between, a lost report is run again, a phantom would never end.
      slot.innermost = attempt.outer;
      --taken.owner->running;
      lines_.settle(*taken.owner);
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
        begin(attempt, next->next.work, slot);
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
      work_.wait(held, [this] { return stopping_ || !lines_.empty(); });
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
  waiting_lines lines_;
  std::vector<std::unique_ptr<thread_slot>> slots_;
  std::vector<std::thread> threads_;
  std::size_t seeking_ = 0;    // threads that will look for work before they sleep
  std::size_t sleeping_ = 0;
  bool draining_ = false;      // guarded by mutex_
  bool cancelling_ = false;    // guarded by mutex_
  std::atomic<bool> stopping_ = false;
  bool terminated_ = false;    // of the thread that stops the host
};

}  // namespace

std::vector<bus::artifact_ptr> host_environment::query_as(std::string_view, std::string_view type, artifact_filter const& filter) {
  // Counted after those are gone that nobody may see yet.
  auto all = filter;
  all.limit = 0;
  auto found = query(type, all);
  std::erase_if(found, [now = time().now()](auto const& one) { return bus::is_embargoed(*one, now); });
  if (filter.limit > 0 && found.size() > filter.limit) found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(filter.limit));
  return found;
}
void host_environment::stream(bus::progress&&) {}

std::unique_ptr<local_host> local_host::make(host_environment& around) { return std::make_unique<thread_host>(around); }

}  // namespace skein::agents
