#include "board_model.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace skein::bus::testing {
namespace {

void require(bool condition, std::string const& what) {
  if (!condition) throw std::logic_error{"no board may write this: " + what};
}

}  // namespace

void board_model::apply(change const& one) {
  std::visit([this](auto const& row) { add(row); }, one);
}

void board_model::add(subscription_row const& row) {
  auto const [at, added] = subscriptions_.try_emplace(row.no, row);
  auto const& before = at->second;
  bool const same = before.agent == row.agent && before.ordinal == row.ordinal && before.fingerprint == row.fingerprint;
  require(row.no > 0 && same, "subscription " + std::to_string(row.no) + " twice");
  at->second = row;
}

void board_model::add(run_row const& row) {
  require(!row.id.empty(), "a run without an id");
  auto const [at, added] = run_index_.try_emplace(row.id, runs_.size());
  if (added) return runs_.push_back(row);
  auto& kept = runs_[at->second];
  auto const name = row.name.empty() ? kept.name : row.name;
  kept = row;
  kept.name = name;
}

void board_model::add(artifact_row const& row) {
  auto const& artifact = *row.artifact;
  auto const name = "artifact " + std::to_string(artifact.seq) + ' ' + artifact.id.to_string();
  require(artifact.seq > 0 && artifacts_.try_emplace(artifact.seq, row).second, name + ": its number twice");
  require(artifact_index_.try_emplace(artifact.id, artifact.seq).second, name + ": its id twice");
  if (!row.idempotency_key.empty()) {
    require(keys_.try_emplace(row.idempotency_key, artifact.seq).second, name + ": its idempotency key twice");
  }
}

void board_model::add(activation_row const& row) {
  auto const name = "activation " + std::to_string(row.no) + ' ' + row.id.to_string();
  require(row.no > 0 && activations_.try_emplace(row.no, row).second, name + ": its number twice");
  require(activation_index_.try_emplace(row.id, row.no).second, name + ": its id twice");
  require(subscriptions_.contains(row.subscription), name + ": of an unknown subscription");
  require(!row.inputs.empty(), name + ": without input");
  for (auto const seq : row.inputs) require(artifacts_.contains(seq), name + ": of unknown artifact " + std::to_string(seq));
}

void board_model::add(activation_update const& update) {
  auto const at = activations_.find(update.no);
  require(at != activations_.end(), "an update of unknown activation " + std::to_string(update.no));
  auto& row = at->second;
  row.state = update.state;
  row.attempt = update.attempt;
  row.failures = update.failures;
  row.losses = update.losses;
  row.not_before = update.not_before;
  row.host = update.host;
  row.error_type = update.error_type;
  row.what = update.what;
  row.since = update.since;
  if (update.subscription == 0) return;
  require(subscriptions_.contains(update.subscription), "an update of activation " + std::to_string(update.no) + " to an unknown subscription");
  row.subscription = update.subscription;
}

void board_model::add(group_row const& row) {
  auto const name = "group " + std::to_string(row.no);
  if (auto const open = groups_.find(row.no); open != groups_.end()) {
    auto const before = std::exchange(open->second.row.seen, row.seen);
    require(before < row.seen && open->second.row == row, name + ": replaced by another");
    return;
  }
  require(row.no > last_group_ && row.seen == 0, name + ": its number is not above the last one");
  require(subscriptions_.contains(row.subscription), name + ": of an unknown subscription");
  last_group_ = row.no;
  groups_.emplace(row.no, open_group{row, {}});
}

void board_model::add(group_member const& row) {
  auto const name = "artifact " + std::to_string(row.seq) + " in group " + std::to_string(row.group);
  auto const at = groups_.find(row.group);
  require(at != groups_.end(), name + ": the group is not open");
  require(artifacts_.contains(row.seq), name + ": the artifact is unknown");
  require(at->second.members.try_emplace(row.position, row.seq).second, name + ": position " + std::to_string(row.position) + " is taken");
}

void board_model::add(group_closed const& row) {
  require(groups_.erase(row.no) == 1, "the end of group " + std::to_string(row.no) + ", which is not open");
}

void board_model::add(embargo_row const& row) {
  auto const name = "the embargo of artifact " + std::to_string(row.seq);
  auto const at = artifacts_.find(row.seq);
  require(at != artifacts_.end(), name + ": the artifact is unknown");
  auto const& visible = at->second.artifact->visible_to;
  require(visible && visible->not_before > timestamp{}, name + ": the artifact is hidden until no time");
  require(embargoes_.try_emplace(row.seq, row).second, name + " twice");
}

void board_model::add(embargo_lifted const& row) {
  require(embargoes_.erase(row.seq) == 1, "the end of the embargo of artifact " + std::to_string(row.seq) + ", which has none");
}

void board_model::add(timer_row const& row) {
  require(subscriptions_.contains(row.subscription), "a timer of unknown subscription " + std::to_string(row.subscription));
  auto const [at, added] = timers_.try_emplace(row.subscription, row);
  require(at->second.number <= row.number, "a timer of subscription " + std::to_string(row.subscription) + " that counts backwards");
  at->second = row;
}

void board_model::add(agent_row const& row) {
  require(!row.name.empty(), "an agent without a name");
  if (row.paused) paused_agents_.insert_or_assign(row.name, row);
  else paused_agents_.erase(row.name);
}

void board_model::add(activation_count const& row) {
  require(!row.run.empty() && !row.agent.empty(), "a count of activations without a run or an agent");
  counts_.insert_or_assign({row.run, row.agent}, row);
}

