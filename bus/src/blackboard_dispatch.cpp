// Leases: what starts next, and which host gets it.
#include "blackboard_state.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace skein::bus {

void blackboard::state::dispatch_queued() {
  // Every subscription gets one lease in turn, among those of the highest priority that wait. One without work, without a host that has
  // room, or whose agent may not start leaves the queue; it comes back with new work, a new host, the end of a lease, or its agent. Room is
  // counted by subscription: work that waits on a slow agent never keeps another's waiting.
  while (queued > 0) {
    subscription& sub = next_in_turn();
    if (!may_start(sub)) continue;
    activation* const next = first_ready(sub);
    if (!next) continue;
    auto const [taker, h] = next->rivals.empty() ? std::pair{&sub, best_host(sub)} : best_rival(*next);
    if (!h) continue;
    sub.ready.pop_front();
    lease(*next, *h, *taker);
    queue(sub);
  }
}

subscription& blackboard::state::next_in_turn() {
  auto line = ready_subscriptions.begin();
  while (line->second.empty()) ++line;
  subscription& sub = line->second.front();
  line->second.pop_front();
  sub.queued = false;
  --queued;
  return sub;
}

activation* blackboard::state::first_ready(subscription& sub) {
  for (; !sub.ready.empty(); sub.ready.pop_front()) {
    activation* const found = activations.find(sub.ready.front());
    if (!found || found->row.state != activation_state::ready) continue;
    activation& a = *found;
    if (!a.is_for(sub)) continue;
    if (!is_run_paused(a)) return &a;
    a.parked = true;
  }
  return nullptr;
}

/// What was cancelled, or what a rival has taken, leaves the queue when its turn comes: that may be never, if nobody serves the subscription.
void blackboard::state::drop_stale(subscription& sub) {
  if (sub.ready.size() < sub.looked_through * 2 + 1'024) return;
  std::erase_if(sub.ready, [&](activation_no no) {
    activation const* const a = activations.find(no);
    return !a || a->row.state != activation_state::ready || !a->is_for(sub);
  });
  sub.looked_through = sub.ready.size();
}

void blackboard::state::wake(host const& h) {
  for (auto no : h.serves) queue(*subscriptions[no - 1]);
}

host* blackboard::state::best_host(subscription const& sub) {
  host* best = nullptr;
  std::size_t most = 0;
  for (auto* h : sub.hosts) {
    if (std::size_t const room = is_quiet(*h) ? 0 : room_for(sub, *h); room > most) best = h, most = room;
  }
  return best;
}

std::size_t blackboard::state::room_for(subscription const& sub, host const& h) const noexcept {
  if (h.draining) return 0;
  std::size_t const limit = sub.is_scarce() ? std::min<std::size_t>(h.credit, sub.agent->max_concurrency) : h.credit;
  std::size_t used = 0;
  if (sub.is_scarce()) {
    for (auto const* other : sub.agent->subs) used += other->is_scarce() ? h.leases_of(*other) : 0;
  } else {
    used = h.leases_of(sub);
  }
  return limit > used ? limit - used : 0;
}

void blackboard::state::lease(activation& a, host& h, subscription& taker) {
  if (!a.rivals.empty()) {
    a.sub = &taker;
    a.row.subscription = taker.row.no;
    taker.last_taken = ++contests;
  }
  transition(a, activation_state::leased);
  ++a.row.attempt;
  a.row.since = now;
  take_lease(a, h);
  if (a.sub->agent->is_paced) starts(a, *a.sub->agent);
  record(a);
  delivery& leaving = next_delivery(h, {a.row.no, a.row.id, a.row.attempt});
  a.number = h.number;
  leaving.agent = a.sub->row.agent;
  leaving.ordinal = a.sub->row.ordinal;
  leaving.inputs = a.inputs;
  leaving.priority = a.sub->descriptor.priority;
  leaving.deadline = a.sub->agent->rules.deadline;
  leaving.unasked = a.unasked;
}

void blackboard::state::take_lease(activation& a, host& h) {
  a.host = h.key;
  a.refreshed = now;
  h.leases.push_back(a);
  if (h.held.size() < a.sub->row.no) h.held.resize(a.sub->row.no);
  ++h.held[a.sub->row.no - 1];
  if (a.sub->agent->is_paced) set_deadline(a);
}

std::string const& blackboard::state::holder_of(activation const& a) const { return a.host == 0 ? a.row.host : hosts.at(a.host).name; }

void blackboard::state::end_lease(activation& a) {
  if (a.host == 0) return;
  agent_entity& agent = *a.sub->agent;
  if (a.due != timestamp{}) clear_deadline(a);
  if (agent.trial == a.row.no) agent.trial = 0, shift(agent);
  if (host* const h = find_host(a.host)) {
    h->leases.erase(h->leases.iterator_to(a));
    --h->held[a.sub->row.no - 1];
    a.sub->is_scarce() ? queue_all(agent) : queue(*a.sub);
  }
  a.host = 0;
}

/// One to fill in, in a message with this host's number.
delivery& blackboard::state::next_delivery(host& h, attempt_ref const& attempt) {
  constexpr std::size_t together_max = 64;   // so that its threads begin before all of a burst has arrived
  std::vector<delivery>* to = &h.outbox;
  if (!h.local) {
    if (to->empty()) leased_hosts.push_back(&h), ++h.number;
  } else {
    // What goes to this process is written where it leaves, and steps whose effects leave together need no message each: elsewhere a message has a size.
    auto* last = out->messages.empty() || out->messages.back().to != h.key ? nullptr : std::get_if<deliver>(&out->messages.back().message);
    if (!last || last->deliveries.size() >= together_max) {
      last = &std::get<deliver>(out->messages.emplace_back(h.key, deliver{++h.number, {}}).message);
    }
    last->number = h.number;   // a hello may have raised it
    to = &last->deliveries;
  }
  return out->spare.add_to(*to, attempt);
}

void blackboard::state::flush_all_outboxes() {
  for (auto* h : leased_hosts) {
    if (deliver* const last = put_deliver_last(*h)) {
      last->number = h->number;
      std::move(h->outbox.begin(), h->outbox.end(), std::back_inserter(last->deliveries));
      h->outbox.clear();
    } else {
      out->messages.emplace_back(h->key, deliver{h->number, std::exchange(h->outbox, {})});
    }
  }
  leased_hosts.clear();
}

/// What an earlier step whose effects leave together has made for the host, and more may go with: moved behind the answer that follows it. Null: there is none.
deliver* blackboard::state::put_deliver_last(host const& h) {
  constexpr std::size_t together_max = 8;   // larger frames cost more than the few that they save
  auto& all = out->messages;
  if (all.size() < 2) return nullptr;
  auto &before = all[all.size() - 2], &last = all.back();
  auto* const found = before.to == h.key && last.to == h.key ? std::get_if<deliver>(&before.message) : nullptr;
  auto const* const answer = std::get_if<done_ok>(&last.message);
  if (!found || !answer || found->deliveries.size() + h.outbox.size() > together_max) return nullptr;
  auto const ok = *answer;
  last.message = std::move(*found);
  before.message = ok;
  return &std::get<deliver>(last.message);
}

}  // namespace skein::bus
