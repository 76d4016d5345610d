// The short steps that each hop takes several times: a call would cost more than what they mostly do. What they seldom do stands with its concern.
#pragma once

#include "blackboard_state.hpp"

#include <algorithm>

namespace skein::bus {

// ---- runs ----

/// Most steps are about the run of the step before.
inline run_state* blackboard::state::find_run(run_id const& id) const {
  return last_run && last_run->row.id == id ? last_run : look_up_run(id);
}

inline run_state& blackboard::state::run_of(run_id const& id, span_context const& root) {
  run_state* const known = find_run(id);
  return known ? *known : open_run_of(id, root);
}

inline void blackboard::state::touch(run_state& run) {
  if (run.touched) return;
  run.touched = true;
  touched.push_back(&run);
}

inline void blackboard::state::end_touched() {
  // Ending a run opens nothing, so the list does not grow under the loop.
  for (auto* run : touched) {
    run->touched = false;
    if (run->open == 0 && run->holds == 0) end_run(*run);
  }
  touched.clear();
}

inline std::uint64_t blackboard::state::awaited(std::optional<run_id> const& run) const {
  if (!run) return counters.open - counters.blocked;
  run_state const* const found = find_run(*run);
  return found ? found->open - found->blocked : 0;
}

inline void blackboard::state::answer_waiters() {
  for (auto const& one : waiters) {
    if (awaited(one.run) == 0) return answer_idle_waiters();
  }
}

// ---- counting ----

inline bool blackboard::state::is_run_paused(activation const& a) const noexcept {
  bool paused = false;
  a.each_run([&](run_state const& run) { paused |= run.row.paused; });
  return paused;
}

inline bool blackboard::state::is_blocked(activation const& a) const noexcept {
  return is_run_paused(a) || !a.any_taker([](subscription const& sub) { return sub.takes_work(); });
}

inline void blackboard::state::uncount(activation& a) {
  if (a.counted != activation::counting::none) uncount_ready(a);
}

inline void blackboard::state::assess(activation& a) {
  uncount(a);
  if (a.row.state == activation_state::ready) count_ready(a);
}

inline void blackboard::state::enter(activation& a) {
  ++counters.open;
  ++counters.ready;
  a.each_run([](run_state& run) { ++run.open; });
  assess(a);
}

inline void blackboard::state::transition(activation& a, activation_state next) {
  auto const count = [this](activation_state s, std::uint64_t by) {
    if (s == activation_state::ready) counters.ready += by;
    if (s == activation_state::leased) counters.leased += by;
    if (s == activation_state::retry) counters.retry += by;
  };
  count(a.row.state, std::uint64_t{0} - 1);
  uncount(a);
  a.row.state = next;
  count(next, 1);
  if (next == activation_state::ready) count_ready(a);
}

inline void blackboard::state::record(activation const& a) {
  if (limits.record_changes) record_change(a);
}

inline bool blackboard::state::admits(subscription& sub, run_state& run, artifact_data const& newest) {
  std::uint64_t const limit = sub.agent->rules.activations_max_per_workflow;
  return limit == 0 || admits_within(limit, sub, run, newest);
}

inline void blackboard::state::ends_well(activation const& a) {
  if (a.sub->agent->rules.breaker.failures > 0) close_breaker(a);
}

inline void blackboard::state::settle_shifted() {
  if (!shifted.empty()) settle_all_shifted();
}

// ---- leases ----

inline void blackboard::state::queue(subscription& sub) {
  if (sub.queued || sub.ready.empty() || sub.hosts.empty()) return;
  if (!sub.line) sub.line = &ready_subscriptions[sub.descriptor.priority];
  sub.queued = true;
  ++queued;
  sub.line->push_back(sub);
}

inline void blackboard::state::dispatch() {
  if (queued > 0) dispatch_queued();
}

inline void blackboard::state::flush_outboxes() {
  if (!leased_hosts.empty()) flush_all_outboxes();
}

/// nullptr when none said hello on this connection, or it is gone.
inline host* blackboard::state::find_host(host_key key) {
  if (last_host && last_host->key == key) return last_host;
  auto const found = hosts.find(key);
  return found == hosts.end() ? nullptr : last_host = &found->second;
}

/// A host that may be gone gets no new work before it loses what it has.
inline bool blackboard::state::is_quiet(host const& h) const noexcept { return h.away_until || (!h.local && h.heard + limits.lease / 4 <= now); }

inline void blackboard::state::hear(host& h) {
  bool const was_quiet = is_quiet(h);
  h.heard = now;
  h.away_until.reset();
  if (was_quiet) wake(h);
}

}  // namespace skein::bus
