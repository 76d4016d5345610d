#include <skein/agents/local_host.hpp>

#include "activation_frame.hpp"
#include "component_hooks.hpp"
#include "host_thread.hpp"
#include "waiting_lines.hpp"

#include <skein/bus/brief_lock.hpp>
#include <skein/tracing/exception_text.hpp>
#include <skein/tracing/log.hpp>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

namespace skein::agents {

namespace {

/// After a handler that took longer than this, what is uncommitted is written before the next one starts: others may wait for it.
constexpr std::chrono::nanoseconds long_handler = std::chrono::microseconds{100};
/// A thread takes so much work of one agent at once where no other thread could run it meanwhile, and gives the rest back when its handlers have taken so long:
/// other agents have their turn.
constexpr std::size_t batch_max = 16;
constexpr std::chrono::nanoseconds batch_time = std::chrono::microseconds{50};
/// Spent attempts that are kept for the next deliveries.
constexpr std::size_t spare_max = 1'024;

/// For names of agents, which are short, and looked up for each delivery. Equal beginnings are common: it goes by the end.
struct name_hash {
  std::size_t operator()(std::string const& name) const noexcept {
    std::size_t hash = name.size();
    for (auto i = name.size() > 8 ? name.size() - 8 : 0; i < name.size(); ++i) hash = hash * 31 + static_cast<unsigned char>(name[i]);
    return hash;
  }
};

void dispose(queued_attempt* one) noexcept { delete one; }

class thread_host final : public local_host {
 public:
  explicit thread_host(host_environment& around) : around_(around) {}
  ~thread_host() override {
    stop();
    for (auto* a : agents_) {
      lines_.leave(*a);
      a->queue.clear_and_dispose(dispose);
    }
    spare_.clear_and_dispose(dispose);
  }

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
    if (auto* const here = execution::in(this); here && here->gathers) {
      if (here->arrived.empty()) {
        here->arrived.swap(work);
        return work.swap(here->done_with);
      }
      std::move(work.begin(), work.end(), std::back_inserter(here->arrived));
      return;
    }
    std::size_t wake = 0;
    bool for_callers = false;
    {
      auto held = lock_briefly(mutex_);
      if (draining_) {
        held.unlock();
        return give_back(work);
      }
      admit(work);
      wake = peers_to_wake();
      for_callers = threads_.empty();
    }
    notify(wake);
    if (for_callers) around_.left_to_callers();
  }

  std::vector<bus::attempt_ref> held() const override {
    std::lock_guard const held{mutex_};
    std::vector<bus::attempt_ref> all;
    for (auto const* a : agents_) {
      for (auto const& one : a->queue) all.push_back(one.work.activation);
    }
    for (auto* slot : slots_) {
      std::lock_guard const its{slot->mutex};
      for (auto const& one : slot->batch) all.push_back(one.work.activation);
      if (!slot->over) all.push_back(slot->ref);
    }
    if (auto const* const here = execution::in(this)) {
      for (auto const& one : here->arrived) all.push_back(one.activation);
    }
    return all;
  }

  std::vector<bus::attempt_ref> running() const override {
    std::lock_guard const held{mutex_};
    std::vector<bus::attempt_ref> all;
    for (auto* slot : slots_) {
      std::lock_guard const its{slot->mutex};
      if (!slot->over) all.push_back(slot->ref);
    }
    return all;
  }

  void cancel(bus::attempt_ref const& which) override {
    std::vector<bus::delivery> unstarted;
    auto const take_out = [&](attempt_list& from) {
      auto const found = std::find_if(from.begin(), from.end(), [&](auto const& one) { return one.work.activation == which; });
      if (found == from.end()) return;
      unstarted.push_back(std::move(found->work));
      from.erase_and_dispose(found, dispose);
    };
    if (auto* const here = execution::in(this)) {
      auto const found = std::find_if(here->arrived.begin(), here->arrived.end(), [&](auto const& one) { return one.activation == which; });
      if (found != here->arrived.end()) {
        unstarted.push_back(std::move(*found));
        here->arrived.erase(found);
      }
    }
    {
      std::lock_guard const held{mutex_};
      for (auto* slot : slots_) {
        std::lock_guard const its{slot->mutex};
        if (slot->ref == which) slot->cancelled = true;
        take_out(slot->batch);
      }
      for (auto* a : agents_) {
        take_out(a->queue);
        lines_.settle(*a);
      }
    }
    give_back(unstarted);
  }

