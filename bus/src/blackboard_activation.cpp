// The life of an activation: ready, leased, retry, and how it closes.
#include "blackboard_state.hpp"

#include <skein/registry/artifact_traits.hpp>
#include <skein/registry/failure.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace skein::bus {

namespace {

/// The ordinal of the artifact that the board itself makes of an activation that died in its `attempt`: one that was requeued may die again.
/// No handler gets as far.
constexpr std::uint64_t failure_ordinal(std::uint32_t attempt) { return std::numeric_limits<std::uint64_t>::max() - attempt; }

/// Whatever a policy asks for: times must stay representable.
constexpr double backoff_limit_ns = 366.0 * 24 * 3600 * 1e9;

/// Backoff before attempt `failures + 1`. The jitter is drawn from the attempt's identity: the core has no randomness.
std::chrono::nanoseconds backoff(retry_policy const& policy, activation_row const& row) {
  double const base = static_cast<double>(policy.backoff_initial.count()) * std::pow(std::max(1.0, policy.backoff_factor), row.failures - 1);
  double const capped = std::min({base, static_cast<double>(policy.backoff_max.count()), backoff_limit_ns});
  double const unit = static_cast<double>(stable_hash(row.id.to_string(), row.attempt) >> 11) / 9007199254740992.0;  // [0, 1)
  double const jitter = std::clamp(policy.jitter, 0.0, 1.0);
  return std::chrono::nanoseconds{static_cast<std::int64_t>(std::max(0.0, capped * (1.0 - jitter * unit)))};
}

}  // namespace

void blackboard::state::record_change(activation const& a) {
  auto const& r = a.row;
  out->changes.emplace_back(activation_update{r.no, r.state, r.attempt, r.failures, r.losses, r.not_before, holder_of(a), r.error_type, r.what, r.since,
                                              a.sub->is_exclusive ? r.subscription : 0});
}

void blackboard::state::make_ready(activation& a, bool first) {
  a.row.not_before = {};
  a.row.since = {};
  transition(a, activation_state::ready);
  record(a);
  a.parked = false;
  (void)a.any_taker([&](subscription& one) {
    first ? one.ready.push_front(a.row.no) : one.ready.push_back(a.row.no);
    queue(one);
    return false;
  });
}

void blackboard::state::complete(activation& a, done& how, std::span<verdicts const> said) {
  switch (how.outcome) {
    case outcome::failed:
    case outcome::permanent: return fail(a, how);
    case outcome::mismatch: return a.rivals.empty() ? close(a, activation_state::mismatch, {}) : pass_on(a);
    case outcome::released: return give_back(a);
    case outcome::ok: break;
  }
  ends_well(a);
  std::vector<artifact_ptr> children;   // for who waits for the close
  if (a.closed_reply != 0) children.reserve(how.children.size());
  for (std::size_t i = 0; i < how.children.size(); ++i) {
    child& c = how.children[i];
    if (c.blocked) {
      ++counters.artifacts_blocked;
      tell("artifact_blocked", a.sub->row.agent, "a component of the hub kept " + c.type + " off the board", a.row.run);
      continue;
    }
    publish_child(a, i, c, i < said.size() ? &said[i] : nullptr, children);
  }
  close(a, activation_state::done, std::move(children));
}

