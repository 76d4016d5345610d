// Steps and group commit: what a step causes is let out when it is written, and undone when it cannot be.
#include "locked_bus.hpp"

#include <algorithm>
#include <utility>

namespace skein::bus {
namespace {

constexpr std::size_t changes_kept_max = 4'096;   // what a larger group needed is not kept

/// Empties it; its memory stays where it is not too much.
void spend(effects& group) noexcept {
  group.clear();
  if (group.changes.capacity() > changes_kept_max || group.messages.capacity() > messages_kept_max) group = {};
}

}  // namespace

void locked_bus::step(lock& held, board_input&& in) {
  effects& out = begin_step();
  core_.step(time_.now(), std::move(in), out);
  finish_step(held, out, 1);
}

/// Where the next steps put what they cause, until it is finished; nobody else touches it.
effects& locked_bus::begin_step() {
  return durable_ ? group_ : spare_.take();
}

void locked_bus::finish_step(lock& held, effects& out, std::size_t steps) {
  finish_and_leave(held, out, steps);
  if (!held.owns_lock()) held.lock();
}

/// Without a ledger it may give the lock up, for a caller that needs it no more.
void locked_bus::finish_and_leave(lock& held, effects& out, std::size_t steps) {
  bool const plain = !durable_ && is_plain(out);
  if (durable_) {
    group_steps_ += steps;
  } else {
    // What an answer tells must be visible to whoever gets it: the ends of runs go out first.
    if (!plain) answer_after_emit(held, out);
    room_changed();
  }
  bool const sooner = arm();
  nudge_driver();
  if (!plain && !sooner) return durable_ ? void() : spare_.give_back(out);
  held.unlock();
  if (plain && !out.messages.empty()) port_.send(std::move(out.messages));
  if (sooner) (void)port_.wake();
  durable_ ? held.lock() : spare_.give_back(out);
}

/// Nothing but messages: nobody has to be told of them before somebody else.
bool locked_bus::is_plain(effects const& out) const noexcept {
  return out.replies.empty() && out.announcements.empty() && out.ended.empty() && out.lost.empty() && out.untraced.empty() && out.notices.empty() && callbacks_.empty();
}

void locked_bus::nudge_driver() {
  // Whoever drives the clock may have seen work going on when it looked; it looks again.
  if (core_.waits_only_for_time() || (condition_waits_ > 0 && core_.stands_still())) poke_locked();
}

void locked_bus::poke_locked() {
  ++pokes_;
  if (answer_waiters_ > 0) mutex_.notify_when_free();
}

void locked_bus::emit(lock& held, effects& out) {
  if (out.messages.empty() && is_plain(out)) return out.clear();
  auto const callbacks = std::exchange(callbacks_, {});
  auto const no = ++emission_no_;
  bool const tells = !out.announcements.empty() || !out.ended.empty() || !out.lost.empty() || !out.untraced.empty();
  if (tells) telling_.push_back(no);
  held.unlock();
  // Before anybody can work on the artifact: its run may end with that work.
  for (auto const& made : out.announcements) port_.announced(made);
  for (auto const& one : out.untraced) port_.untraced(one);
  for (auto const& one : out.lost) port_.lost(one);
  for (auto const& one : out.notices) port_.noticed(one);
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

/// Whether the port is to be woken, without the lock.
bool locked_bus::arm() {
  auto const next = core_.next_timer();
  if (!next && !armed_) return false;
  bool const sooner = next && (!armed_ || *next < *armed_);
  armed_ = next;
  if (sooner) poke_locked();  // a thread that waits for an answer may have to wake for the timer
  return sooner;
}

void locked_bus::answer(std::vector<board_reply>& replies) {
  for (auto& r : replies) {
    // Idle, and a condition that holds, speak for the whole board: what other threads are still telling of earlier steps comes first.
    if (!telling_.empty() && (std::holds_alternative<reply::idle>(r) || std::holds_alternative<reply::met>(r))) {
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
  slot.answered.store(true, std::memory_order_release);
  if (std::exchange(slot.for_condition, false)) --condition_waits_;
  if (slot.then) callbacks_.push_back([then = std::move(slot.then), given = *slot.answer] { then(given); });
  if (answer_waiters_ > 0) mutex_.notify_when_free();
}

void locked_bus::room_changed() {
  if (room_waiters_ > 0 && core_.counters().open < options_.open_activations_max) room_.notify_all();
}

void locked_bus::lead(lock& held, std::function<bool()> const& stop) {
  if (committing_) return;
  committing_ = true;
  while (group_steps_ > 0) {
    effects& batch = leaving_;
    std::swap(batch, group_);
    std::uint64_t const no = group_no_++;
    group_steps_ = 0;
    handed_over_ = false;
    held.unlock();
    auto const written = batch.changes.empty() ? result<void>{} : ledger_->commit(batch.changes);
    batch.changes.clear();
    held.lock();
    if (written) {
      failures_ = 0;
      answer_after_emit(held, batch);
      committed_no_ = no;
      room_changed();
    } else {
      batch.clear();
      discard(held, written.error());
      if (!callbacks_.empty()) emit(held, batch);
    }
    spend(batch);
    commits_.notify_all();
    if (written) tidy_ledger(held);
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

/// While others work on what has just left.
void locked_bus::tidy_ledger(lock& held) {
  if (!ledger_->untidy()) return;
  held.unlock();
  ledger_->tidy();
  held.lock();
}

bool locked_bus::hand_over(lock& held) {
  // Written meanwhile: whoever is asked would find nothing, and the next group would seem to have been handed over already.
  if (group_steps_ == 0) return true;
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
    held.mutex()->given_up([&](auto& given) { commits_.wait(given); });
  }
}

void locked_bus::discard(lock& held, error const& why) {
  error const told{errc::ledger_failed, why.message(), why.where()};
  group_.clear();
  group_steps_ = 0;
  handed_over_ = false;
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
  effects& out = begin_step();
  std::size_t steps = 0;
  for (auto const& run : held_runs_) {
    if (core_.knows_run(run.run)) continue;
    core_.step(time_.now(), input::open_run{run}, out);
    ++steps;
  }
  for (auto const& run : cancelled_runs_) {
    core_.step(time_.now(), input::cancel_work{0, {}, run}, out);
    ++steps;
  }
  if (offered_) {
    offered_->held = port_.held();
    core_.step(time_.now(), input::hello{local_host_key, *offered_, true}, out);
    install(predicates_(core_));
    ++steps;
  }
  finish_step(held, out, steps);
  return {};
}

/// For threads that nobody waits for: hosts in other processes may be all that is left to work for.
bool locked_bus::recover_now_and_then(lock& held) {
  auto const now = std::chrono::steady_clock::now();
  if (now - recovery_tried_ < std::chrono::seconds{1}) return false;
  recovery_tried_ = now;
  return static_cast<bool>(recover(held));
}

result<void> locked_bus::usable(lock& held) { return broken_ ? recover(held) : result<void>{}; }

}  // namespace skein::bus