  void cancel_all() override {
    std::lock_guard const held{mutex_};
    cancelling_ = true;
    for (auto* slot : slots_) {
      std::lock_guard const its{slot->mutex};
      slot->cancelled = true;
    }
  }

  void drain() override {
    std::vector<bus::delivery> unstarted;
    {
      std::lock_guard const held{mutex_};
      draining_ = true;
      for (auto* slot : slots_) recall(*slot);
      for (auto* a : agents_) {
        for (auto& one : a->queue) unstarted.push_back(std::move(one.work));
        a->queue.clear_and_dispose(dispose);
        lines_.settle(*a);
      }
    }
    give_back(unstarted);
  }

  void start(unsigned threads) override {
    std::lock_guard const held{mutex_};
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
  }

  bool run_ready(std::function<bool()> const& enough) override {
    execution here{this};
    thread_slot slot;
    std::vector<bus::delivery> unwanted;
    bool any = false;
    std::unique_lock held{mutex_};
    slots_.push_back(&slot);
    for (bool go_on = true; go_on && !stopping_;) {
      auto* const job = take_one(slot);
      if (!job) break;
      any = true;
      begin(slot, *job);
      bool const more = threads_.empty() && !lines_.empty();
      held.unlock();
      // Before the handler, which may take long: other callers may wait for work.
      if (more) around_.left_to_callers();
      auto result = run(slot, *job, here);
      slot.over.store(true, std::memory_order_release);
      here.gathers = true;
      (void)complete(slot, result);
      here.gathers = false;
      go_on = !enough();
      held.lock();
      leave_owner(slot);
      recycle(slot);
      if (here.arrived.empty()) continue;
      if (draining_) {
        std::move(here.arrived.begin(), here.arrived.end(), std::back_inserter(unwanted));
      } else {
        admit(here.arrived);
        here.done_with.swap(here.arrived);
      }
      here.arrived.clear();
    }
    std::erase(slots_, &slot);
    held.unlock();
    slot.spent.clear_and_dispose(dispose);
    give_back(unwanted);
    return any;
  }