board_state board_model::state() const {
  board_state out;
  for (auto const& [no, row] : subscriptions_) out.subscriptions.push_back(row);
  std::set<std::uint64_t> needed;
  std::set<run_id> active;
  for (auto const& [no, row] : activations_) {
    out.last_activation = no;
    if (row.state == activation_state::dead) out.dead.push_back(row);
    else if (is_open(row.state)) out.activations.push_back(row);
    else continue;
    active.insert(row.run);
    needed.insert(row.inputs.begin(), row.inputs.end());
  }
  for (auto const& [no, group] : groups_) {
    out.groups.push_back(group.row);
    for (auto const& [position, seq] : group.members) {
      out.members.push_back({no, position, seq});
      needed.insert(seq);
    }
  }
  for (auto const& [seq, row] : embargoes_) {
    out.embargoes.push_back(row);
    needed.insert(seq);
  }
  for (auto const seq : needed) active.insert(artifacts_.at(seq).artifact->run);
  out.last_group = last_group_;
  for (auto const& [no, row] : timers_) out.timers.push_back(row);
  for (auto const& [name, row] : paused_agents_) out.agents.push_back(row);
  std::set<run_id> given;
  for (auto const& run : runs_) {
    if (run.status != run_status::running && !active.contains(run.id)) continue;
    out.runs.push_back(run);
    given.insert(run.id);
  }
  for (auto const& [of, row] : counts_) {
    if (given.contains(of.first)) out.counts.push_back(row);
  }
  for (auto const& [seq, row] : artifacts_) {
    out.last_seq = seq;
    if (needed.contains(seq)) out.artifacts.push_back(row.artifact);
    if (!row.idempotency_key.empty()) out.idempotency_keys.emplace_back(row.idempotency_key, row.artifact->id);
  }
  return out;
}

run_history board_model::history(run_id run) const {
  run_history out;
  for (auto const& [seq, row] : artifacts_) {
    if (row.artifact->run == run) out.artifacts.push_back(row.artifact);
  }
  for (auto const& [no, row] : activations_) {
    if (row.run == run) out.activations.push_back(row);
  }
  return out;
}

result<void> memory_store_ledger::commit(std::span<change const> changes) {
  if (store_->before_commit) {
    if (auto refused = store_->before_commit(changes)) {
      ++store_->counters.failed_commits;
      return *refused;
    }
  }
  for (auto const& one : changes) store_->model.apply(one);
  ++store_->counters.commits;
  return {};
}

// ---- comparing ----

namespace {

template <class T>
bool same_target(std::shared_ptr<T const> const& left, std::shared_ptr<T const> const& right) {
  return left && right ? *left == *right : !left && !right;
}

bool same_payload(payload const& left, payload const& right) {
  if (left.empty() || right.empty()) return left.empty() == right.empty();
  auto const a = left.encoded(), b = right.encoded();
  return a && b && std::ranges::equal(*a, *b);
}

bool same_artifacts(std::vector<artifact_ptr> const& left, std::vector<artifact_ptr> const& right) {
  return std::ranges::equal(left, right, [](auto const& a, auto const& b) { return same_artifact(*a, *b); });
}

std::string differs(bool same, char const* what, std::size_t left, std::size_t right) {
  if (same) return {};
  return std::string{what} + " differ (" + std::to_string(left) + " and " + std::to_string(right) + "); ";
}

}  // namespace

bool same_artifact(artifact_data const& a, artifact_data const& b) {
  return a.id == b.id && a.seq == b.seq && a.type == b.type && a.version == b.version && same_payload(a.payload, b.payload) &&
         a.produced_by == b.produced_by && a.run == b.run && a.correlation == b.correlation && a.cause == b.cause &&
         a.tags == b.tags && same_target(a.visible_to, b.visible_to) && a.context == b.context &&
         same_target(a.headers, b.headers) && a.created_at == b.created_at && a.routed == b.routed;
}

std::string difference(board_state const& a, board_state const& b) {
  return differs(a.subscriptions == b.subscriptions, "subscriptions", a.subscriptions.size(), b.subscriptions.size()) +
         differs(a.runs == b.runs, "runs", a.runs.size(), b.runs.size()) +
         differs(same_artifacts(a.artifacts, b.artifacts), "artifacts", a.artifacts.size(), b.artifacts.size()) +
         differs(a.activations == b.activations, "activations", a.activations.size(), b.activations.size()) +
         differs(a.dead == b.dead, "dead activations", a.dead.size(), b.dead.size()) +
         differs(a.idempotency_keys == b.idempotency_keys, "idempotency keys", a.idempotency_keys.size(), b.idempotency_keys.size()) +
         differs(a.groups == b.groups, "groups", a.groups.size(), b.groups.size()) +
         differs(a.members == b.members, "members of groups", a.members.size(), b.members.size()) +
         differs(a.embargoes == b.embargoes, "embargoes", a.embargoes.size(), b.embargoes.size()) +
         differs(a.timers == b.timers, "timers", a.timers.size(), b.timers.size()) +
         differs(a.agents == b.agents, "paused agents", a.agents.size(), b.agents.size()) +
         differs(a.counts == b.counts, "counts of activations", a.counts.size(), b.counts.size()) +
         differs(a.last_group == b.last_group, "last_group", a.last_group, b.last_group) +
         differs(a.last_seq == b.last_seq, "last_seq", a.last_seq, b.last_seq) +
         differs(a.last_activation == b.last_activation, "last_activation", a.last_activation, b.last_activation);
}

std::string difference(run_history const& a, run_history const& b) {
  return differs(same_artifacts(a.artifacts, b.artifacts), "artifacts", a.artifacts.size(), b.artifacts.size()) +
         differs(a.activations == b.activations, "activations", a.activations.size(), b.activations.size());
}

}  // namespace skein::bus::testing
