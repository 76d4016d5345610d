// Publishing: an artifact gets its place on the board, and every matching subscription an activation.
#include "blackboard_state.hpp"

#include <skein/bus/spare_artifacts.hpp>

#include <algorithm>

namespace skein::bus {

void blackboard::state::on(input::publish&& in) {
  auto how = take(in);
  if (in.reply_to == 0) return;
  how ? out->replies.push_back(std::move(*how)) : out->replies.push_back(reply::refused{in.reply_to, how.error()});
}

result<reply::published> blackboard::state::take(input::publish& in) {
  auto given = std::move(in.artifact);
  if (!in.idempotency_key.empty()) {
    if (auto seen = keys.find(in.idempotency_key); seen != keys.end()) return reply::published{in.reply_to, seen->second, true};
  }
  if (in.only != 0 && in.only > subscriptions.size()) return error{errc::not_found, "there is no such subscription"};
  std::size_t hidden = embargoes.size();
  if (auto why = refusal_of(*given, hidden)) return *std::move(why);
  run_state& run = run_of(given->run, given->context);
  artifact_ptr const artifact = place(std::move(given), &in.idempotency_key);
  if (in.only != 0) {
    activation* const a = open(*subscriptions[in.only - 1], artifact, false);
    if (in.reply_when_closed) answer_start(in.reply_to, a, subscriptions[in.only - 1]->row.agent);
  } else {
    route(artifact, run, in.said, last_subscription);
  }
  touch(run);
  in.artifact = spare_artifact();
  return reply::published{in.reply_to, artifact->id, false};
}

result<void> blackboard::state::take(input::publish_all& in) {
  std::size_t hidden = embargoes.size();
  artifact_data const* before = nullptr;
  for (auto const& one : in.artifacts) {
    bool const is_like_before = before && one->run == before->run && !one->visible_to;
    before = one.get();
    auto why = is_like_before ? std::nullopt : refusal_of(*one, hidden);
    if (!why) continue;
    in.artifacts.clear();
    return *std::move(why);
  }
  verdicts const nothing;
  for (std::size_t i = 0; i < in.artifacts.size(); ++i) {
    auto& one = in.artifacts[i];
    run_state& run = run_of(one->run, one->context);
    route(place(std::move(one)), run, i < in.said.size() ? in.said[i] : nothing, last_subscription);
    touch(run);
    // One after the other, as if each had come alone: work begins in the order in which it was published.
    dispatch();
    flush_outboxes();
    one = spare_artifact();
  }
  return {};
}

/// `hidden` counts those that wait until a time, this one among them if it would be one.
std::optional<error> blackboard::state::refusal_of(artifact_data const& artifact, std::size_t& hidden) const {
  if (auto why = refusal_of(artifact.run)) return why;
  if (!is_embargoed(artifact, now) || ++hidden <= limits.embargoed_max) return std::nullopt;
  return error{errc::busy, "the board hides " + std::to_string(embargoes.size()) + " artifacts until their time, its embargoed_max; publish later or raise the limit"};
}

artifact_ptr blackboard::state::place(std::shared_ptr<artifact_data> artifact, std::string* idempotency_key) {
  artifact->seq = ++last_seq;
  artifact->created_at = now;
  if (idempotency_key && !idempotency_key->empty()) remember_key(*idempotency_key, artifact->id);
  artifact_ptr placed = std::move(artifact);
  ++counters.artifacts;
  keep(placed);
  if (limits.record_changes) change_to(artifact_row{placed, idempotency_key ? std::move(*idempotency_key) : std::string{}});
  if (!conditions.empty() && placed->routed && !is_embargoed(*placed, now)) count_for_conditions(*placed);
  return placed;
}

void blackboard::state::keep(artifact_ptr const& artifact) {
  type_slot& type = type_named(artifact->type);
  type.second.kept.push_back(kept_before + counters.artifacts_kept);
  kept.emplace_back(artifact, &type);
  ++counters.artifacts_kept;
  while (counters.artifacts_kept > limits.artifacts_kept_max) evict_oldest();
}

void blackboard::state::evict_oldest() {
  // Both queues are in board order, so the oldest of all is the oldest of its type.
  kept_artifact oldest = std::move(kept.front());
  kept.pop_front();
  ++kept_before;
  --counters.artifacts_kept;
  // What leaves soon has not been looked at for long: it is asked for before it is needed. (A function of its own would be taken for one that does nothing.)
  constexpr std::size_t ahead = 4, line = 64;
  if (counters.artifacts_kept > ahead) {
    auto const* const later = reinterpret_cast<char const*>(kept[ahead].artifact.get());
    for (std::size_t at = 0; at < sizeof(artifact_data); at += line) __builtin_prefetch(later + at);
  }
  oldest.type->second.kept.pop_front();
  forget_if_unused(*oldest.type);
  ++counters.artifacts_evicted;
  constexpr std::size_t spare_max = 64;   // a step takes few and gives back as many
  if (oldest.artifact.use_count() != 1 || spare_artifacts.size() >= spare_max) return;
  // Nobody else has it, and nobody can get it again: no weak pointer to an artifact is ever made.
  spare_artifacts.push_back(taken_back(std::move(oldest.artifact)));
}

std::shared_ptr<artifact_data> blackboard::state::fresh_artifact() {
  if (spare_artifacts.empty()) return std::make_shared<artifact_data>();
  auto made = std::move(spare_artifacts.back());
  spare_artifacts.pop_back();
  return made;
}

/// Whoever publishes gets memory back for what it gives, where there is some.
std::shared_ptr<artifact_data> blackboard::state::spare_artifact() { return spare_artifacts.empty() ? nullptr : fresh_artifact(); }

type_slot* blackboard::state::find_type(std::string_view name) {
  type_slot*& recent = recent_types.place_of(name);
  if (recent && recent->first == name) return recent;
  auto const found = types.find(name);
  return found == types.end() ? nullptr : recent = &*found;
}

type_slot& blackboard::state::type_named(std::string const& name) {
  if (auto* const known = find_type(name)) return *known;
  return *(recent_types.place_of(name) = &*types.try_emplace(name).first);
}

void blackboard::state::forget_if_unused(type_slot& type) {
  if (!type.second.kept.empty() || !type.second.interested.empty()) return;
  recent_types.forget(type.first, &type);
  types.erase(types.find(type.first));
}

void blackboard::state::remember_key(std::string const& key, artifact_id const& id) {
  keys.emplace(key, id);
  keys_in_order.push_back(key);
  while (keys_in_order.size() > limits.idempotency_keys_max) {
    keys.erase(keys_in_order.front());
    keys_in_order.pop_front();
  }
}

void blackboard::state::route(artifact_ptr const& artifact, run_state& run, verdicts const& said, subscription_no asked_to) {
  if (!artifact->routed || run.cancelled) return;
  if (is_embargoed(*artifact, now)) return embargo(artifact, said, asked_to);
  for (auto const& [no, what] : said.threw) {
    if (no == 0 || no > subscriptions.size()) continue;
    ++counters.predicates_threw;
    tell("predicate_threw", subscriptions[no - 1]->row.agent, what, artifact->run);
  }
  // Mostly it has just been kept.
  bool const is_newest = !kept.empty() && kept.back().artifact == artifact;
  type_slot const* const type = is_newest ? kept.back().type : find_type(artifact->type);
  if (!type) return;
  std::vector<subscription*> competing;
  for (subscription* sub : type->second.interested) {
    if (!matches(*sub, *artifact)) continue;
    if (!said.rejected.empty() && std::find(said.rejected.begin(), said.rejected.end(), sub->row.no) != said.rejected.end()) continue;
    if (sub->is_exclusive) {
      competing.push_back(sub);
    } else if (bool const unasked = sub->row.no > asked_to; sub->is_grouped) {
      give(*sub, artifact, *type, said, unasked);
    } else {
      open(*sub, artifact, unasked);
    }
  }
  if (!competing.empty()) compete(competing, artifact, asked_to);
}

void blackboard::state::give(subscription& sub, artifact_ptr const& artifact, type_slot const& type, verdicts const& said, bool unasked) {
  auto const& want = sub.descriptor;
  // Nobody could ask it later: what it would reject might complete a group.
  bool const local_code_decides = want.has_predicate || (want.grouping == grouping::join && want.keys.empty());
  if (unasked && local_code_decides) return leave_out(sub, *artifact, "its predicate or key is a lambda that could not be asked when it came");
  if (sub.active) take_into_group(sub, artifact, type, said);
}

artifact_ptr blackboard::state::make_own(artifact_type const& type, payload value, artifact_id id, artifact_data const& parent, std::string produced_by,
                                          activation_id cause) {
  auto made = fresh_artifact();
  made->id = id;
  made->type = std::string{type.name};
  made->version = type.version;
  made->payload = std::move(value);
  made->produced_by = std::move(produced_by);
  made->run = parent.run;
  made->correlation = parent.correlation;
  made->cause = cause;
  made->context = {parent.context.trace, derive_publish_span_id(made->id), parent.context.flags};
  made->headers = parent.headers;
  made->routed = parent.routed;
  return place(std::move(made));
}

void blackboard::state::announce(artifact_ptr const& made, span_id parent) {
  out->announcements.push_back({made, parent});
  route(made, run_of(made->run, made->context), {}, 0);
}

bool blackboard::state::matches(subscription const& sub, artifact_data const& artifact) const {
  if (sub.refuses_own && artifact.produced_by == sub.row.agent) return false;
  if (artifact.visible_to && !may_see(artifact, sub.row.agent, sub.agent->rules)) return false;
  return sub.takes_all || meets_conditions(sub.descriptor, artifact);
}

bool blackboard::state::meets_conditions(subscription_descriptor const& want, artifact_data const& artifact) {
  auto const contains = [](auto const& all, auto const& one) { return std::find(all.begin(), all.end(), one) != all.end(); };
  if (!want.from.empty() && !contains(want.from, artifact.produced_by)) return false;
  if (!want.tagged.empty() && std::none_of(want.tagged.begin(), want.tagged.end(), [&](auto const& tag) { return contains(artifact.tags, tag); })) return false;
  return std::all_of(want.filters.begin(), want.filters.end(), [&](auto const& filter) { return filter.type != artifact.type || holds(filter.where, artifact.payload); });
}

void blackboard::state::find_other_runs(activation& a) {
  std::unordered_set<run_state*> known;
  for (auto const& input : a.inputs) {
    if (input->run == a.run->row.id) continue;
    run_state& other = run_of(input->run, input->context);
    if (known.insert(&other).second) a.other_runs.push_back(&other);
  }
}

activation* blackboard::state::open(subscription& sub, std::span<artifact_ptr> inputs, bool unasked) {
  std::size_t newest = 0;
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    if (inputs[newest]->seq < inputs[i]->seq) newest = i;
  }
  run_state& run = run_of(inputs[newest]->run, inputs[newest]->context);
  if (!admits(sub, run, *inputs[newest])) {
    touch(run);
    return nullptr;
  }
  activation_no const no = ++last_activation;
  activation& a = activations.add(no);
  a.newest_index = newest;
  std::uint64_t group = 0;
  bool is_of_one_run = true;
  a.row.inputs.reserve(inputs.size());
  a.inputs.reserve(inputs.size());
  for (auto& member : inputs) {
    a.row.inputs.push_back(member->seq);
    is_of_one_run &= member->run == run.row.id;
    if (inputs.size() > 1) group = stable_hash(member->id.bytes(), group);
    a.inputs.push_back(std::move(member));
  }
  a.row.no = no;
  a.row.id = derive_activation_id(a.newest().id, sub.identity, group);
  a.row.subscription = sub.row.no;
  a.row.run = run.row.id;
  a.unasked = unasked;
  a.run = &run;
  if (!is_of_one_run) find_other_runs(a);
  a.sub = &sub;
  change_to(std::as_const(a.row));
  enter(a);
  sub.ready.push_back(no);
  if (++sub.made_ready % 1'024 == 0) drop_stale(sub);
  queue(sub);
  return &a;
}

}  // namespace skein::bus
