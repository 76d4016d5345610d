// Groups that wait for their types: AND and joins. A group opens with its first member; an artifact goes to the oldest group that lacks it.
#include "blackboard_group.hpp"

#include <skein/registry/artifact_traits.hpp>
#include <skein/registry/failure.hpp>

#include <algorithm>
#include <utility>

namespace skein::bus {

namespace {

/// Where derived ids of what the board makes of an expired group begin: no activation derives as high.
constexpr std::uint64_t expired_ordinal = std::uint64_t{1} << 63;

bool is_timed(subscription const& sub) noexcept {
  return sub.descriptor.within.count() > 0 || sub.descriptor.batch_age.count() > 0 || sub.groups_due != timestamp{};
}

bool is_overdue(open_group const& group, timestamp now) {
  auto const due = due_of(group);
  return due && *due < now;
}

}  // namespace

void subscription::describe(subscription_descriptor const& as) {
  descriptor = as;
  takes_all = as.from.empty() && as.tagged.empty() && as.filters.empty();
  refuses_own = !as.self_trigger;
  is_grouped = as.is_grouped();
  is_exclusive = !as.exclusive.empty();
  line = nullptr;
  alike.clear();
  for (std::size_t slot = 0; slot < as.types.size(); ++slot) {
    std::size_t first = 0;
    while (as.types[first] != as.types[slot] || (!as.keys.empty() && as.keys[first] != as.keys[slot])) ++first;
    alike.push_back(first);
  }
}

std::optional<timestamp> due_of(open_group const& group) {
  auto const& want = group.sub->descriptor;
  auto const span = group.row.batch ? want.batch_age : want.within;
  if (span.count() <= 0) return std::nullopt;
  if (timestamp::max() - group.row.opened_at < span) return std::nullopt;  // never
  return group.row.opened_at + span;
}

/// False when it has none, and takes no part.
bool blackboard::state::put_group_key(subscription const& sub, std::size_t slot, artifact_data const& artifact, verdicts const& said, field_key_value& to) {
  auto const& want = sub.descriptor;
  if (want.grouping == grouping::all) return to = {}, true;
  if (!want.keys.empty()) return put_field_key(want.keys[slot], artifact.payload, to);
  auto const given = std::find_if(said.keys.begin(), said.keys.end(), [&](auto const& one) { return one.first == sub.row.no; });
  if (given == said.keys.end()) return false;
  to = {0, given->second};
  return true;
}

bool blackboard::state::find_group_place(subscription& sub, artifact_data const& artifact, type_slot const& type, std::string const& correlation, verdicts const& said,
                                         group_place& best) {
  auto const& want = sub.descriptor;
  bool found = false, has_expired = false;
  field_key_value other;
  for (std::size_t slot = 0, slots = sub.taken_types.size(); slot < slots; ++slot) {
    if (sub.taken_types[slot] != &type || sub.alike[slot] != slot) continue;
    field_key_value& key = found ? other : best.key;
    if (!put_group_key(sub, slot, artifact, said, key)) continue;
    group_no oldest = 0;
    forming_groups* at = nullptr;
    std::size_t hash = 0;
    for (;;) {
      auto const of = sub.group_key_of(correlation, key);
      hash = of.hash;
      at = sub.forming.find(of);
      if (!at || at->lacking[slot].empty()) break;
      oldest = at->lacking[slot].front();
      if (want.within.count() <= 0 || !is_overdue(groups.at(oldest), now)) break;
      expire(oldest, "within");
      has_expired = true;
      oldest = 0;
    }
    bool const is_better = !found || (oldest != 0 && (best.group == 0 || oldest < best.group));
    if (!is_better) continue;
    if (found) std::swap(best.key, other);
    found = true;
    best.group = oldest;
    best.slot = slot;
    best.hash = hash;
    best.among = at;
  }
  if (!found || !has_expired) return found;
  // What expired above may have started something that filled the place, and was perhaps the last of its name.
  best.among = sub.forming.find(sub.group_key_of(correlation, best.key));
  bool const still_lacks = best.among && best.among->lacking[best.slot].contains(best.group);
  if (best.group != 0 && !still_lacks) return find_group_place(sub, artifact, type, correlation, said, best = {});
  return true;
}

void blackboard::state::leave_out(subscription const& sub, artifact_data const& artifact, std::string_view why) {
  run_state* const found = runs.find(artifact.run);
  ++counters.mismatched;
  ++(found && found->named ? found->mismatches : recent_mismatches);
  tell("left_out", sub.row.agent, artifact.type + ' ' + artifact.id.to_string() + " takes no part in its groups: " + std::string{why}, artifact.run);
}

void blackboard::state::take_into_group(subscription& sub, artifact_ptr const& artifact, type_slot const& type, verdicts const& said) {
  auto const& want = sub.descriptor;
  static std::string const common;
  std::string const& correlation = want.across_runs ? common : artifact->correlation;
  if (want.grouping == grouping::single) return gather(sub, {artifact}, correlation);
  group_place place;
  if (!find_group_place(sub, *artifact, type, correlation, said, place)) return leave_out(sub, *artifact, "it has no key");
  ++sub.taken;
  if (!place.among) place.among = &sub.forming.add({sub.last_correlation, place.key, place.hash}, sub.alike.size());
  open_group& group = place.group != 0 ? groups.at(place.group) : open_a_group(sub, correlation, place.among);
  std::size_t slot = place.slot;
  while (group.members[slot] || sub.alike[slot] != place.slot) ++slot;
  group_no const no = group.row.no;
  if (group.filled + 1 < group.members.size()) {
    add_member(group, static_cast<std::uint32_t>(slot), artifact);
    change_to(group_member{no, static_cast<std::uint32_t>(slot), artifact->seq});
    bool lacks = false;
    for (std::size_t i = slot; i < group.members.size(); ++i) lacks |= !group.members[i] && sub.alike[i] == place.slot;
    if (!lacks) group.forming->lacking[place.slot].erase(no);
  } else {
    auto const whole = close_group(no);
    auto& inputs = whole->members;
    inputs[slot] = artifact;
    if (want.batch_max > 0) {
      auto const members = inputs;
      gather(sub, std::move(inputs), correlation);
      forget_members(members, artifact.get());
    } else {
      // What was opened has taken the members.
      activation const* const opened = open(sub, inputs, false);
      forget_members(opened ? opened->inputs : inputs, artifact.get());
    }
  }
  while (want.within_count > 0 && !sub.waiting.empty() && sub.taken - sub.waiting.front().row.taken >= want.within_count) {
    expire(sub.waiting.front().row.no, "within_count");
  }
  if (want.within_count > 0) prove_taken(sub);
  bound_groups(sub);
}

open_group& blackboard::state::open_a_group(subscription& sub, std::string const& correlation, forming_groups* among) {
  group_no const no = ++last_group;
  bool const batch = among == nullptr;
  open_group& made = groups.add(no);
  made.sub = &sub;
  made.row.no = no;
  made.row.subscription = sub.row.no;
  made.row.batch = batch;
  made.row.opened_at = now;
  made.row.taken = sub.taken;
  made.row.seen = 0;
  ++counters.groups_open;
  if (batch) {
    made.row.correlation = correlation;
    sub.batches[correlation] = no;
    sub.gathering.push_back(made);
    open_batches.insert(no);
  } else {
    std::size_t const slots = sub.descriptor.types.size();
    made.members.resize(slots);
    made.forming = among;
    for (std::size_t slot = 0; slot < slots; ++slot) {
      if (sub.alike[slot] == slot) among->lacking[slot].push_back(no);
    }
    sub.waiting.push_back(made);
    sub.proven = sub.taken;
    sub.proven_by = no;
  }
  if (limits.record_changes) change_to(made.whole_row());
  if (is_timed(sub)) set_group_timer(sub);
  return made;
}

void blackboard::state::add_member(open_group& group, std::uint32_t position, artifact_ptr const& artifact) {
  if (group.members.size() <= position) group.members.resize(position + 1);
  group.members[position] = artifact;
  ++group.filled;
  std::uint64_t const bytes = artifact->payload.encoded_size();
  group.bytes += bytes;
  group.sub->group_bytes += bytes;
  refer_to(artifact->run);
}

/// Those that wait with this correlation and key, made if there are none.
forming_groups& blackboard::state::forming_of(subscription& sub, group_key_view const& of) {
  auto* const known = sub.forming.find(of);
  return known ? *known : sub.forming.add(of, sub.alike.size());
}

group_map::taken blackboard::state::close_group(group_no no) {
  group_map::taken taken = groups.take(no);
  open_group& gone = *taken;
  --counters.groups_open;
  subscription& sub = *gone.sub;
  sub.group_bytes -= gone.bytes;
  if (gone.row.batch) {
    sub.gathering.erase(sub.gathering.iterator_to(gone));
    open_batches.erase(no);
    if (auto const of = sub.batches.find(gone.row.correlation); of != sub.batches.end() && of->second == no) sub.batches.erase(of);
  } else {
    sub.waiting.erase(sub.waiting.iterator_to(gone));
    // One that was restored stands nowhere until its subscription is described.
    if (auto* const among = std::exchange(gone.forming, nullptr)) {
      for (auto& lacking : among->lacking) lacking.erase(no);
      if (among->empty()) sub.forming.drop(*among);
    }
  }
  change_to(group_closed{no});
  if (sub.descriptor.within_count > 0) prove_taken(sub);
  if (is_timed(sub)) set_group_timer(sub);
  return taken;
}

void blackboard::state::forget_members(std::span<artifact_ptr const> members, artifact_data const* but) {
  for (auto const& member : members) {
    if (member && member.get() != but) forget_reference(member->run);
  }
}

/// With within_count some open group's row tells what was taken, so that the groups count on after a restart.
void blackboard::state::prove_taken(subscription& sub) {
  if (sub.waiting.empty()) return;
  if (sub.proven == sub.taken && groups.contains(sub.proven_by)) return;
  open_group& oldest = sub.waiting.front();
  oldest.row.seen = sub.taken;
  if (limits.record_changes) change_to(oldest.whole_row());
  sub.proven = sub.taken;
  sub.proven_by = oldest.row.no;
}

// ---- how a group ends incomplete ----

void blackboard::state::expire(group_no no, std::string_view why, run_id const& only) {
  expired told;
  told.correlation = groups.at(no).correlation();   // closing it may forget the name
  auto const taken = close_group(no);
  open_group const& gone = *taken;
  ++counters.groups_expired;
  told.agent = gone.sub->row.agent;
  told.why = std::string{why};
  told.missing = missing_types(gone);
  artifact_ptr newest;
  bool is_of_its_kind = false;
  for (auto const& member : gone.members) {
    if (!member || (!only.empty() && member->run != only)) continue;
    told.had.push_back(member->id.to_string());
    if (!newest || newest->seq < member->seq) newest = member;
    is_of_its_kind |= member->type == type_of<expired>().name;
  }
  if (!newest) return;
  told.run = newest->run.to_string();
  tell("group_expired", told.agent, "a group of " + std::to_string(told.had.size()) + " expired (" + told.why + "); it lacked " + joined(told.missing), newest->run);

  activation_id const stands_for = derive_activation_id(newest->id, gone.sub->identity, no);
  auto made = make_own(type_of<expired>(), make_payload(std::move(told)), derive_artifact_id(stands_for, expired_ordinal), *newest, gone.sub->row.agent);
  // Groups of what expired must not feed themselves, and nothing starts in what is cancelled.
  if (is_of_its_kind || why == "cancelled") {
    out->announcements.push_back({std::move(made), newest->context.span});
  } else {
    announce(made, newest->context.span);
    touch(run_of(made->run, made->context));
  }
  forget_members(gone.members);
}

void blackboard::state::bound_groups(subscription& sub) {
  for (;;) {
    bool const too_many = sub.waiting.size() + sub.gathering.size() > limits.groups_max;
    if (!too_many && sub.group_bytes <= limits.group_bytes_max) return;
    // The timer may not have come yet to what is overdue.
    if (!sub.waiting.empty() && is_overdue(sub.waiting.front(), now)) {
      expire(sub.waiting.front().row.no, "within");
      continue;
    }
    if (!sub.gathering.empty() && is_overdue(sub.gathering.front(), now)) {
      start_batch(sub.gathering.front().row.no);
      continue;
    }
    std::string_view const bound = too_many ? "groups_max" : "group_bytes_max";
    bool const batch_first = sub.waiting.empty() || (!sub.gathering.empty() && sub.gathering.front().row.no < sub.waiting.front().row.no);
    if (!batch_first) {
      expire(sub.waiting.front().row.no, bound);
      continue;
    }
    // A batch may be of any size: it need not be lost.
    open_group const& oldest = sub.gathering.front();
    tell("batch_cut_short", sub.row.agent, "a batch started with " + std::to_string(oldest.filled) + " artifacts, because of " + std::string{bound}, oldest.members.back()->run);
    start_batch(oldest.row.no);
  }
}

void blackboard::state::set_group_timer(subscription& sub) {
  // Of each kind the oldest is due first, and all those behind it are looked at then.
  std::optional<timestamp> next;
  for (auto const* kind : {&sub.waiting, &sub.gathering}) {
    auto const due = kind->empty() ? std::nullopt : due_of(kind->front());
    if (due && (!next || *due < *next)) next = due;
  }
  timestamp const wanted = next.value_or(timestamp{});
  if (wanted == sub.groups_due) return;
  if (sub.groups_due != timestamp{}) dues.erase({sub.groups_due, due_timer::kind::group, sub.row.no});
  sub.groups_due = wanted;
  if (next) dues.push({wanted, due_timer::kind::group, sub.row.no});
}

void blackboard::state::groups_are_due(subscription& sub) {
  sub.groups_due = {};  // the timer has fired
  auto const is_due = [&](group_list const& kind) {
    auto const due = kind.empty() ? std::nullopt : due_of(kind.front());
    return due && *due <= now;
  };
  while (is_due(sub.waiting)) expire(sub.waiting.front().row.no, "within");
  while (is_due(sub.gathering)) start_batch(sub.gathering.front().row.no);
  set_group_timer(sub);
}

void blackboard::state::expire_groups_of(subscription& sub, std::string_view why) {
  while (!sub.waiting.empty()) expire(sub.waiting.front().row.no, why);
  while (!sub.gathering.empty()) expire(sub.gathering.front().row.no, why);
}

void blackboard::state::expire_groups_of(run_id const& run, std::string_view why) {
  std::vector<group_no> concerned;
  for (auto const& [no, group] : groups) {
    if (std::any_of(group.members.begin(), group.members.end(), [&](auto const& member) { return member && member->run == run; })) concerned.push_back(no);
  }
  std::sort(concerned.begin(), concerned.end());
  for (auto const no : concerned) {
    if (!groups.contains(no)) continue;
    open_group was = groups.at(no);
    was.row = was.whole_row();
    was.forming = nullptr;
    for (auto const& member : was.members) {
      if (member) refer_to(member->run);
    }
    expire(no, why, run);
    // What other runs had in it takes part anew.
    subscription& sub = *was.sub;
    verdicts const known{{}, {{sub.row.no, was.row.key}}, {}};
    std::size_t const size = was.row.batch ? group_size(sub.descriptor) : was.members.size();
    for (auto first = was.members.begin(); first != was.members.end();) {
      auto const last = first + std::min(static_cast<std::ptrdiff_t>(size), was.members.end() - first);
      bool const is_whole = was.row.batch && std::none_of(first, last, [&](auto const& member) { return member->run == run; });
      if (is_whole) gather(sub, {first, last}, was.row.correlation);
      for (; first != last; ++first) {
        if (!is_whole && *first && (*first)->run != run && sub.active) take_into_group(sub, *first, type_named((*first)->type), known);
      }
    }
    forget_members(was.members);
  }
}

}  // namespace skein::bus
