// Hosts and leases: who serves which subscription, what each holds, and what is given to whom.
#include "blackboard_state.hpp"

#include <algorithm>
#include <utility>

namespace skein::bus {

namespace {

template <class T>
void erase_value(std::vector<T>& from, T const& value) {
  from.erase(std::remove(from.begin(), from.end(), value), from.end());
}

}  // namespace

void blackboard::state::on(input::hello&& in) {
  bus::hello& m = in.message;
  if (m.version_max < protocol_min || m.version_min > protocol_max) {
    send(in.from, refused{errc::unsupported_version, "this hub speaks protocol " + std::to_string(protocol_min) + " to " +
                                                         std::to_string(protocol_max) + ", the host " + std::to_string(m.version_min) + " to " +
                                                         std::to_string(m.version_max) + "; upgrade the older side"});
    return;
  }
  if (auto taken = hosts.find(in.from); taken != hosts.end() && taken->second.name != m.host) drop_host(in.from, "its connection was taken over");
  for (auto& [key, other] : hosts) {
    if (other.name != m.host || (key == in.from && other.instance == m.instance)) continue;
    if (other.instance > m.instance) return;  // a late message of a process that has been replaced
    if (other.instance < m.instance) {
      drop_host(key, "its host was restarted");
    } else {
      // The same process on a fresh connection: what it holds moves along.
      unserve(other);
      host& moved = hosts[in.from];
      moved.leases = std::move(other.leases);
      moved.held = std::move(other.held);
      for (auto no : moved.leases) activations.at(no).host = in.from;
      hosts.erase(key);
    }
    break;
  }
  auto const [slot, fresh] = hosts.try_emplace(in.from);
  host& h = slot->second;
  h.key = in.from;
  h.name = std::move(m.host);
  h.instance = m.instance;
  h.local = in.local;
  h.credit = std::min<std::size_t>(m.credit, limits.host_held_max);
  h.heard = now;
  // Numbers grow across restarts of the hub too, so that a late beat never seems to confirm what it can't know of.
  h.number = std::max(h.number, static_cast<std::uint64_t>(now.time_since_epoch().count()));
  send(in.from, welcome{std::min(protocol_max, m.version_max), m.instance});
  serve(h, m.agents);
  for (auto const& held : m.held) {
    if (!adopt(h, held)) send(in.from, stale{held});
  }
}

void blackboard::state::serve(host& h, std::vector<agent_descriptor> const& agents) {
  std::vector<subscription_no> const before = std::move(h.serves);
  h.serves.clear();
  for (auto const& agent : agents) {
    std::vector<subscription*> current;
    for (auto const& descriptor : agent.subscriptions) current.push_back(&know(agent.name, descriptor, agent.retry));
    auto& active = by_agent[agent.name];
    for (auto* sub : active) {
      if (std::find(current.begin(), current.end(), sub) != current.end()) continue;
      sub->active = false;
      for (auto const& type : sub->descriptor.types) erase_value(by_type[type], sub);
    }
    active = current;
    for (auto* sub : current) {
      h.serves.push_back(sub->row.no);
      if (std::find(sub->hosts.begin(), sub->hosts.end(), h.key) == sub->hosts.end()) {
        sub->hosts.push_back(h.key);
        set_served(*sub);
      }
      queue(*sub);  // its credit may have grown
    }
  }
  for (auto no : before) {
    if (std::find(h.serves.begin(), h.serves.end(), no) != h.serves.end()) continue;
    erase_value(subscriptions[no - 1]->hosts, h.key);
    set_served(*subscriptions[no - 1]);
  }
}

void blackboard::state::unserve(host& h) {
  for (auto no : h.serves) {
    erase_value(subscriptions[no - 1]->hosts, h.key);
    set_served(*subscriptions[no - 1]);
  }
  h.serves.clear();
}

void blackboard::state::set_served(subscription& sub) {
  bool const blocked = sub.hosts.empty();
  for (auto no : sub.ready) {
    auto found = activations.find(no);
    if (found == activations.end()) continue;
    activation& a = found->second;
    if (a.row.state == activation_state::ready && a.blocked != blocked) transition(a, activation_state::ready);
  }
  queue(sub);
}

subscription& blackboard::state::know(std::string const& agent, subscription_descriptor const& descriptor, retry_policy const& retry) {
  subscription_row row{0, agent, descriptor.ordinal, descriptor.fingerprint()};
  std::uint64_t const identity = identity_of(row);
  subscription*& slot = by_identity[identity];
  if (!slot) {
    auto made = std::make_unique<subscription>();
    row.no = ++last_subscription;
    made->row = std::move(row);
    made->identity = identity;
    slot = made.get();
    subscriptions.push_back(std::move(made));
    change_to(slot->row);
  }
  slot->descriptor = descriptor;
  slot->retry = retry;
  if (!slot->active) {
    slot->active = true;
    for (auto const& type : descriptor.types) {
      auto& interested = by_type[type];
      if (std::find(interested.begin(), interested.end(), slot) == interested.end()) interested.push_back(slot);
    }
  }
  return *slot;
}

bool blackboard::state::adopt(host& h, attempt_ref const& held) {
  auto found = activations.find(held.no);
  if (found == activations.end() || !h.owes(found->second, held)) return false;
  activation& a = found->second;
  a.refreshed = now;
  if (a.host == h.key) return true;
  transition(a, activation_state::leased);
  take_lease(a, h);
  a.number = h.number;
  record(a);
  return true;
}

void blackboard::state::on(input::beat&& in) {
  auto found = hosts.find(in.from);
  if (found == hosts.end()) return send(in.from, hello_again{});
  host& h = found->second;
  if (h.instance != in.message.instance) return;
  h.heard = now;
  for (auto const& held : in.message.held) (void)adopt(h, held);
  std::vector<activation_no> gone;
  for (auto no : h.leases) {
    activation const& a = activations.at(no);
    if (a.refreshed == now) continue;
    // Received but not listed: the host no longer has it. Not received for a whole lease: the message was lost.
    if (a.number <= in.message.last_number || a.refreshed + limits.lease <= now) gone.push_back(no);
  }
  std::sort(gone.begin(), gone.end());
  for (auto no : gone) lose(activations.at(no), "its host did not hold it");
}

void blackboard::state::on(input::done&& in) {
  auto const sender = hosts.find(in.from);
  if (sender == hosts.end()) return send(in.from, hello_again{});
  sender->second.heard = now;
  attempt_ref const ref = in.message.activation;
  auto found = activations.find(ref.no);
  if (found == activations.end()) {
    if (ref.no <= last_activation) return send(in.from, done_ok{ref});  // closed: a repeated DONE
    ++counters.stale;
    return send(in.from, stale{ref});
  }
  activation& a = found->second;
  if (!sender->second.owes(a, ref)) {
    // An attempt that has reported but did not close its activation: its DONE is repeated.
    bool const reported = a.row.id == ref.id && a.row.attempt == ref.attempt && a.row.host.empty();
    if (reported) return send(in.from, done_ok{ref});
    ++counters.stale;
    return send(in.from, stale{ref});
  }
  a.duration_ns = in.message.duration_ns;
  complete(a, in);
  if (!sender->second.local) send(in.from, done_ok{ref});
}

void blackboard::state::on(input::goodbye&& in) {
  auto found = hosts.find(in.from);
  if (found == hosts.end() || (in.instance != 0 && in.instance != found->second.instance)) return;
  // A host that leaves in order has finished what it had started; the rest it gives back.
  host& h = found->second;
  unserve(h);
  std::vector<activation_no> unstarted(h.leases.begin(), h.leases.end());
  std::sort(unstarted.rbegin(), unstarted.rend());
  for (auto no : unstarted) give_back(activations.at(no));
  forget_host(h);
}

void blackboard::state::on(input::disconnected&& in) { drop_host(in.from, "its host disconnected"); }

void blackboard::state::drop_host(host_key key, std::string_view why) {
  auto found = hosts.find(key);
  if (found == hosts.end()) return;
  host& h = found->second;
  unserve(h);
  std::vector<activation_no> held(h.leases.begin(), h.leases.end());
  std::sort(held.begin(), held.end());
  for (auto no : held) lose(activations.at(no), why);
  forget_host(h);
}

void blackboard::state::forget_host(host& h) {
  hosts.erase(hosts.find(h.key));
}

void blackboard::state::dispatch() {
  // Every subscription gets one lease in turn. One without work or without a host that has room leaves the queue; it comes back with new
  // work, a new host or the end of a lease. Room is counted by subscription: work that waits on a slow agent never keeps another's waiting.
  while (!ready_subscriptions.empty()) {
    subscription* sub = ready_subscriptions.front();
    ready_subscriptions.pop_front();
    sub->queued = false;
    activation* const next = first_ready(*sub);
    host* const h = next ? best_host(*sub) : nullptr;
    if (!h) continue;
    sub->ready.pop_front();
    lease(*next, *h);
    queue(*sub);
  }
}

activation* blackboard::state::first_ready(subscription& sub) {
  for (; !sub.ready.empty(); sub.ready.pop_front()) {
    auto found = activations.find(sub.ready.front());
    if (found != activations.end() && found->second.row.state == activation_state::ready) return &found->second;
  }
  return nullptr;
}

void blackboard::state::queue(subscription& sub) {
  if (sub.queued || sub.ready.empty() || sub.hosts.empty()) return;
  sub.queued = true;
  ready_subscriptions.push_back(&sub);
}

host* blackboard::state::best_host(subscription const& sub) {
  host* best = nullptr;
  std::size_t most = 0;
  for (auto key : sub.hosts) {
    host& h = hosts.at(key);
    if (std::size_t const room = h.room_for(sub.row.no); room > most) best = &h, most = room;
  }
  return best;
}

void blackboard::state::lease(activation& a, host& h) {
  transition(a, activation_state::leased);
  ++a.row.attempt;
  take_lease(a, h);
  record(a);
  if (h.outbox.empty()) leased_hosts.push_back(&h), ++h.number;
  a.number = h.number;
  h.outbox.push_back({{a.row.no, a.row.id, a.row.attempt}, a.sub->row.agent, a.sub->row.ordinal, a.inputs, a.sub->descriptor.priority});
}

void blackboard::state::take_lease(activation& a, host& h) {
  a.row.host = h.name;
  a.host = h.key;
  a.refreshed = now;
  h.leases.insert(a.row.no);
  ++h.held[a.sub->row.no];
}

void blackboard::state::end_lease(activation& a) {
  if (a.host == 0) return;
  if (auto found = hosts.find(a.host); found != hosts.end()) {
    host& h = found->second;
    h.leases.erase(a.row.no);
    auto held = h.held.find(a.sub->row.no);
    if (held != h.held.end() && --held->second == 0) h.held.erase(held);
    queue(*a.sub);
  }
  a.host = 0;
}

void blackboard::state::flush_outboxes() {
  for (auto* h : leased_hosts) {
    deliver m{h->number, std::move(h->outbox)};
    h->outbox.clear();
    send(h->key, std::move(m));
  }
  leased_hosts.clear();
}

}  // namespace skein::bus