/// `said` null: nobody was asked.
void blackboard::state::publish_child(activation const& a, std::size_t index, child& from, verdicts const* said, std::vector<artifact_ptr>& children) {
  artifact_data const& parent = a.newest();
  auto made = fresh_artifact();
  assert(from.id.empty() || from.id == derive_artifact_id(a.row.id, index));
  made->id = from.id.empty() ? derive_artifact_id(a.row.id, index) : from.id;
  made->type = std::move(from.type);
  made->version = from.version;
  made->payload = std::move(from.payload);
  made->produced_by = a.sub->row.agent;
  made->run = a.row.run;
  if (from.correlation.empty()) {
    made->correlation = parent.correlation;
  } else {
    made->correlation = std::move(from.correlation);
  }
  made->cause = a.row.id;
  made->tags = std::move(from.tags);
  made->visible_to = std::move(from.visible_to);
  bool const is_traced = from.context.valid();
  made->context = from.context;
  made->headers = std::move(from.headers);
  if (!is_traced) trace_child(a, *made);
  made->routed = parent.routed;
  bool const is_announced = !is_traced && made->context.valid();
  artifact_ptr const placed = place(std::move(made));
  if (is_announced) out->announcements.push_back({placed, derive_invoke_span_id(a.row.id, a.row.attempt)});
  static verdicts const none;
  route(placed, *a.run, said ? *said : none, said ? last_subscription : 0);
  if (a.closed_reply != 0) children.push_back(placed);
}

/// The publish span of a child whose worker does not trace: the hub's to write.
void blackboard::state::trace_child(activation const& a, artifact_data& made) {
  artifact_data const& parent = a.newest();
  if (!parent.context.valid()) return;
  made.context = {parent.context.trace, derive_publish_span_id(made.id), parent.context.flags};
  if (!made.headers) made.headers = parent.headers;
}

void blackboard::state::tell_untraced(activation const& a, std::string const& host, done const& how) {
  if (how.outcome == outcome::mismatch || how.outcome == outcome::released) return;
  out->untraced.push_back({how.activation, a.sub->row.agent, host, how.outcome, how.error_type, how.what, a.inputs, how.duration_ns, a.row.since, now});
}

void blackboard::state::fail(activation& a, done& how) {
  if (how.error_type == deadline_exceeded) {
    ++counters.deadlines_exceeded;
    tell("deadline_exceeded", a.sub->row.agent, how.what, a.row.run);
  }
  ends_badly(a);
  end_lease(a);
  ++a.row.failures;
  a.row.error_type = std::move(how.error_type);
  a.row.what = std::move(how.what);
  if (how.outcome == outcome::permanent || a.row.failures >= std::max(1u, a.sub->retry.attempts_max)) return die(a);
  a.row.host.clear();
  a.row.since = {};
  a.row.not_before = now + (how.retry_after.count() < 0 ? backoff(a.sub->retry, a.row)
                                                        : std::min(how.retry_after, std::chrono::nanoseconds{static_cast<std::int64_t>(backoff_limit_ns)}));
  transition(a, activation_state::retry);
  record(a);
  retries.push({a.row.not_before, a.row.no, a.row.attempt});
}

void blackboard::state::give_back(activation& a) {
  end_lease(a);
  a.row.host.clear();
  make_ready(a, true);
}

/// Its local code does not want it; those that compete have not been asked.
void blackboard::state::pass_on(activation& a) {
  subscription const& refuses = *a.sub;
  end_lease(a);
  a.row.host.clear();
  withdraw(a, refuses);
  make_ready(a, true);
}

void blackboard::state::tell_lost(activation const& a, std::string_view why) {
  out->lost.push_back({{a.row.no, a.row.id, a.row.attempt}, a.sub->row.agent, holder_of(a), std::string{why}, a.inputs, a.row.since, now});
}

void blackboard::state::lose(activation& a, std::string_view why) {
  tell_lost(a, why);
  a.row.host = std::string{holder_of(a)};   // a copy: it may be the row's own
  end_lease(a);
  ++a.row.losses;
  ++counters.losses;
  // Before a host has described the subscription, after a restart, its limits are unknown.
  bool const limits_known = !a.sub->descriptor.types.empty();
  if (!limits_known || a.row.losses < std::max(1u, a.sub->retry.losses_max)) return make_ready(a, true);
  a.row.error_type = "skein.host_lost";
  a.row.what = "lost " + std::to_string(a.row.losses) + " times with its host; the last time " + std::string{why};
  die(a);
}

