// Runs, waits for idle and for invoked activations, and looks at the board.
#include "locked_bus.hpp"

#include <algorithm>
#include <utility>

namespace skein::bus {

result<void> locked_bus::open_run(input::open_run run) {
  lock held{mutex_};
  if (auto ok = usable(held); !ok) return ok;
  held_runs_.push_back(run);
  step(held, std::move(run));
  return {};
}

void locked_bus::release_run(run_id const& run, bool failed) {
  lock held{mutex_};
  auto const found = std::find_if(held_runs_.begin(), held_runs_.end(), [&](auto const& one) { return one.run == run; });
  if (found != held_runs_.end()) held_runs_.erase(found);
  std::erase(cancelled_runs_, run);
  if (broken_) return;
  step(held, input::release{run, failed});
  if (durable_) await_commit(held, group_no_of_last_step());
}

std::shared_ptr<hub_bus::pending> locked_bus::make_slot() {
  auto slot = std::make_shared<pending>();
  slot->id = ++last_ticket_;
  slots_.emplace(slot->id, slot);
  return slot;
}

std::shared_ptr<hub_bus::pending> locked_bus::begin_wait(std::optional<run_id> run, run_id scope) {
  lock held{mutex_};
  auto slot = make_slot();
  if (auto ok = usable(held); !ok) {
    slots_.erase(slot->id);
    settle(*slot, ok.error());
    return slot;
  }
  step(held, input::wait_idle{slot->id, run, scope});
  return slot;
}

std::shared_ptr<hub_bus::pending> locked_bus::begin_wait(board_condition condition) {
  lock held{mutex_};
  auto slot = make_slot();
  if (auto ok = usable(held); !ok) {
    slots_.erase(slot->id);
    settle(*slot, ok.error());
    return slot;
  }
  slot->for_condition = true;
  ++condition_waits_;
  step(held, input::wait_until{slot->id, std::move(condition)});
  return slot;
}

template <class Input>
result<std::shared_ptr<hub_bus::pending>> locked_bus::invoke_with(Input in, timestamp deadline) {
  lock held{mutex_};
  if (auto ok = enter(held, deadline, 1); !ok) return ok.error();
  auto slot = make_slot();
  slot->waits_for_close = true;
  in.reply_to = slot->id;
  step(held, std::move(in));
  if (durable_) await_commit(held, group_no_of_last_step());
  return slot;
}

result<std::shared_ptr<hub_bus::pending>> locked_bus::begin_invoke(input::publish in, timestamp deadline) {
  in.reply_when_closed = true;
  return invoke_with(std::move(in), deadline);
}

result<std::shared_ptr<hub_bus::pending>> locked_bus::begin_invoke(input::invoke in, timestamp deadline) { return invoke_with(std::move(in), deadline); }

bool locked_bus::ready(pending const& wait) { return wait.answered.load(std::memory_order_acquire); }

/// Waits for an answer, a poke or a timer. Who waits is counted first: see poke().
template <class Done>
bool locked_bus::await_answer(lock& held, std::optional<std::chrono::steady_clock::time_point> until, Done const& done) {
  ++answer_waiters_;
  auto& mutex = *held.mutex();
  bool const over = until ? mutex.wait_for_answers([&, at = *until](auto& answers, auto& given) { return answers.wait_until(given, at, done); })
                          : mutex.wait_for_answers([&](auto& answers, auto& given) { return answers.wait(given, done), true; });
  --answer_waiters_;
  return over;
}

bool locked_bus::wait(pending const& wait, std::uint64_t pokes_seen, std::optional<std::chrono::steady_clock::time_point> until) {
  lock held{mutex_};
  if (durable_) lead(held, [&] { return wait.answer.has_value(); });
  auto const armed = armed_;
  (void)await_answer(held, until, [&] { return wait.answer || pokes_ != pokes_seen || armed_ != armed; });
  return wait.answer.has_value();
}

void locked_bus::poke() {
  // Both counters are sequentially consistent, and who waits is counted before it looks at the pokes: either it sees this poke, or it is seen here. The lock is
  // taken so that one that is seen has gone to sleep, or looks once more.
  ++pokes_;
  if (answer_waiters_ == 0) return;
  { lock const held{mutex_}; }
  mutex_.notify_all();
}

result<board_reply> locked_bus::take(pending& wait) {
  lock held{mutex_};
  return std::move(*wait.answer);
}

void locked_bus::cancel(pending& wait) {
  lock held{mutex_};
  if (wait.answer) return;
  if (broken_) {
    slots_.erase(wait.id);
    return settle(wait, *broken_);
  }
  if (wait.waits_for_close) {
    slots_.erase(wait.id);
    return settle(wait, result<board_reply>{reply::idle{wait.id, true, {}}});
  }
  step(held, input::cancel_wait{wait.id});
  if (durable_) await_commit(held, group_no_of_last_step());
  (void)await_answer(held, std::nullopt, [&] { return wait.answer.has_value(); });  // it may have been answered before, and held back
}

namespace {

std::vector<artifact_ptr> visible_at(timestamp now, std::vector<artifact_ptr> all) {
  std::erase_if(all, [&](auto const& one) { return is_embargoed(*one, now); });
  return all;
}

}  // namespace

std::vector<artifact_ptr> locked_bus::artifacts(std::string_view type) {
  lock held{mutex_};
  return visible_at(time_.now(), core_.artifacts(type));
}

result<std::vector<artifact_ptr>> locked_bus::stored_artifacts(std::string_view type) {
  if (!durable_) return artifacts(type);
  auto all = ledger_->artifacts(type, 0);
  if (!all) return all;
  return visible_at(time_.now(), std::move(*all));
}

board_counters locked_bus::counters() {
  lock held{mutex_};
  return core_.counters();
}

std::vector<host_summary> locked_bus::hosts() {
  lock held{mutex_};
  return core_.hosts();
}

std::vector<agent_summary> locked_bus::agents() {
  lock held{mutex_};
  return core_.agents();
}

std::vector<dead_summary> locked_bus::dead() {
  lock held{mutex_};
  return core_.dead();
}

template <class Input>
result<reply::settled> locked_bus::settle_by(Input in) {
  lock held{mutex_};
  if (auto ok = usable(held); !ok) return ok.error();
  auto const slot = make_slot();
  in.reply_to = slot->id;
  step(held, std::move(in));
  if (durable_) await_commit(held, group_no_of_last_step());
  (void)await_answer(held, std::nullopt, [&] { return slot->answer.has_value(); });  // another thread may still be letting it out
  if (!*slot->answer) return slot->answer->error();
  return std::get<reply::settled>(**slot->answer);
}

namespace {

result<void> without_value(result<reply::settled> const& from) { return from ? result<void>{} : result<void>{from.error()}; }

}  // namespace

result<void> locked_bus::requeue(activation_id const& which) { return without_value(settle_by(input::requeue{0, which})); }
result<void> locked_bus::drop_dead(activation_id const& which) { return without_value(settle_by(input::drop_dead{0, which})); }
result<void> locked_bus::drain(std::string_view host) { return without_value(settle_by(input::drain{0, std::string{host}})); }

result<void> locked_bus::pause(input::pause what) { return without_value(settle_by(std::move(what))); }

result<std::uint64_t> locked_bus::cancel_work(input::cancel_work what) {
  run_id const run = what.run;
  auto const settled = settle_by(std::move(what));
  if (!settled) return settled.error();
  lock held{mutex_};
  if (std::any_of(held_runs_.begin(), held_runs_.end(), [&](auto const& one) { return one.run == run; })) cancelled_runs_.push_back(run);
  return settled->dropped;
}

result<std::uint64_t> locked_bus::forget_agent(std::string_view agent) {
  auto const settled = settle_by(input::forget_agent{0, std::string{agent}});
  if (!settled) return settled.error();
  return settled->dropped;
}

subscription_no locked_bus::find_subscription(std::string_view agent, std::string_view type) {
  lock held{mutex_};
  return core_.find_subscription(agent, type);
}

subscription_no locked_bus::find_subscription(std::string_view agent, std::span<std::string const> types) {
  lock held{mutex_};
  return core_.find_subscription(agent, types);
}

bool locked_bus::stands_still() {
  lock held{mutex_};
  return group_steps_ == 0 && !committing_ && core_.stands_still();
}

std::optional<work_in_hand> locked_bus::find_work(attempt_ref const& which) {
  lock held{mutex_};
  return core_.find_work(which);
}

agent_rules locked_bus::rules_of(std::string_view agent) {
  lock held{mutex_};
  return core_.rules_of(agent);
}

bool locked_bus::knows_agent(std::string_view agent) {
  lock held{mutex_};
  return core_.knows_agent(agent);
}

}  // namespace skein::bus
