#include <skein/bus/hub_bus.hpp>

#include "locked_bus.hpp"

#include <algorithm>
#include <utility>

namespace skein::bus {

namespace {

/// A predicate is the user's code: whatever it throws is a no.
bool accepts(local_predicate const& predicate, artifact_data const& artifact) noexcept {
  try {
    return predicate.accepts(artifact);
  } catch (...) {
    return false;
  }
}

std::vector<subscription_no> rejected_by(predicate_table const& table, artifact_data const& artifact) {
  std::vector<subscription_no> rejected;
  auto const asked = table.find(artifact.type);
  if (asked == table.end()) return rejected;
  for (auto const& predicate : asked->second) {
    if (!accepts(predicate, artifact)) rejected.push_back(predicate.subscription);
  }
  return rejected;
}

std::vector<std::vector<subscription_no>> children_rejected_by(predicate_table const& table, std::vector<child> const& children) {
  std::vector<std::vector<subscription_no>> rejected;
  if (table.empty()) return rejected;
  for (auto const& c : children) {
    auto& of_child = rejected.emplace_back();
    if (!table.contains(c.type)) continue;
    artifact_data seen;
    seen.type = c.type;
    seen.version = c.version;
    seen.payload = c.payload;
    seen.tags = c.tags;
    of_child = rejected_by(table, seen);
  }
  return rejected;
}

}  // namespace

result<std::unique_ptr<hub_bus>> hub_bus::open(std::unique_ptr<bus::ledger> ledger, clock& time, hub_port& port, hub_bus_options options) {
  auto loaded = ledger->load();
  if (!loaded) return loaded.error();
  return std::unique_ptr<hub_bus>{new locked_bus{std::move(ledger), time, port, options, std::move(*loaded)}};
}

locked_bus::locked_bus(std::unique_ptr<bus::ledger> ledger, clock& time, hub_port& port, hub_bus_options options, board_state from)
    : ledger_(std::move(ledger)),
      time_(time),
      port_(port),
      options_(options),
      durable_(ledger_->durable()),
      core_((options_.board.record_changes = durable_, options_.board), std::move(from), time.now(), {std::string{local_host_name}, true, {}, {}}) {
  tables_.push_back(std::make_unique<predicate_table>());
  table_ = tables_.back().get();
}

// --- steps -------------------------------------------------------------------------------------------------------------------------

void locked_bus::step(lock& held, board_input&& in) {
  effects out = begin_step();
  core_.step(time_.now(), std::move(in), out);
  finish_step(held, std::move(out), 1);
}

effects locked_bus::begin_step() {
  if (durable_) return std::exchange(group_, {});
  effects out;
  if (!spare_.empty()) out = std::move(spare_.back()), spare_.pop_back();
  return out;
}

void locked_bus::finish_step(lock& held, effects out, std::size_t steps) {
  if (durable_) {
    group_ = std::move(out);
    group_steps_ += steps;
  } else {
    // What an answer tells must be visible to whoever gets it: the ends of runs go out first.
    answer_after_emit(held, out);
    room_changed();
    spare_.push_back(std::move(out));
  }
  arm_timer(held);
  nudge_driver();
}

void locked_bus::nudge_driver() {
  // Whoever drives the clock may have seen work going on when it looked; it looks again.
  if (!core_.waits_only_for_time()) return;
  ++pokes_;
  answers_.notify_all();
}

void locked_bus::emit(lock& held, effects& out) {
  bool const quiet = out.messages.empty() && out.announcements.empty() && out.ended.empty() && callbacks_.empty();
  if (quiet) return out.clear();
  auto const callbacks = std::exchange(callbacks_, {});
  auto const no = ++emission_no_;
  bool const tells = !out.announcements.empty() || !out.ended.empty();
  if (tells) telling_.push_back(no);
  held.unlock();
  // Before anybody can work on the artifact: its run may end with that work.
  for (auto const& made : out.announcements) port_.announced(made);
  if (!out.messages.empty()) port_.send(std::move(out.messages));
  for (auto const& run : out.ended) port_.ended(run);
  for (auto const& call : callbacks) call();
  out.clear();
  held.lock();
  if (tells) {
    std::erase(telling_, no);
    answer_held_back();
  }
}

void locked_bus::arm_timer(lock& held) {
  auto const next = core_.next_timer();
  bool const sooner = next && (!armed_ || *next < *armed_);
  armed_ = next;
  if (!sooner) return;
  answers_.notify_all();  // a thread that waits for an answer may have to wake for the timer
  held.unlock();
  (void)port_.wake();
  held.lock();
}

void locked_bus::answer(std::vector<board_reply>& replies) {
  for (auto& r : replies) {
    // Idle speaks for the whole board: what other threads are still telling of earlier steps comes first.
    if (!telling_.empty() && std::holds_alternative<reply::idle>(r)) {
      held_back_.push_back({emission_no_, std::move(r)});
    } else {
      answer(std::move(r));
    }
  }
  replies.clear();
}

void locked_bus::answer_held_back() {
  auto const oldest = std::min_element(telling_.begin(), telling_.end());
  while (!held_back_.empty() && (oldest == telling_.end() || held_back_.front().after < *oldest)) {
    auto reply = std::move(held_back_.front().reply);
    held_back_.pop_front();
    answer(std::move(reply));
  }
}

void locked_bus::answer(board_reply&& r) {
  auto const to = std::visit([](auto const& one) { return one.to; }, r);
  auto const found = slots_.find(to);
  if (found == slots_.end()) return;
  // An invocation waits for the close of its activation, not for the news that it was published.
  if (found->second->waits_for_close && std::holds_alternative<reply::published>(r)) return;
  auto const slot = std::move(found->second);
  slots_.erase(found);
  settle(*slot, std::holds_alternative<reply::refused>(r) ? result<board_reply>{std::get<reply::refused>(r).why} : result<board_reply>{std::move(r)});
}

void locked_bus::settle(pending& slot, result<board_reply> how) {
  slot.answer = std::move(how);
  if (slot.then) callbacks_.push_back([then = std::move(slot.then), given = *slot.answer] { then(given); });
  answers_.notify_all();
}

void locked_bus::room_changed() {
  if (room_waiters_ > 0 && core_.counters().open < options_.open_activations_max) room_.notify_all();
}

// --- commits -----------------------------------------------------------------------------------------------------------------------

template <class Stop>
void locked_bus::lead(lock& held, Stop stop) {
  if (committing_) return;
  committing_ = true;
  while (group_steps_ > 0) {
    effects batch = std::exchange(group_, {});
    std::uint64_t const no = group_no_++;
    group_steps_ = 0;
    handed_over_ = false;
    held.unlock();
    auto const written = batch.changes.empty() ? result<void>{} : ledger_->commit(batch.changes);
    held.lock();
    if (written) {
      failures_ = 0;
      answer_after_emit(held, batch);
      committed_no_ = no;
      room_changed();
    } else {
      discard(held, written.error());
      if (!callbacks_.empty()) emit(held, batch = {});
    }
    commits_.notify_all();
    if (group_steps_ == 0 || !stop()) continue;
    if (awaited_no_ >= group_no_) break;  // who waits for it goes on
    // Whoever is woken must find the place free, or it goes back to sleep.
    committing_ = false;
    bool const taken_over = hand_over(held);
    if (committing_ || taken_over) return;
    committing_ = true;
  }
  committing_ = false;
  if (group_steps_ > 0) commits_.notify_all();
  nudge_driver();
}

bool locked_bus::hand_over(lock& held) {
  if (std::exchange(handed_over_, true)) return true;
  held.unlock();
  bool const taken_over = port_.wake();
  held.lock();
  if (!taken_over) handed_over_ = false;
  return taken_over;
}

void locked_bus::answer_after_emit(lock& held, effects& batch) {
  auto replies = std::exchange(batch.replies, {});
  emit(held, batch);
  answer(replies);
  if (!callbacks_.empty()) emit(held, batch);
}

void locked_bus::await_commit(lock& held, std::uint64_t no) {
  while (committed_no_ < no) {
    if (!committing_) {
      lead(held, [&] { return committed_no_ >= no; });
      continue;
    }
    awaited_no_ = std::max(awaited_no_, no);
    commits_.wait(held);
  }
}

void locked_bus::discard(lock& held, error const& why) {
  error const told{errc::ledger_failed, why.message(), why.where()};
  group_.clear();
  group_steps_ = 0;
  committed_no_ = group_no_++;  // whoever waits for it finds its answer, an error, in its slot
  for (auto& [to, slot] : std::exchange(slots_, {})) settle(*slot, told);
  broken_ = told;
  // A passing fault is got over at once; a lasting one waits for the next call from outside.
  if (++failures_ == 1) (void)recover(held);
}

result<void> locked_bus::recover(lock& held) {
  auto loaded = ledger_->load();
  if (!loaded) return *(broken_ = error{errc::ledger_failed, loaded.error().message(), loaded.error().where()});
  restart how{std::string{local_host_name}, false, {}, core_.artifacts({})};
  for (auto const& run : held_runs_) how.held_runs.push_back(run.run);
  core_ = blackboard{options_.board, std::move(*loaded), time_.now(), how};
  broken_.reset();
  armed_.reset();
  // All in one go: what somebody publishes must find the agents there.
  effects out = begin_step();
  std::size_t steps = 0;
  for (auto const& run : held_runs_) {
    if (core_.knows_run(run.run)) continue;
    core_.step(time_.now(), input::open_run{run}, out);
    ++steps;
  }
  if (offered_) {
    offered_->held = port_.held();
    core_.step(time_.now(), input::hello{local_host_key, *offered_, true}, out);
    install(predicates_(core_));
    ++steps;
  }
  finish_step(held, std::move(out), steps);
  return {};
}

result<void> locked_bus::usable(lock& held) { return broken_ ? recover(held) : result<void>{}; }

// --- publishing --------------------------------------------------------------------------------------------------------------------

result<void> locked_bus::enter(lock& held, timestamp deadline, std::size_t room) {
  if (auto ok = usable(held); !ok) return ok;
  if (core_.counters().open + room <= std::max(options_.open_activations_max, room)) return {};
  auto const until = std::chrono::steady_clock::now() + std::max(deadline - time_.now(), std::chrono::nanoseconds{0});
  while (core_.counters().open >= options_.open_activations_max) {
    if (durable_ && group_steps_ > 0 && !committing_) {
      lead(held, [] { return true; });
      continue;
    }
    ++room_waiters_;
    auto const woken = room_.wait_until(held, until);
    --room_waiters_;
    if (woken == std::cv_status::timeout && core_.counters().open >= options_.open_activations_max) {
      return error{errc::busy, "the board holds " + std::to_string(core_.counters().open) + " open activations, its open_activations_max; publish slower, add workers or raise the limit"};
    }
  }
  return usable(held);
}

result<reply::published> locked_bus::publish(input::publish in, timestamp deadline) {
  std::vector<input::publish> one;
  one.push_back(std::move(in));
  auto all = publish_all(std::move(one), deadline);
  if (!all) return all.error();
  return all->front();
}

result<std::vector<reply::published>> locked_bus::publish_all(std::vector<input::publish> in, timestamp deadline) {
  if (in.empty()) return std::vector<reply::published>{};
  predicate_table const* table = nullptr;
  lock held{mutex_, std::defer_lock};
  do {
    if (held.owns_lock()) held.unlock();
    table = table_.load(std::memory_order_acquire);
    for (auto& one : in) one.rejected = rejected_by(*table, *one.artifact);
    held.lock();
    if (auto ok = enter(held, deadline, 1); !ok) return ok.error();
  } while (table != table_.load(std::memory_order_relaxed));  // an agent was added meanwhile: its predicates have not been asked

  std::vector<std::shared_ptr<pending>> slots;
  slots.reserve(in.size());
  effects out = begin_step();
  for (auto& one : in) {
    slots.push_back(make_slot());
    one.reply_to = slots.back()->id;
    core_.step(time_.now(), std::move(one), out);
  }
  finish_step(held, std::move(out), in.size());
  if (durable_) await_commit(held, group_no_of_last_step());
  std::vector<reply::published> done;
  done.reserve(slots.size());
  for (auto const& slot : slots) {
    if (!*slot->answer) return slot->answer->error();
    done.push_back(std::get<reply::published>(**slot->answer));
  }
  return done;
}

void locked_bus::publish_async(input::publish in, std::function<void(result<reply::published>)> then) {
  predicate_table const* table = nullptr;
  lock held{mutex_, std::defer_lock};
  do {
    if (held.owns_lock()) held.unlock();
    table = table_.load(std::memory_order_acquire);
    in.rejected = rejected_by(*table, *in.artifact);
    held.lock();
  } while (table != table_.load(std::memory_order_relaxed));
  if (auto ok = usable(held); !ok) {
    held.unlock();
    return then(ok.error());
  }
  auto const slot = make_slot();
  slot->then = [then = std::move(then)](result<board_reply> const& how) {
    how ? then(std::get<reply::published>(*how)) : then(how.error());
  };
  in.reply_to = slot->id;
  step(held, std::move(in));
  if (!durable_ || committing_) return;
  held.unlock();
  if (!port_.wake()) attend();
}

// --- the local host and other hosts ------------------------------------------------------------------------------------------------

result<void> locked_bus::offer(hello agents, std::function<predicate_table(blackboard const&)> predicates) {
  lock held{mutex_};
  if (auto ok = usable(held); !ok) return ok;
  offered_ = agents;
  predicates_ = std::move(predicates);
  // The predicates must be there before anything is routed to the new subscriptions, so before the lock is given up.
  effects out = begin_step();
  core_.step(time_.now(), input::hello{local_host_key, std::move(agents), true}, out);
  install(predicates_(core_));
  finish_step(held, std::move(out), 1);
  if (durable_) await_commit(held, group_no_of_last_step());
  return broken_ ? result<void>{*broken_} : result<void>{};
}

void locked_bus::install(predicate_table table) {
  // Tables are kept until the end: a publishing thread may still read an earlier one.
  tables_.push_back(std::make_unique<predicate_table>(std::move(table)));
  table_.store(tables_.back().get(), std::memory_order_release);
}

bool locked_bus::done(input::done in) {
  predicate_table const* table = nullptr;
  lock held{mutex_, std::defer_lock};
  do {
    if (held.owns_lock()) held.unlock();
    table = table_.load(std::memory_order_acquire);
    in.rejected = children_rejected_by(*table, in.message.children);
    held.lock();
  } while (table != table_.load(std::memory_order_relaxed));
  // With a broken ledger the result can't be kept; the activation is still leased there and runs again after recovery.
  if (broken_) return false;
  step(held, std::move(in));
  bool const full = durable_ && group_steps_ >= options_.commit_steps_max;
  // The caller may go on to a handler that takes long, while others wait for what this one did.
  if (durable_ && !committing_) (void)hand_over(held);
  return full;
}

void locked_bus::receive(host_key from, message&& what) {
  if (auto* result = std::get_if<bus::done>(&what)) {
    (void)done(input::done{from, std::move(*result), {}});
    return;
  }
  lock held{mutex_};
  if (broken_) return;
  if (auto* m = std::get_if<hello>(&what)) step(held, input::hello{from, std::move(*m), false});
  if (auto* m = std::get_if<beat>(&what)) step(held, input::beat{from, std::move(*m)});
  if (auto* m = std::get_if<goodbye>(&what)) step(held, input::goodbye{from, m->instance});
}

void locked_bus::disconnected(host_key from) {
  lock held{mutex_};
  if (!broken_) step(held, input::disconnected{from});
}

void locked_bus::attend() {
  lock held{mutex_};
  if (broken_) return;
  if (armed_ && *armed_ <= time_.now()) step(held, input::tick{});
  // A thread with other work leaves the next commit to one that waits for it.
  if (durable_) lead(held, [this] { return awaited_no_ >= group_no_; });
}

std::optional<timestamp> locked_bus::next_timer() {
  lock held{mutex_};
  return core_.next_timer();
}

bool locked_bus::waits_only_for_time() {
  lock held{mutex_};
  return group_steps_ == 0 && !committing_ && core_.waits_only_for_time();
}

// --- runs and waits ----------------------------------------------------------------------------------------------------------------

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

result<std::shared_ptr<hub_bus::pending>> locked_bus::begin_invoke(input::publish in, timestamp deadline) {
  lock held{mutex_};
  if (auto ok = enter(held, deadline, 1); !ok) return ok.error();
  auto slot = make_slot();
  slot->waits_for_close = true;
  in.reply_to = slot->id;
  in.reply_when_closed = true;
  step(held, std::move(in));
  if (durable_) await_commit(held, group_no_of_last_step());
  return slot;
}

bool locked_bus::ready(pending const& wait) {
  lock held{mutex_};
  return wait.answer.has_value();
}

bool locked_bus::wait(pending const& wait, std::uint64_t pokes_seen, std::optional<std::chrono::steady_clock::time_point> until) {
  lock held{mutex_};
  if (durable_) lead(held, [&] { return wait.answer.has_value(); });
  auto const armed = armed_;
  auto const over = [&] { return wait.answer || pokes_ != pokes_seen || armed_ != armed; };
  if (until) {
    (void)answers_.wait_until(held, *until, over);
  } else {
    answers_.wait(held, over);
  }
  return wait.answer.has_value();
}

void locked_bus::poke() {
  lock held{mutex_};
  ++pokes_;
  answers_.notify_all();
}

std::uint64_t locked_bus::pokes() {
  lock held{mutex_};
  return pokes_;
}

result<board_reply> locked_bus::take(pending& wait) {
  lock held{mutex_};
  return *wait.answer;
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
  answers_.wait(held, [&] { return wait.answer.has_value(); });  // it may have been answered before, and held back
}

std::vector<artifact_ptr> locked_bus::artifacts(std::string_view type) {
  lock held{mutex_};
  return core_.artifacts(type);
}

result<std::vector<artifact_ptr>> locked_bus::stored_artifacts(std::string_view type) {
  if (!durable_) return artifacts(type);
  return ledger_->artifacts(type, 0);
}

board_counters locked_bus::counters() {
  lock held{mutex_};
  return core_.counters();
}

subscription_no locked_bus::find_subscription(std::string_view agent, std::string_view type) {
  lock held{mutex_};
  return core_.find_subscription(agent, type);
}

bool locked_bus::knows_agent(std::string_view agent) {
  lock held{mutex_};
  return core_.knows_agent(agent);
}

}  // namespace skein::bus