void blackboard::state::die(activation& a) {
  count_failure(a);
  // A failing handler of failures must not feed itself.
  if (a.newest().type != type_of<failure>().name) announce_failure(a);
  close(a, activation_state::dead, {});
}

/// Nobody will do this work any more.
void blackboard::state::cast_off(activation& a) {
  if (a.row.state == activation_state::leased) tell_lost(a, "its agent was forgotten");
  a.row.error_type = "skein.agent_forgotten";
  a.row.what = "its agent was forgotten while this work was open";
  count_failure(a);
  close(a, activation_state::dropped, {});
}

void blackboard::state::count_failure(activation& a) {
  failure_summary const summary{a.sub->row.agent, a.row.error_type, a.row.what, a.row.id, a.row.run, a.row.attempt};
  // Those outside any named run are told once.
  a.each_run([&](run_state& run) { count_failure(run, summary, run.named || &run == a.run); });
  count_failure_for_conditions(summary.agent);
}

void blackboard::state::count_failure(run_state& run, failure_summary const& summary, bool told) {
  ++run.row.failures;
  change_to(run.row);
  if (!told) return;
  std::size_t const held = run.named ? run.failures.size() : recent_failures.size();
  if (held >= limits.report_entries_max) {
    ++(run.named ? run.omitted : recent_omitted);
  } else if (run.named) {
    run.failures.push_back(summary);
  } else {
    recent_failures.push_back(summary);
  }
}

void blackboard::state::announce_failure(activation const& a) {
  artifact_data const& parent = a.newest();
  failure told;
  told.agent = a.sub->row.agent;
  told.error_type = a.row.error_type;
  told.what = a.row.what;
  told.activation = a.row.id.to_string();
  told.run = a.row.run.to_string();
  told.input_type = parent.type;
  told.attempts = a.row.attempt;

  artifact_ptr const made = make_own(type_of<failure>(), make_payload(std::move(told)), derive_artifact_id(a.row.id, failure_ordinal(a.row.attempt)), parent, a.sub->row.agent, a.row.id);
  announce(made, derive_invoke_span_id(a.row.id, a.row.attempt));
}

void blackboard::state::add_summary(activation const& a, bool ok) {
  // Each is made where it stays.
  auto const add_to = [&](auto& all) { all.emplace_back(a.sub->agent, a.row.id, a.row.run, a.row.attempt, ok, a.duration_ns); };
  a.each_run([&](run_state& run) {
    if (!run.named && &run != a.run) return;
    std::size_t const held = run.named ? run.closed.size() : recent_closed.size();
    if (held >= limits.report_entries_max) {
      ++(run.named ? run.omitted : recent_omitted);
    } else if (run.named) {
      if (run.closed.capacity() == 0) run.closed.swap(spare_closed);
      add_to(run.closed);
    } else {
      add_to(recent_closed);
    }
  });
}

void blackboard::state::close(activation& a, activation_state as, std::vector<artifact_ptr>&& children) {
  activation_no const no = a.row.no;
  end_lease(a);
  a.row.host.clear();
  a.row.since = as == activation_state::dead ? now : timestamp{};
  transition(a, as);
  record(a);
  --counters.open;
  a.each_run([](run_state& run) { --run.open; });
  if (as == activation_state::done) ++counters.done;
  if (as == activation_state::dead) ++counters.dead;
  if (as == activation_state::mismatch) {
    ++counters.mismatched;
    ++(a.run->named ? a.run->mismatches : recent_mismatches);
  } else {
    add_summary(a, as == activation_state::done);
  }
  if (a.closed_reply != 0) {
    out->replies.push_back(reply::input_closed{a.closed_reply, as, a.row.error_type, a.row.what, std::move(children)});
  }
  a.each_run([this](run_state& run) { touch(run); });
  if (as == activation_state::dead) bury(std::move(a.row), std::move(a.inputs), a.overdue);
  activations.erase(no);
}

}  // namespace skein::bus
