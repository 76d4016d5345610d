#include <skein/bus/hub_bus.hpp>

#include <skein/bus/spare_artifacts.hpp>
#include <skein/tracing/exception_text.hpp>

#include "locked_bus.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace skein::bus {

namespace {

/// Asks one piece of the user's code: whatever it throws is a no.
void ask(local_predicate const& code, artifact_data const& artifact, verdicts& to) noexcept {
  try {
    if (code.accepts && !code.accepts(artifact)) return to.rejected.push_back(code.subscription);
    if (code.key) to.keys.emplace_back(code.subscription, code.key(artifact));
  } catch (...) {
    auto const text = describe_exception(std::current_exception());
    to.rejected.push_back(code.subscription);
    to.threw.emplace_back(code.subscription, text.type + ": " + text.message);
  }
}

verdicts said_by(predicate_table const& table, artifact_data const& artifact) {
  verdicts said;
  if (table.empty()) return said;
  auto const asked = table.find(artifact.type);
  if (asked == table.end()) return said;
  for (auto const& code : asked->second) ask(code, artifact, said);
  return said;
}

/// Of `count` artifacts; empty where there is nothing to say of any. `type_at` and `at` give the type of one and the whole of it.
template <class Type, class Artifact>
std::vector<verdicts> said_of_each(predicate_table const& table, std::size_t count, Type type_at, Artifact at) {
  std::vector<verdicts> said;
  if (table.empty()) return said;
  for (std::size_t i = 0; i < count; ++i) {
    if (!table.contains(type_at(i))) continue;
    said.resize(count);
    said[i] = said_by(table, at(i));
  }
  return said;
}

std::vector<verdicts> said_of_children(predicate_table const& table, std::vector<child> const& children) {
  return said_of_each(
      table, children.size(), [&](std::size_t i) -> auto const& { return children[i].type; },
      [&](std::size_t i) {
        child const& c = children[i];
        artifact_data seen;
        seen.type = c.type;
        seen.version = c.version;
        seen.payload = c.payload;
        seen.tags = c.tags;
        return seen;
      });
}

// What differs between one artifact that is published and many.

void hear_code(predicate_table const& table, input::publish& in) { in.said = said_by(table, *in.artifact); }
void hear_code(predicate_table const& table, input::publish_all& in) {
  in.said = said_of_each(
      table, in.artifacts.size(), [&](std::size_t i) -> auto const& { return in.artifacts[i]->type; },
      [&](std::size_t i) -> auto const& { return *in.artifacts[i]; });
}

std::span<std::shared_ptr<artifact_data>> artifacts_of(input::publish& in) { return {&in.artifact, 1}; }
std::span<std::shared_ptr<artifact_data>> artifacts_of(input::publish_all& in) { return in.artifacts; }

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

/// Takes the lock when `ask` has been given the predicates, unless there are none. `admit` may give it up meanwhile; what it refuses is returned.
template <class Ask, class Admit>
result<void> locked_bus::enter_asked(lock& held, Ask const& ask, Admit const& admit) {
  predicate_table const* table = nullptr;
  do {
    if (held.owns_lock()) held.unlock();
    table = table_.load(std::memory_order_acquire);
    if (!table->empty()) ask(*table);
    held = lock_briefly(mutex_);
    if (auto ok = admit(); !ok) return ok;
  } while (table != table_.load(std::memory_order_relaxed));  // an agent was added meanwhile: its predicates have not been asked
  return {};
}

template <class Ask>
void locked_bus::enter_asked(lock& held, Ask const& ask) {
  (void)enter_asked(held, ask, [] { return result<void>{}; });
}

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
    auto const woken = held.mutex()->given_up([&](auto& given) { return room_.wait_until(given, until); });
    --room_waiters_;
    if (woken == std::cv_status::timeout && core_.counters().open >= options_.open_activations_max) {
      return error{errc::busy, "the board holds " + std::to_string(core_.counters().open) + " open activations, its open_activations_max; publish slower, add workers or raise the limit"};
    }
  }
  return usable(held);
}

result<reply::published> locked_bus::publish(input::publish in, timestamp deadline) { return publish_asked<input::publish, reply::published>(in, deadline); }

result<void> locked_bus::publish_all(std::vector<std::shared_ptr<artifact_data>> artifacts, timestamp deadline) {
  if (artifacts.empty()) return {};
  input::publish_all in{std::move(artifacts), {}};
  return publish_asked<input::publish_all, void>(in, deadline);
}

template <class Input, class Answer>
result<Answer> locked_bus::publish_asked(Input& in, timestamp deadline) {
  lock held{mutex_, std::defer_lock};
  auto const entered = enter_asked(
      held, [&](predicate_table const& table) { hear_code(table, in); }, [&] { return enter(held, deadline, 1); });
  if (!entered) return entered.error();
  std::size_t const steps = artifacts_of(in).size();
  effects& out = begin_step();
  auto how = core_.publish(time_.now(), in, out);
  if (durable_) {
    how = await_published(held, std::move(how), out, steps);
  } else {
    finish_and_leave(held, out, steps);
  }
  if (held.owns_lock()) held.unlock();
  for (auto& one : artifacts_of(in)) give_back(std::move(one));
  return how;
}

