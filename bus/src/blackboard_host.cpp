// Hosts: who serves which subscription, and what they say of the work that they hold.
#include "blackboard_state.hpp"

#include <algorithm>
#include <utility>

namespace skein::bus {

namespace {

/// In the order in which they were opened.
std::vector<activation_no> held_by(host const& h) {
  std::vector<activation_no> held;
  held.reserve(h.leases.size());
  for (auto const& a : h.leases) held.push_back(a.row.no);
  std::sort(held.begin(), held.end());
  return held;
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
  if (auto why = objection(in)) return send(in.from, std::move(*why));
  if (auto taken = hosts.find(in.from); taken != hosts.end() && taken->second.name != m.host) drop_host(in.from, "its connection was taken over");
  for (auto& [key, other] : hosts) {
    if (other.name != m.host || (key == in.from && other.instance == m.instance)) continue;
    if (other.instance > m.instance) return;  // a late message of a process that has been replaced
    if (other.instance < m.instance) {
      drop_host(key, "its host was restarted");
    } else {
      // The same process on a fresh connection: what it holds moves along.
      unserve(other, absence::expected_back);
      host& moved = hosts[in.from];
      moved.draining = other.draining;
      moved.leases = std::move(other.leases);
      moved.held = std::move(other.held);
      for (auto& a : moved.leases) a.host = in.from;
      forget_host(other);
    }
    break;
  }
  host& h = hosts[in.from];
  h.key = in.from;
  h.name = std::move(m.host);
  h.principal = std::move(in.principal);
  h.instance = m.instance;
  h.local = in.local;
  h.credit = std::min<std::size_t>(m.credit, limits.host_held_max);
  h.heard = now;
  h.away_until.reset();
  // Numbers grow across restarts of the hub too, so that a late beat never seems to confirm what it can't know of.
  h.number = std::max(h.number, static_cast<std::uint64_t>(now.time_since_epoch().count()));
  send(in.from, welcome{std::min(protocol_max, m.version_max), m.instance});
  serve(h, m.agents);
  for (auto const& held : m.held) {
    if (!adopt(h, held)) send(in.from, stale{held});
  }
}

namespace {

/// Members of a group come from several messages and processes, so whether they belong together is decided here, where a worker's code is not.
bool needs_code_here(subscription_descriptor const& of) {
  return of.is_grouped() && (of.has_predicate || (of.grouping == grouping::join && of.keys.empty()));
}

}  // namespace

/// Why a hello is refused, if it is.
std::optional<refused> blackboard::state::objection(input::hello const& in) const {
  bool is_known = hosts.contains(in.from);
  for (auto const& [key, other] : hosts) {
    if (other.name != in.message.host) continue;
    is_known = true;
    // Whoever holds the name holds its leases: nobody else may take them over.
    if (other.principal == in.principal && other.local == in.local) continue;
    return refused{errc::locked, "the name \"" + other.name + "\" belongs to " +
                                     (other.local ? "the hub's own process" : other.principal.empty() ? "a host without a key" : "the holder of the key \"" + other.principal + '"') +
                                     "; start the worker under another name"};
  }
  if (in.local) return std::nullopt;
  for (auto const& agent : in.message.agents) {
    for (auto const& one : agent.subscriptions) {
      if (one.grouping != grouping::timer) continue;
      if (auto why = objection(one.timer)) return refused{why->code(), "the agent \"" + agent.name + "\": " + why->message()};
    }
  }
  if (!is_known && hosts.size() >= limits.hosts_max) {
    return refused{errc::limit_reached, "the hub knows " + std::to_string(hosts.size()) + " hosts, its hosts_max; stop some or raise the limit"};
  }
  for (auto const& agent : in.message.agents) {
    if (std::ranges::none_of(agent.subscriptions, needs_code_here)) continue;
    return refused{errc::invalid_argument, "agent \"" + agent.name +
                                               "\": a lambda predicate or key in a join or batch cannot run in another process; use skein::field"};
  }
  std::size_t unknown = 0;
  for (auto const& agent : in.message.agents) {
    for (auto const& one : agent.subscriptions) unknown += by_identity.contains(identity_of({0, agent.name, one.ordinal, one.fingerprint()})) ? 0 : 1;
  }
  if (unknown > 0 && subscriptions.size() + unknown > limits.subscriptions_max) {
    return refused{errc::limit_reached, "the hub knows " + std::to_string(subscriptions.size()) + " subscriptions, its subscriptions_max is " +
                                            std::to_string(limits.subscriptions_max) + "; raise the limit or start with a fresh ledger"};
  }
  return std::nullopt;
}

void blackboard::state::serve(host& h, std::vector<agent_descriptor> const& agents) {
  std::vector<subscription_no> const before = std::move(h.serves);
  h.serves.clear();
  for (auto const& agent : agents) {
    std::vector<subscription*> current;
    for (auto const& descriptor : agent.subscriptions) current.push_back(&know(agent, descriptor, h.local));
    auto& active = by_agent[agent.name];
    for (auto* sub : active) {
      if (std::find(current.begin(), current.end(), sub) != current.end()) continue;
      retire(*sub);
    }
    active = current;
    expire_undescribed(agent.name);
    for (auto* sub : current) {
      h.serves.push_back(sub->row.no);
      if (std::find(sub->hosts.begin(), sub->hosts.end(), &h) == sub->hosts.end()) {
        sub->hosts.push_back(&h);
        sub->expected_until = {};
        set_served(*sub);
      }
      queue(*sub);  // its credit may have grown
    }
  }
  for (auto no : before) {
    if (std::find(h.serves.begin(), h.serves.end(), no) != h.serves.end()) continue;
    stop_serving(*subscriptions[no - 1], h, absence::for_good);
  }
}

void blackboard::state::unserve(host& h, absence how) {
  for (auto no : h.serves) stop_serving(*subscriptions[no - 1], h, how);
  h.serves.clear();
}

void blackboard::state::stop_serving(subscription& sub, host const& h, absence how) {
  std::erase(sub.hosts, &h);
  if (sub.hosts.empty() && how == absence::expected_back) expect(sub, now + limits.grace);
  set_served(sub);
}

void blackboard::state::expect(subscription& sub, timestamp until) {
  sub.expected_until = until;
  expected.push({until, sub.row.no});
}

/// Nothing is routed to it any more: the agent describes itself without it.
void blackboard::state::retire(subscription& sub) {
  sub.active = false;
  stop_timer(sub);
  expire_groups_of(sub, "changed");
  for (auto const& name : sub.descriptor.types) {
    auto* const type = find_type(name);
    if (!type) continue;
    std::erase(type->second.interested, &sub);
    forget_if_unused(*type);
  }
  if (!sub.row.remote) return;
  sub.row.remote = nullptr;
  change_to(sub.row);
}

void blackboard::state::set_served(subscription& sub) {
  for (auto no : sub.ready) {
    if (auto* const found = activations.find(no)) assess(*found);
  }
  queue(sub);
}

subscription& blackboard::state::know(agent_descriptor const& agent, subscription_descriptor const& descriptor, bool local) {
  subscription_row row{0, agent.name, descriptor.ordinal, descriptor.fingerprint()};
  std::uint64_t const identity = identity_of(row);
  subscription*& slot = by_identity[identity];
  if (!slot) {
    auto made = std::make_unique<subscription>();
    row.no = ++last_subscription;
    made->row = std::move(row);
    made->identity = identity;
    slot = made.get();
    subscriptions.push_back(std::move(made));
    if (local) change_to(slot->row);
  }
  remote_offer offer{descriptor, agent.retry, agent.rules};
  if (!local && (!slot->row.remote || !(*slot->row.remote == offer))) {
    slot->row.remote = std::make_shared<remote_offer const>(std::move(offer));
    change_to(slot->row);
  }
  slot->describe(descriptor);
  slot->retry = agent.retry;
  attach(*slot);
  set_rules(*slot->agent, agent.rules);
  slot->agent->max_concurrency = agent.max_concurrency;
  if (!slot->active) activate(*slot);
  return *slot;
}

void blackboard::state::activate(subscription& sub) {
  if (sub.descriptor.grouping == grouping::timer) {
    if (!std::exchange(sub.active, true)) start_timer(sub);
    return;
  }
  sub.active = true;
  sub.taken_types.clear();
  for (auto const& name : sub.descriptor.types) {
    type_slot& type = type_named(name);
    sub.taken_types.push_back(&type);
    auto& interested = type.second.interested;
    if (std::find(interested.begin(), interested.end(), &sub) == interested.end()) interested.push_back(&sub);
  }
  if (sub.is_exclusive) rejoin(sub);
  resume_groups(sub);
}

/// Gives it its agent.
void blackboard::state::attach(subscription& sub) {
  if (sub.agent) return;
  sub.agent = &agent_of(sub.row.agent);
  sub.agent->subs.push_back(&sub);
}

bool blackboard::state::adopt(host& h, attempt_ref const& held) {
  activation* const found = activations.find(held.no);
  if (!found || !h.owes(*found, held)) return false;
  activation& a = *found;
  a.refreshed = now;
  if (a.host == h.key) return true;
  transition(a, activation_state::leased);
  if (a.row.since == timestamp{}) a.row.since = now;  // the lease was lost, and with it when it began
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
  hear(h);
  for (auto const& held : in.message.held) {
    if (!adopt(h, held)) send(in.from, bus::cancel{held});
  }
  if (h.draining) send(in.from, drain{});  // said again until it leaves: a connection may have broken in between
  std::vector<activation_no> gone;
  for (auto const& a : h.leases) {
    if (a.refreshed == now) continue;
    // Received but not listed: the host no longer has it. Not received for a whole lease: the message was lost.
    if (a.number <= in.message.last_number || a.refreshed + limits.lease <= now) gone.push_back(a.row.no);
  }
  std::sort(gone.begin(), gone.end());
  for (auto no : gone) lose(activations.at(no), "its host did not hold it");
}

void blackboard::state::take_result(host_key from, done& result, std::span<verdicts const> said, bool traced) {
  host* const sender = find_host(from);
  if (!sender) return send(from, hello_again{});
  hear(*sender);
  attempt_ref const ref = result.activation;
  activation* const found = activations.find(ref.no);
  if (!found) {
    auto const buried = dead.find(ref.no);
    bool const is_late = buried != dead.end() && buried->second.overdue == ref.attempt;
    if (ref.no <= last_activation && !is_late) return send(from, done_ok{ref});  // closed: a repeated DONE
    ++counters.stale;
    return send(from, stale{ref});
  }
  activation& a = *found;
  if (!sender->owes(a, ref)) {
    // An attempt that has reported but did not close its activation: its DONE is repeated.
    bool const reported = a.row.id == ref.id && a.row.attempt == ref.attempt && a.host == 0 && a.row.host.empty() && a.overdue != ref.attempt;
    if (reported) return send(from, done_ok{ref});
    ++counters.stale;
    return send(from, stale{ref});
  }
  a.duration_ns = result.duration_ns;
  if (!traced) tell_untraced(a, sender->name, result);
  complete(a, result, said);
  if (!sender->local) send(from, done_ok{ref});
}

void blackboard::state::on(input::goodbye&& in) {
  auto found = hosts.find(in.from);
  if (found == hosts.end() || (in.instance != 0 && in.instance != found->second.instance)) return;
  // A host that leaves in order has finished what it had started; the rest it gives back.
  host& h = found->second;
  unserve(h, absence::for_good);
  auto unstarted = held_by(h);
  std::reverse(unstarted.begin(), unstarted.end());
  for (auto no : unstarted) give_back(activations.at(no));
  forget_host(h);
}

void blackboard::state::on(input::drain&& in) {
  bool found = false;
  for (auto& [key, h] : hosts) {
    if (h.local || (!in.host.empty() && h.name != in.host)) continue;
    found = true;
    h.draining = true;
    send(key, bus::drain{});
  }
  if (in.reply_to == 0) return;
  if (found || in.host.empty()) {
    out->replies.emplace_back(reply::settled{in.reply_to});
  } else {
    out->replies.emplace_back(reply::refused{in.reply_to, error{errc::not_found, "no worker is called \"" + in.host + "\" and connected"}});
  }
}

void blackboard::state::on(input::disconnected&& in) {
  if (in.certain) return drop_host(in.from, "its host disconnected");
  if (auto found = hosts.find(in.from); found != hosts.end()) found->second.away_until = now + limits.grace;
}

void blackboard::state::drop_host(host_key key, std::string_view why, absence how) {
  auto found = hosts.find(key);
  if (found == hosts.end()) return;
  host& h = found->second;
  unserve(h, how);
  for (auto no : held_by(h)) lose(activations.at(no), why);
  forget_host(h);
}

void blackboard::state::forget_host(host& h) {
  last_host = nullptr;
  hosts.erase(hosts.find(h.key));
}

}  // namespace skein::bus
