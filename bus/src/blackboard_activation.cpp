// The life of an activation: ready, leased, retry, and how it closes.
#include "blackboard_state.hpp"

#include <skein/registry/artifact_traits.hpp>
#include <skein/registry/failure.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace skein::bus {

namespace {

/// The ordinal of the artifact that the board itself makes of a dead activation; no handler gets as far.
constexpr std::uint64_t failure_ordinal = std::numeric_limits<std::uint64_t>::max();

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

void blackboard::state::transition(activation& a, activation_state next) {
  auto const count = [this](activation_state s) -> std::uint64_t* {
    if (s == activation_state::ready) return &counters.ready;
    if (s == activation_state::leased) return &counters.leased;
    if (s == activation_state::retry) return &counters.retry;
    return nullptr;
  };
  if (auto* from = count(a.row.state)) --*from;
  if (a.blocked) --counters.blocked, --a.run->blocked;
  a.row.state = next;
  if (auto* to = count(next)) ++*to;
  a.blocked = next == activation_state::ready && a.sub->hosts.empty();
  if (a.blocked) ++counters.blocked, ++a.run->blocked;
}

void blackboard::state::record(activation const& a) {
  if (!limits.record_changes) return;
  auto const& r = a.row;
  out->changes.emplace_back(activation_update{r.no, r.state, r.attempt, r.failures, r.losses, r.not_before, r.host, r.error_type, r.what});
}

void blackboard::state::make_ready(activation& a, bool first) {
  a.row.not_before = {};
  transition(a, activation_state::ready);
  record(a);
  subscription& sub = *a.sub;
  first ? sub.ready.push_front(a.row.no) : sub.ready.push_back(a.row.no);
  queue(sub);
}

void blackboard::state::complete(activation& a, input::done& in) {
  done& d = in.message;
  switch (d.outcome) {
    case outcome::failed:
    case outcome::permanent: return fail(a, std::move(d.error_type), std::move(d.what), d.outcome == outcome::permanent);
    case outcome::mismatch: return close(a, activation_state::mismatch, {});
    case outcome::released: return give_back(a);
    case outcome::ok: break;
  }
  artifact_data const& parent = a.newest();
  std::vector<artifact_ptr> children;
  children.reserve(d.children.size());
  for (std::size_t i = 0; i < d.children.size(); ++i) {
    child& c = d.children[i];
    auto made = std::make_shared<artifact_data>();
    made->id = derive_artifact_id(a.row.id, i);
    made->type = std::move(c.type);
    made->version = c.version;
    made->payload = std::move(c.payload);
    made->produced_by = a.sub->row.agent;
    made->run = a.row.run;
    made->correlation = c.correlation.empty() ? parent.correlation : std::move(c.correlation);
    made->cause = a.row.id;
    made->tags = std::move(c.tags);
    made->visible_to = std::move(c.visible_to);
    made->context = c.context;
    made->headers = std::move(c.headers);
    made->routed = parent.routed;
    children.push_back(place(std::move(made), {}));
    static std::vector<subscription_no> const none;
    route(children.back(), *a.run, i < in.rejected.size() ? in.rejected[i] : none);
  }
  close(a, activation_state::done, std::move(children));
}

void blackboard::state::fail(activation& a, std::string error_type, std::string what, bool permanent) {
  end_lease(a);
  ++a.row.failures;
  a.row.error_type = std::move(error_type);
  a.row.what = std::move(what);
  if (permanent || a.row.failures >= std::max(1u, a.sub->retry.attempts_max)) return die(a);
  a.row.host.clear();
  a.row.not_before = now + backoff(a.sub->retry, a.row);
  transition(a, activation_state::retry);
  record(a);
  retries.push({a.row.not_before, a.row.no, a.row.attempt});
}

void blackboard::state::give_back(activation& a) {
  end_lease(a);
  a.row.host.clear();
  make_ready(a, true);
}

void blackboard::state::lose(activation& a, std::string_view why) {
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
  failure_summary summary{a.sub->row.agent, a.row.error_type, a.row.what, a.row.id, a.row.run, a.row.attempt};
  run_state& run = *a.run;
  ++run.row.failures;
  std::size_t const held = run.named ? run.failures.size() : recent_failures.size();
  if (held >= limits.report_entries_max) {
    ++(run.named ? run.omitted : recent_omitted);
  } else if (run.named) {
    run.failures.push_back(std::move(summary));
  } else {
    recent_failures.push_back(std::move(summary));
  }
  change_to(run.row);
  // A failing handler of failures must not feed itself.
  if (a.newest().type != type_of<failure>().name) announce_failure(a);
  close(a, activation_state::dead, {});
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

  auto made = std::make_shared<artifact_data>();
  made->id = derive_artifact_id(a.row.id, failure_ordinal);
  made->type = std::string{type_of<failure>().name};
  made->version = type_of<failure>().version;
  made->payload = make_payload(std::move(told));
  made->produced_by = a.sub->row.agent;
  made->run = a.row.run;
  made->correlation = parent.correlation;
  made->cause = a.row.id;
  made->context = {parent.context.trace, derive_publish_span_id(made->id), parent.context.flags};
  made->headers = parent.headers;
  made->routed = parent.routed;
  artifact_ptr const placed = place(std::move(made), {});
  out->announcements.push_back({placed, derive_invoke_span_id(a.row.id, a.row.attempt)});
  route(placed, *a.run, {});
}

void blackboard::state::add_summary(activation const& a, bool ok) {
  run_state& run = *a.run;
  std::size_t const held = run.named ? run.closed.size() : recent_closed.size();
  if (held >= limits.report_entries_max) {
    ++(run.named ? run.omitted : recent_omitted);
    return;
  }
  activation_summary summary{a.sub->row.agent, a.row.id, a.row.run, a.row.attempt, ok, std::chrono::nanoseconds{a.duration_ns}};
  run.named ? run.closed.push_back(std::move(summary)) : recent_closed.push_back(std::move(summary));
}

void blackboard::state::close(activation& a, activation_state as, std::vector<artifact_ptr> children) {
  end_lease(a);
  a.row.host.clear();
  transition(a, as);
  record(a);
  --counters.open;
  --a.run->open;
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
  touch(*a.run);
  activations.erase(a.row.no);
}

}  // namespace skein::bus
