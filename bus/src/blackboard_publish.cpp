// Publishing: an artifact gets its place on the board, and every matching subscription an activation.
#include "blackboard_state.hpp"

#include <algorithm>

namespace skein::bus {

void blackboard::state::on(input::publish&& in) {
  if (!in.idempotency_key.empty()) {
    if (auto seen = keys.find(in.idempotency_key); seen != keys.end()) {
      if (in.reply_to != 0) out->replies.push_back(reply::published{in.reply_to, seen->second, true});
      return;
    }
  }
  if (in.only != 0 && in.only > subscriptions.size()) {
    if (in.reply_to != 0) out->replies.push_back(reply::refused{in.reply_to, error{errc::not_found, "there is no such subscription"}});
    return;
  }
  run_state& run = run_of(in.artifact->run, in.artifact->context);
  artifact_ptr const artifact = place(std::move(in.artifact), std::move(in.idempotency_key));
  if (in.only != 0) {
    activation& a = open(*subscriptions[in.only - 1], {artifact}, run);
    if (in.reply_when_closed) a.closed_reply = in.reply_to;
  } else {
    route(artifact, run, in.rejected);
  }
  if (in.reply_to != 0) out->replies.push_back(reply::published{in.reply_to, artifact->id, false});
  touch(run);
}

artifact_ptr blackboard::state::place(std::shared_ptr<artifact_data> artifact, std::string idempotency_key) {
  artifact->seq = ++last_seq;
  artifact->created_at = now;
  if (!idempotency_key.empty()) remember_key(idempotency_key, artifact->id);
  artifact_ptr placed = std::move(artifact);
  ++counters.artifacts;
  keep(placed);
  change_to(artifact_row{placed, std::move(idempotency_key)});
  return placed;
}

void blackboard::state::keep(artifact_ptr const& artifact) {
  kept.push_back(artifact);
  auto slot = kept_by_type.find(std::string_view{artifact->type});
  if (slot == kept_by_type.end()) slot = kept_by_type.try_emplace(artifact->type).first;
  slot->second.push_back(artifact);
  ++counters.artifacts_kept;
  while (kept.size() > limits.artifacts_kept_max) {
    // Both queues are in board order, so the oldest of all is the oldest of its type.
    auto of_type = kept_by_type.find(std::string_view{kept.front()->type});
    of_type->second.pop_front();
    if (of_type->second.empty()) kept_by_type.erase(of_type);
    kept.pop_front();
    --counters.artifacts_kept;
    ++counters.artifacts_evicted;
  }
}

void blackboard::state::remember_key(std::string const& key, artifact_id const& id) {
  keys.emplace(key, id);
  keys_in_order.push_back(key);
  while (keys_in_order.size() > limits.idempotency_keys_max) {
    keys.erase(keys_in_order.front());
    keys_in_order.pop_front();
  }
}

void blackboard::state::route(artifact_ptr const& artifact, run_state& run, std::vector<subscription_no> const& rejected) {
  if (!artifact->routed) return;
  auto const interested = by_type.find(std::string_view{artifact->type});
  if (interested == by_type.end()) return;
  for (subscription* sub : interested->second) {
    if (!matches(*sub, *artifact)) continue;
    if (std::find(rejected.begin(), rejected.end(), sub->row.no) != rejected.end()) continue;
    open(*sub, {artifact}, run);
  }
}

bool blackboard::state::matches(subscription const& sub, artifact_data const& artifact) const {
  auto const contains = [](auto const& all, auto const& one) { return std::find(all.begin(), all.end(), one) != all.end(); };
  auto const& want = sub.descriptor;
  if (!want.self_trigger && artifact.produced_by == sub.row.agent) return false;
  if (artifact.visible_to && !artifact.visible_to->agents.empty() && !contains(artifact.visible_to->agents, sub.row.agent)) return false;
  if (!want.from.empty() && !contains(want.from, artifact.produced_by)) return false;
  if (want.tagged.empty()) return true;
  return std::any_of(want.tagged.begin(), want.tagged.end(), [&](auto const& tag) { return contains(artifact.tags, tag); });
}

activation& blackboard::state::open(subscription& sub, std::vector<artifact_ptr> inputs, run_state& run) {
  activation_no const no = ++last_activation;
  activation& a = activations[no];
  a.inputs = std::move(inputs);
  a.newest_index = static_cast<std::size_t>(
      std::max_element(a.inputs.begin(), a.inputs.end(), [](auto const& x, auto const& y) { return x->seq < y->seq; }) - a.inputs.begin());
  std::uint64_t group = 0;
  for (auto const& member : a.inputs) {
    a.row.inputs.push_back(member->seq);
    if (a.inputs.size() > 1) group = stable_hash(member->id.to_string(), group);
  }
  a.row.no = no;
  a.row.id = derive_activation_id(a.newest().id, sub.identity, group);
  a.row.subscription = sub.row.no;
  a.row.run = run.row.id;
  a.row.not_before = {};
  a.run = &run;
  a.sub = &sub;
  ++counters.open;
  ++counters.ready;
  ++run.open;
  change_to(a.row);
  // transition() counts from one state to the next; the first one is entered here.
  a.blocked = !sub.served();
  if (a.blocked) ++counters.blocked, ++run.blocked;
  sub.ready.push_back(no);
  queue(sub);
  return a;
}

}  // namespace skein::bus
