// What the books say of one piece of work, of a subscription, of a run.
#include "oracle.hpp"

#include <algorithm>
#include <utility>

namespace skein::sim {

using namespace bus;

bool oracle::served(subscription_no no) const {
  auto const& key = subscriptions_.at(no);
  return expected_.contains(key) || std::any_of(hosts_.begin(), hosts_.end(), [&](auto const& one) { return one.second.serves.contains(key); });
}

/// Nobody can start it at this moment: whom it is for is not served, or it or its run is paused.
bool oracle::blocked(activation_row const& row) const {
  if (row.state != activation_state::ready) return false;
  for (auto const& id : runs_of(row)) {
    if (auto const run = runs_.find(id); run != runs_.end() && run->second.paused) return true;
  }
  auto const rivals = rivals_of(row);
  return std::none_of(rivals.begin(), rivals.end(), [&](auto no) { return served(no) && !paused_agents_.contains(subscriptions_.at(no).first); });
}

std::set<subscription_no> oracle::rivals_of(activation_row const& row) const {
  auto const found = rivals_.find(row.no);
  return found == rivals_.end() ? std::set{row.subscription} : found->second;
}

std::set<run_id> oracle::runs_of(activation_row const& row) const {
  std::set<run_id> all{row.run};
  for (auto const seq : row.inputs) all.insert(artifacts_.at(seq)->run);
  return all;
}

bool oracle::concerns(activation_row const& row, run_id const& run) const {
  return row.run == run || (row.inputs.size() > 1 && std::any_of(row.inputs.begin(), row.inputs.end(), [&](auto seq) { return artifacts_.at(seq)->run == run; }));
}

std::vector<artifact_ptr> oracle::inputs_of(activation_row const& row) const {
  std::vector<artifact_ptr> all;
  for (auto const seq : row.inputs) all.push_back(artifacts_.at(seq));
  return all;
}

subscription_descriptor const& oracle::descriptor_of(subscription_no no) const {
  auto const& [agent, ordinal] = subscriptions_.at(no);
  return agent_named(agent).subscriptions.at(ordinal);
}

std::uint64_t oracle::awaited(std::optional<run_id> const& run) const {
  return static_cast<std::uint64_t>(std::count_if(open_.begin(), open_.end(), [&](auto const& one) {
    return (!run || concerns(one.second, *run)) && !blocked(one.second);
  }));
}

std::vector<run_id> oracle::paused_runs() const {
  std::vector<run_id> all;
  for (auto const& [id, run] : runs_) {
    if (run.paused) all.push_back(id);
  }
  return all;
}

std::vector<run_id> oracle::running() const {
  std::vector<run_id> all;
  for (auto const& [id, run] : runs_) all.push_back(id);
  return all;
}

std::string oracle::name_of(subscription_no no) const {
  auto const found = subscriptions_.find(no);
  return found == subscriptions_.end() ? "subscription " + std::to_string(no) : found->second.first + '/' + std::to_string(found->second.second);
}

std::string oracle::name_of(activation_row const& row) const {
  return "activation " + std::to_string(row.no) + " of " + name_of(row.subscription) + " (state " + std::to_string(static_cast<int>(row.state)) + ", attempt " +
         std::to_string(row.attempt) + ", failures " + std::to_string(row.failures) + ", losses " + std::to_string(row.losses) + ", host " + row.host + ')';
}

std::string oracle::name_of(artifact_data const& artifact) {
  return "artifact " + std::to_string(artifact.seq) + " (" + artifact.type + " by " + artifact.produced_by + ')';
}

std::string oracle::describe_open() const {
  std::string all;
  for (auto const& [no, row] : open_) all += "\n  " + name_of(row) + (blocked(row) ? " blocked" : "");
  for (auto const& [who, wait] : waiters_) all += "\n  waiter " + std::to_string(who) + (wait.run ? " for run " + wait.run->to_string() : " for all");
  for (auto const& [id, run] : runs_) all += "\n  run " + id.to_string() + ", holds " + std::to_string(run.holds);
  for (auto const& [key, until] : expected_) all += "\n  expected back: a host of " + key.first;
  for (auto const& [key, host] : hosts_) all += "\n  host " + host.name + " at " + std::to_string(key);
  return all;
}

}  // namespace skein::sim
