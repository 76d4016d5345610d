// What the threads of a local host do: they take work, run handlers, report, and sleep when there is nothing to do.
#include "activation_frame.hpp"
#include "thread_host.hpp"

#include <skein/bus/brief_lock.hpp>
#include <skein/bus/spare_artifacts.hpp>
#include <skein/tracing/exception_text.hpp>
#include <skein/tracing/log.hpp>

#include <algorithm>
#include <iterator>
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

/// As good as new, for the next attempt of its thread; what is left of its memory stays.
void renew(bus::done& result) {
  result.outcome = bus::outcome::ok;
  result.error_type.clear();
  result.what.clear();
  result.duration_ns = 0;
  result.children.clear();
  if (!result.spans.empty()) result.spans = {};
  result.runs.clear();
  result.sent_at = {};
  result.retry_after = std::chrono::nanoseconds{-1};
}

}  // namespace

void thread_host::start(unsigned threads) {
  std::lock_guard const held{mutex_};
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
}

bool thread_host::run_ready(std::function<bool()> const& enough) {
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
    run(slot, *job, here);
    slot.over.store(true, std::memory_order_release);
    here.gathers = true;
    (void)complete(slot);
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

/// Takes back what the thread is done with.
void thread_host::recycle(thread_slot& slot) {
  if (spare_.size() < spare_max) {
    spare_.splice(spare_.begin(), slot.spent);
  } else {
    slot.spent.clear_and_dispose(dispose);
  }
}

/// How many sleeping threads are to be woken, who are counted as awake from here on. A thread between two handlers takes work by itself. No more look for work at
/// once than there are cores; each that takes some calls this again before it begins.
std::size_t thread_host::peers_to_wake() {
  if (sleeping_ == 0 || lines_.empty()) return 0;
  auto const wanted = lines_.startable(seeking_ + sleeping_);
  auto const looking = seeking_ - attending_;
  auto const wake = std::min({wanted > seeking_ ? wanted - seeking_ : 0, sleeping_, cores_ > looking ? cores_ - looking : 0});
  sleeping_ -= wake;
  wakeups_ += wake;
  seeking_ += wake;
  return wake;
}

hosted_agent* thread_host::next_owner(thread_slot& slot) {
  slot.owner = lines_.next();
  if (!slot.owner) return nullptr;
  lines_.leave(*slot.owner);
  ++slot.owner->holders;
  return slot.owner;
}

queued_attempt* thread_host::take_one(thread_slot& slot) {
  auto* const a = next_owner(slot);
  if (!a) return nullptr;
  auto& job = a->queue.front();
  a->queue.pop_front();
  lines_.settle(*a);
  return &job;
}

/// Fills the thread's batch; false when nothing can start.
bool thread_host::take(thread_slot& slot) {
  auto* const a = next_owner(slot);
  if (!a) return false;
  // What another thread could start is left for it.
  auto const count = std::min<std::size_t>(a->queue.size(), a->limit == 1 || threads_.size() == 1 ? batch_max : 1);
  auto last = a->queue.begin();
  std::advance(last, static_cast<std::ptrdiff_t>(count));
  slot.batch.splice(slot.batch.end(), a->queue, a->queue.begin(), last, count);
  lines_.settle(*a);
  lowest_taken_ = std::min(lowest_taken_, slot.batch.back().priority);
  slot.interrupts_seen = interrupts_;
  return true;
}

/// The thread that the slot belongs to finds an empty batch.
void thread_host::recall(thread_slot& slot) {
  std::lock_guard const its{slot.mutex};
  if (slot.batch.empty()) return;
  slot.owner->put_back(slot.batch);
  lines_.settle(*slot.owner);
}

void thread_host::leave_owner(thread_slot& slot) {
  --slot.owner->holders;
  lines_.settle(*slot.owner);
}

void thread_host::notify(std::size_t threads) {
  for (; threads > 0; --threads) work_.notify_one();
}

/// Under the slot's lock or the host's.
void thread_host::begin(thread_slot& slot, queued_attempt const& job) const noexcept {
  slot.ref = job.activation;
  slot.cancelled.store(cancelling_, std::memory_order_relaxed);
  slot.over.store(false, std::memory_order_relaxed);
}

/// In the hub's process predicates are asked by whoever publishes, with few exceptions; a worker asks them itself. What is in a group or batch was asked about
/// before it got there.
bool thread_host::wanted(hosted_agent const& owner, queued_attempt const& job) const noexcept {
  if (!around_.asks_predicates() && !job.unasked) return true;
  if (owner.definition.descriptor().subscriptions[job.ordinal].is_grouped()) return true;
  try {
    for (auto const& code : owner.definition.reactions()[job.ordinal].code) {
      if (code.accepts && !code.accepts(*job.inputs.front())) return false;
    }
    return true;
  } catch (...) {
    log_threw(owner, job);
    return false;
  }
}

void thread_host::log_threw(hosted_agent const& owner, queued_attempt const& job) noexcept {
  try {
    auto const text = describe_exception(std::current_exception());
    log_warn("agent " + owner.definition.descriptor().name + ": the predicate of subscription " + std::to_string(job.ordinal) + " threw " + text.type + ": " + text.message +
             "; that is a no to artifact " + job.inputs.front()->id.to_string());
  } catch (...) {  // no memory for the line
  }
}

/// Runs one attempt; it is spent.
void thread_host::run(thread_slot& slot, queued_attempt& job, execution& here) {
  slot.result.activation = job.activation;
  if (wanted(*slot.owner, job)) {
    attempt_setting const setting{around_, slot.owner->definition, slot.owner->spans, stopping_, slot.cancelled, slot.recent};
    run_attempt(setting, job, here.frame, slot.result);
  } else {
    slot.result.outcome = bus::outcome::mismatch;
  }
  bus::let_go(job.inputs);
  slot.spent.push_back(job);
}

/// Reports it; whether the commit should be seen to before other work.
bool thread_host::complete(thread_slot& slot) {
  bool const full = around_.complete(std::move(slot.result));
  renew(slot.result);
  return full;
}

/// The next one of the batch, begun; null when the rest was recalled.
queued_attempt* thread_host::next_of_batch(thread_slot& slot, bool& is_last) {
  std::lock_guard const its{slot.mutex};
  if (slot.batch.empty()) return nullptr;
  auto& job = slot.batch.front();
  slot.batch.pop_front();
  is_last = slot.batch.empty();
  begin(slot, job);
  return &job;
}

/// Before the last result of a batch is reported: the agent is free for other threads, and this one will look for work.
void thread_host::finish_batch(thread_slot& slot) {
  auto const held = lock_briefly(mutex_);
  recall(slot);
  // Should the board be rebuilt before the report, a lost report is run again; a phantom would never end.
  slot.over = true;
  leave_owner(slot);
  recycle(slot);
  ++seeking_;
}

/// Runs what the thread has taken and reports each attempt as it ends; whether the commit should be seen to before other work.
bool thread_host::work_off(thread_slot& slot, execution& here) {
  std::chrono::nanoseconds spent{0};
  for (bool is_last = false;;) {
    auto* const job = stopping_ ? nullptr : next_of_batch(slot, is_last);
    if (!job) {
      finish_batch(slot);
      return false;
    }
    run(slot, *job, here);
    std::chrono::nanoseconds const took{slot.result.duration_ns};
    spent += took;
    bool const is_slow = took > long_handler;
    is_last = is_last || is_slow || spent > batch_time || interrupts_ != slot.interrupts_seen;
    is_last ? finish_batch(slot) : slot.over.store(true, std::memory_order_release);
    bool const full = complete(slot);
    if (is_last) return is_slow || full;
    if (full) around_.attend();
  }
}

void thread_host::serve() {
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
void thread_host::see_to_commits(std::unique_lock<std::mutex>& held) {
  auto const wake = peers_to_wake();
  held.unlock();
  notify(wake);
  around_.attend();
  held.lock();
}

void thread_host::sleep(std::unique_lock<std::mutex>& held) {
  ++sleeping_;
  work_.wait(held, [this] { return stopping_ || wakeups_ > 0 || !lines_.empty(); });
  if (wakeups_ == 0) {
    --sleeping_;
  } else {
    --wakeups_;
    --seeking_;
  }
}

}  // namespace skein::agents
