#include <skein/agents/local_host.hpp>

#include "component_hooks.hpp"
#include "thread_host.hpp"

#include <skein/bus/brief_lock.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace skein::agents {

thread_host::~thread_host() {
  stop();
  for (auto* a : agents_) {
    lines_.leave(*a);
    a->queue.clear_and_dispose(dispose);
  }
  spare_.clear_and_dispose(dispose);
}

result<void> thread_host::add(agent const& what) {
  if (auto ok = initialize_components(what); !ok) return ok;
  std::lock_guard const held{mutex_};
  auto hosted = std::make_unique<hosted_agent>(what);
  agents_.push_back(hosted.get());
  by_name_.emplace(what.descriptor().name, std::move(hosted));
  return {};
}

std::vector<agent_descriptor> thread_host::offered() const {
  std::lock_guard const held{mutex_};
  std::vector<agent_descriptor> all;
  for (auto const* a : agents_) all.push_back(a->definition.descriptor());
  return all;
}

std::vector<local_host::predicate> thread_host::predicates() const {
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

void thread_host::enqueue(std::vector<bus::delivery>&& work) {
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

std::vector<bus::attempt_ref> thread_host::held() const {
  std::lock_guard const held{mutex_};
  std::vector<bus::attempt_ref> all;
  for (auto const* a : agents_) {
    for (auto const& one : a->queue) all.push_back(one.activation);
  }
  for (auto* slot : slots_) {
    std::lock_guard const its{slot->mutex};
    for (auto const& one : slot->batch) all.push_back(one.activation);
    if (!slot->over) all.push_back(slot->ref);
  }
  if (auto const* const here = execution::in(this)) {
    for (auto const& one : here->arrived) all.push_back(one.activation);
  }
  return all;
}

std::vector<bus::attempt_ref> thread_host::running() const {
  std::lock_guard const held{mutex_};
  std::vector<bus::attempt_ref> all;
  for (auto* slot : slots_) {
    std::lock_guard const its{slot->mutex};
    if (!slot->over) all.push_back(slot->ref);
  }
  return all;
}

void thread_host::cancel(bus::attempt_ref const& which) {
  attempt_list unstarted;
  auto const is_meant = [&](auto const& one) { return one.activation == which; };
  auto const take_out = [&](attempt_list& from) {
    auto const found = std::find_if(from.begin(), from.end(), is_meant);
    if (found != from.end()) unstarted.splice(unstarted.end(), from, found);
  };
  std::vector<bus::delivery> arrived;
  if (auto* const here = execution::in(this)) {
    auto const found = std::find_if(here->arrived.begin(), here->arrived.end(), is_meant);
    if (found != here->arrived.end()) {
      arrived.push_back(std::move(*found));
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
  give_back(arrived);
  give_back(unstarted);
}

void thread_host::cancel_all() {
  std::lock_guard const held{mutex_};
  cancelling_ = true;
  for (auto* slot : slots_) {
    std::lock_guard const its{slot->mutex};
    slot->cancelled = true;
  }
}

void thread_host::drain() {
  attempt_list unstarted;
  {
    std::lock_guard const held{mutex_};
    draining_ = true;
    for (auto* slot : slots_) recall(*slot);
    for (auto* a : agents_) {
      unstarted.splice(unstarted.end(), a->queue);
      lines_.settle(*a);
    }
  }
  give_back(unstarted);
}

activation_frame* thread_host::current_frame() const {
  auto const* const here = execution::in(this);
  return here ? here->frame : nullptr;
}

void thread_host::stop() {
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

void thread_host::give_back(std::vector<bus::delivery> const& unstarted) {
  for (auto const& one : unstarted) (void)around_.complete({.activation = one.activation, .outcome = bus::outcome::released});
}

void thread_host::give_back(attempt_list& unstarted) {
  while (!unstarted.empty()) {
    auto const which = unstarted.front().activation;
    unstarted.pop_front_and_dispose(dispose);
    (void)around_.complete({.activation = which, .outcome = bus::outcome::released});
  }
}

/// Each delivery asks. Null when there is none.
hosted_agent* thread_host::find(std::string const& name) {
  auto*& recent = found_.place_of(name);
  if (recent && recent->definition.descriptor().name == name) return recent;
  auto const known = by_name_.find(name);
  return known == by_name_.end() ? nullptr : recent = known->second.get();
}

/// Queues deliveries, and leaves others in their place that are done with.
void thread_host::admit(std::vector<bus::delivery>& work) {
  std::optional<timestamp> now;
  for (auto& one : work) {
    auto* const found = find(one.agent);
    if (!found) continue;  // the hub leases only what was offered
    auto& a = *found;
    auto& queued = fresh();
    queued.take(one);
    if (one.deadline.count() > 0) {
      if (!now) now = around_.time().now();
      queued.due = *now + one.deadline;
    }
    // Whoever has taken several of a lower priority goes on with this one first.
    if (queued.priority > lowest_taken_) ++interrupts_;
    a.push(queued);
    lines_.settle(a);
  }
}

queued_attempt& thread_host::fresh() {
  if (spare_.empty()) return *new queued_attempt;
  auto& one = spare_.front();
  spare_.pop_front();
  return one;
}

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