/// What the board has answered, once it is written.
template <class Answer>
result<Answer> locked_bus::await_published(lock& held, result<Answer> how, effects& out, std::size_t steps) {
  auto const slot = make_slot();
  out.replies.push_back(reply::settled{slot->id});
  finish_step(held, out, steps);
  await_commit(held, group_no_of_last_step());
  return *slot->answer ? std::move(how) : result<Answer>{slot->answer->error()};
}

void locked_bus::publish_async(input::publish in, std::function<void(result<reply::published>)> then) {
  lock held{mutex_, std::defer_lock};
  enter_asked(held, [&](predicate_table const& table) { in.said = said_by(table, *in.artifact); });
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
  effects& out = begin_step();
  core_.step(time_.now(), input::hello{local_host_key, std::move(agents), true}, out);
  install(predicates_(core_));
  finish_step(held, out, 1);
  if (durable_) await_commit(held, group_no_of_last_step());
  return broken_ ? result<void>{*broken_} : result<void>{};
}

void locked_bus::install(predicate_table table) {
  // Tables are kept until the end: a publishing thread may still read an earlier one.
  tables_.push_back(std::make_unique<predicate_table>(std::move(table)));
  table_.store(tables_.back().get(), std::memory_order_release);
}

bool locked_bus::done(bus::done&& result) {
  port_.inspect(result);
  if (!options_.share_steps) {
    lock held{mutex_, std::defer_lock};
    return step_done(held, result);
  }
  if (!reports_.enter()) {
    auto const* const table = table_.load(std::memory_order_acquire);
    auto said = said_of_children(*table, result.children);
    return reports_.leave({std::move(result), std::move(said), table}) && step_reports(0);
  }
  lock held{mutex_, std::defer_lock};
  bool const full = step_done(held, result);
  if (held.owns_lock()) held.unlock();
  return step_reports(1) || full;
}

/// For the thread that has the place at the board, after it has stepped `stepped` reports: those that others leave, until there are none.
bool locked_bus::step_reports(std::size_t stepped) {
  bool full = false;
  while (reports_.next(stepped, stepping_)) {
    stepped = stepping_.size();
    lock held = lock_briefly(mutex_);
    auto const* const table = table_.load(std::memory_order_relaxed);
    if (std::any_of(stepping_.begin(), stepping_.end(), [&](auto const& one) { return one.asked != table; })) {
      held.unlock();
      for (auto& one : stepping_) {
        if (lock each{mutex_, std::defer_lock}; step_done(each, one.what)) full = true;
      }
      continue;
    }
    if (broken_) continue;
    effects& out = begin_step();
    auto const now = time_.now();
    for (auto& one : stepping_) core_.step(now, local_host_key, one.what, one.said, true, out);
    full = finish_done(held, out, stepped) || full;
  }
  return full;
}

/// Takes the lock; it may have been given up afterwards. Returns whether so much is uncommitted that the caller should see to it.
bool locked_bus::step_done(lock& held, bus::done& result) {
  std::vector<verdicts> said;
  enter_asked(held, [&](predicate_table const& table) { said = said_of_children(table, result.children); });
  // With a broken ledger the result can't be kept; the activation is still leased there and runs again after recovery.
  if (broken_) return false;
  effects& out = begin_step();
  // The result says when its handler ended, which is mostly this very moment.
  auto const now = result.sent_at != timestamp{} ? result.sent_at : time_.now();
  core_.step(now, local_host_key, result, said, true, out);
  return finish_done(held, out, 1);
}

/// The same for what came together from another host.
void locked_bus::step_results(lock& held, host_key from, std::span<ended_attempt> all) {
  enter_asked(held, [&](predicate_table const& table) {
    for (auto& one : all) one.said = said_of_children(table, one.what->children);
  });
  if (broken_) return;
  effects& out = begin_step();
  auto const now = time_.now();
  for (auto& one : all) core_.step(now, from, *one.what, one.said, one.traced, out);
  (void)finish_done(held, out, all.size());
}

bool locked_bus::finish_done(lock& held, effects& out, std::size_t steps) {
  finish_and_leave(held, out, steps);
  if (!durable_) return false;
  bool const full = group_steps_ >= options_.commit_steps_max;
  // The caller may go on to a handler that takes long, while others wait for what this one did.
  if (!committing_) (void)hand_over(held);
  return full;
}

void locked_bus::attend() {
  lock held{mutex_};
  if (broken_ && !recover_now_and_then(held)) return;
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

}  // namespace skein::bus