  activation_frame* current_frame() const override {
    auto const* const here = execution::in(this);
    return here ? here->frame : nullptr;
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
  void give_back(std::vector<bus::delivery> const& unstarted) {
    for (auto const& one : unstarted) (void)around_.complete({.activation = one.activation, .outcome = bus::outcome::released});
  }

  // --- under the host's lock ---

  /// Queues deliveries, and leaves others in their place that are done with.
  void admit(std::vector<bus::delivery>& work) {
    std::optional<timestamp> now;
    for (auto& one : work) {
      auto const found = by_name_.find(one.agent);
      if (found == by_name_.end()) continue;  // the hub leases only what was offered
      auto& a = *found->second;
      auto& queued = fresh();
      queued.due = {};
      if (one.deadline.count() > 0) {
        if (!now) now = around_.time().now();
        queued.due = *now + one.deadline;
      }
      auto memory = std::move(queued.work.inputs);
      queued.work = std::move(one);
      one.inputs = std::move(memory);
      // Whoever has taken several of a lower priority goes on with this one first.
      if (queued.work.priority > lowest_taken_) ++interrupts_;
      a.push(queued);
      lines_.settle(a);
    }
  }

  queued_attempt& fresh() {
    if (spare_.empty()) return *new queued_attempt;
    auto& one = spare_.front();
    spare_.pop_front();
    return one;
  }

  /// Takes back what the thread is done with.
  void recycle(thread_slot& slot) {
    if (spare_.size() < spare_max) {
      spare_.splice(spare_.begin(), slot.spent);
    } else {
      slot.spent.clear_and_dispose(dispose);
    }
  }

  /// How many sleeping threads are to be woken, who are counted as awake from here on. A thread between two handlers takes work by itself. No more look for work at
  /// once than there are cores; each that takes some calls this again before it begins.
  std::size_t peers_to_wake() {
    if (sleeping_ == 0 || lines_.empty()) return 0;
    auto const wanted = lines_.startable(seeking_ + sleeping_);
    auto const looking = seeking_ - attending_;
    auto const wake = std::min({wanted > seeking_ ? wanted - seeking_ : 0, sleeping_, cores_ > looking ? cores_ - looking : 0});
    sleeping_ -= wake;
    wakeups_ += wake;
    seeking_ += wake;
    return wake;
  }

  hosted_agent* next_owner(thread_slot& slot) {
    slot.owner = lines_.next();
    if (!slot.owner) return nullptr;
    lines_.leave(*slot.owner);
    ++slot.owner->holders;
    return slot.owner;
  }

  queued_attempt* take_one(thread_slot& slot) {
    auto* const a = next_owner(slot);
    if (!a) return nullptr;
    auto& job = a->queue.front();
    a->queue.pop_front();
    lines_.settle(*a);
    return &job;
  }

  /// Fills the thread's batch; false when nothing can start.
  bool take(thread_slot& slot) {
    auto* const a = next_owner(slot);
    if (!a) return false;
    // What another thread could start is left for it.
    auto const count = std::min<std::size_t>(a->queue.size(), a->limit == 1 || threads_.size() == 1 ? batch_max : 1);
    auto last = a->queue.begin();
    std::advance(last, static_cast<std::ptrdiff_t>(count));
    slot.batch.splice(slot.batch.end(), a->queue, a->queue.begin(), last, count);
    lines_.settle(*a);
    lowest_taken_ = std::min(lowest_taken_, slot.batch.back().work.priority);
    slot.interrupts_seen = interrupts_;
    return true;
  }

  /// The thread that the slot belongs to finds an empty batch.
  void recall(thread_slot& slot) {
    std::lock_guard const its{slot.mutex};
    if (slot.batch.empty()) return;
    slot.owner->put_back(slot.batch);
    lines_.settle(*slot.owner);
  }

  void leave_owner(thread_slot& slot) {
    --slot.owner->holders;
    lines_.settle(*slot.owner);
  }

  // --- without it ---

  void notify(std::size_t threads) {
    for (; threads > 0; --threads) work_.notify_one();
  }

  /// Under the slot's lock or the host's.
  void begin(thread_slot& slot, queued_attempt const& job) const noexcept {
    slot.ref = job.work.activation;
    slot.cancelled.store(cancelling_, std::memory_order_relaxed);
    slot.over.store(false, std::memory_order_relaxed);
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

  /// Runs one attempt; its delivery is spent.
  bus::done run(thread_slot& slot, queued_attempt& job, execution& here) {
    auto const& work = job.work;
    attempt_setting const setting{around_, slot.owner->definition, slot.owner->spans, job.due, stopping_, slot.cancelled, slot.recent, slot.children};
    auto result = wanted(*slot.owner, work) ? run_attempt(setting, work, here.frame)
                                            : bus::done{.activation = work.activation, .outcome = bus::outcome::mismatch};
    job.work.inputs.clear();
    slot.spent.push_back(job);
    return result;
  }

  /// Reports it; whether the commit should be seen to before other work.
  bool complete(thread_slot& slot, bus::done& result) {
    bool const full = around_.complete(std::move(result));
    result.children.clear();
    slot.children.swap(result.children);
    return full;
  }

  /// The next one of the batch, begun; null when the rest was recalled.
  queued_attempt* next_of_batch(thread_slot& slot, bool& is_last) {
    std::lock_guard const its{slot.mutex};
    if (slot.batch.empty()) return nullptr;
    auto& job = slot.batch.front();
    slot.batch.pop_front();
    is_last = slot.batch.empty();
    begin(slot, job);
    return &job;
  }

  /// Before the last result of a batch is reported: the agent is free for other threads, and this one will look for work.
  void finish_batch(thread_slot& slot) {
    auto const held = lock_briefly(mutex_);
    recall(slot);
    // Should the board be rebuilt before the report, a lost report is run again; a phantom would never end.
    slot.over = true;
    leave_owner(slot);
    recycle(slot);
    ++seeking_;
  }

  /// Runs what the thread has taken and reports each attempt as it ends; whether the commit should be seen to before other work.
  bool work_off(thread_slot& slot, execution& here) {
    std::chrono::nanoseconds spent{0};
    for (bool is_last = false;;) {
      auto* const job = stopping_ ? nullptr : next_of_batch(slot, is_last);
      if (!job) {
        finish_batch(slot);
        return false;
      }
      auto result = run(slot, *job, here);
      std::chrono::nanoseconds const took{result.duration_ns};
      spent += took;
      bool const is_slow = took > long_handler;
      is_last = is_last || is_slow || spent > batch_time || interrupts_ != slot.interrupts_seen;
      is_last ? finish_batch(slot) : slot.over.store(true, std::memory_order_release);
      bool const full = complete(slot, result);
      if (is_last) return is_slow || full;
      if (full) around_.attend();
    }
  }

  void serve() {
    execution here{this};
    thread_slot slot;
    std::unique_lock held{mutex_};
    slots_.push_back(&slot);
    bool attended = false;
    while (!stopping_) {
      if (take(slot)) {
        auto const wake = peers_to_wake();
        held.unlock();
        notify(wake);
        attended = work_off(slot, here);
        held = lock_briefly(mutex_);
        --seeking_;
        if (attended) see_to_commits(held);
      } else if (!attended) {
        ++seeking_;
        ++attending_;
        held.unlock();
        around_.attend();
        held.lock();
        --attending_;
        --seeking_;
        attended = true;
      } else {
        sleep(held);
      }
    }
    std::erase(slots_, &slot);
    slot.spent.clear_and_dispose(dispose);
  }

  /// A thread that has other work to do may be kept by the disk: what was left to it is for those who sleep.
  void see_to_commits(std::unique_lock<std::mutex>& held) {
    auto const wake = peers_to_wake();
    held.unlock();
    notify(wake);
    around_.attend();
    held.lock();
  }

  void sleep(std::unique_lock<std::mutex>& held) {
    ++sleeping_;
    work_.wait(held, [this] { return stopping_ || wakeups_ > 0 || !lines_.empty(); });
    if (wakeups_ == 0) {
      --sleeping_;
    } else {
      --wakeups_;
      --seeking_;
    }
  }

  host_environment& around_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::unordered_map<std::string, std::unique_ptr<hosted_agent>, name_hash> by_name_;
  std::vector<hosted_agent*> agents_;
  waiting_lines lines_;
  attempt_list spare_;
  std::vector<thread_slot*> slots_;
  std::vector<std::thread> threads_;
  std::size_t const cores_ = std::max(2u, std::thread::hardware_concurrency());
  std::size_t seeking_ = 0;    // threads that will look for work before they sleep
  std::size_t attending_ = 0;  // those of them that see to commits first
  std::size_t sleeping_ = 0;   // and have not been woken
  std::size_t wakeups_ = 0;    // woken, and not awake yet; they are seeking
  std::int32_t lowest_taken_ = std::numeric_limits<std::int32_t>::max();   // priority of all work so far
  std::atomic<std::uint64_t> interrupts_ = 0;   // changed under mutex_
  bool draining_ = false;      // guarded by mutex_
  std::atomic<bool> cancelling_ = false;        // changed under mutex_
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
void host_environment::left_to_callers() {}

std::unique_ptr<local_host> local_host::make(host_environment& around) { return std::make_unique<thread_host>(around); }

}  // namespace skein::agents
