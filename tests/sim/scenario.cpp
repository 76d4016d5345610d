#include "scenario.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

namespace skein::sim {

namespace {

subscription_descriptor takes(std::uint32_t ordinal, std::string type) {
  subscription_descriptor made;
  made.ordinal = ordinal;
  made.types = {std::move(type)};
  return made;
}

agent_descriptor agent(std::string name, std::vector<subscription_descriptor> subscriptions, retry_policy retry = {}) {
  agent_descriptor made;
  made.name = std::move(name);
  made.subscriptions = std::move(subscriptions);
  made.retry = retry;
  return made;
}

agent_descriptor alpha() { return agent("alpha", {takes(0, "t0")}, {.attempts_max = 3, .backoff_initial = 50ms, .backoff_max = 1s, .jitter = 0.5}); }

agent_descriptor beta() {
  auto tagged = takes(0, "t1");
  tagged.tagged = {"x", "y"};
  auto from_alpha = takes(1, "t0");
  from_alpha.from = {"alpha", "delta"};
  return agent("beta", {tagged, from_alpha});
}

agent_descriptor gamma() {
  auto picky = takes(0, "t1");
  picky.has_predicate = true;
  return agent("gamma", {picky}, {.attempts_max = 2, .backoff_initial = 1ms});
}

agent_descriptor watch() { return agent("watch", {takes(0, "skein.failure")}); }
agent_descriptor late() { return agent("late", {takes(0, "t0")}, {.attempts_max = 2, .losses_max = 1}); }

agent_descriptor delta() {
  auto picky = takes(0, "t1");
  picky.has_predicate = true;
  return agent("delta", {picky}, {.attempts_max = 2, .losses_max = 8, .backoff_initial = 200ms, .jitter = 1.0});
}

agent_descriptor epsilon() {
  auto tagged = takes(0, "t0");
  tagged.tagged = {"x"};
  tagged.self_trigger = true;
  return agent("epsilon", {tagged, takes(1, "t1")}, {.attempts_max = 4, .losses_max = 7, .backoff_initial = 10ms, .backoff_factor = 3});
}

agent_descriptor late_remote() { return agent("late_remote", {takes(0, "t1")}, {.losses_max = 3}); }

std::uint64_t mix(std::uint64_t id, std::string const& agent, std::uint64_t salt) {
  return stable_hash(agent, stable_hash({reinterpret_cast<char const*>(&id), sizeof id}, salt));
}

}  // namespace

rates draw_rates(random_source& random) {
  rates made;
  made.remote_hosts = random.below(5);
  made.handler_fails = random.chance(0.3) ? 0 : 0.15;
  made.handler_permanent = random.chance(0.5) ? 0 : 0.03;
  made.commits_at_once = random.chance(0.25);
  if (random.chance(0.1)) return made;  // some seeds are perfect
  made.handler_releases = random.chance(0.5) ? 0 : 0.05;
  auto const up_to = [&](double most) { return random.chance(0.4) ? 0.0 : most * static_cast<double>(random.below(1000)) / 1000; };
  made.lost = up_to(0.2);
  made.doubled = up_to(0.2);
  made.delayed = up_to(0.2);
  made.commit_fails = made.commits_at_once ? 0 : up_to(0.1);
  made.host_trouble = up_to(0.3);
  made.hub_killed = up_to(0.06);
  return made;
}

std::string rates::describe() const {
  auto const percent = [](double p) { return std::to_string(static_cast<int>(p * 1000) / 10.0).substr(0, 4) + " %"; };
  return std::to_string(remote_hosts) + " remote hosts, lost " + percent(lost) + ", doubled " + percent(doubled) + ", delayed " + percent(delayed) +
         ", handlers fail " + percent(handler_fails) + ", commits fail " + percent(commit_fails) + (commits_at_once ? " (at once)" : "") +
         ", host trouble " + percent(host_trouble) + ", hub killed " + percent(hub_killed);
}

payload to_payload(work const& what) {
  bytes encoded(13);
  encoded[0] = std::byte{what.depth};
  std::memcpy(encoded.data() + 1, &what.id, 8);
  std::memcpy(encoded.data() + 9, &what.attempt, 4);
  return payload{std::move(encoded)};
}

work work_of(bus::artifact_data const& artifact) {
  if (artifact.type == "skein.failure") return {0, std::hash<artifact_id>{}(artifact.id), 0};
  return work_of(artifact.payload);
}

work work_of(payload const& of) {
  auto const encoded = of.encoded().value();
  if (encoded.size() != 13) throw std::logic_error{"a payload of the simulation has " + std::to_string(encoded.size()) + " bytes"};
  work read;
  read.depth = std::to_integer<std::uint8_t>(encoded[0]);
  std::memcpy(&read.id, encoded.data() + 1, 8);
  std::memcpy(&read.attempt, encoded.data() + 9, 4);
  return read;
}

std::vector<agent_descriptor> local_agents(bool grown) {
  std::vector<agent_descriptor> all{alpha(), beta(), gamma(), watch()};
  if (grown) all.push_back(late());
  return all;
}

std::vector<agent_descriptor> remote_agents(std::size_t index, bool grown) {
  // Hosts 0 and 2 share one agent with the hub's own host, 1 and 3 are alone with theirs.
  std::vector<agent_descriptor> all;
  if (index % 2 == 0) all = {alpha(), delta()};
  if (index % 2 == 1) all = {epsilon()};
  if (grown) all.push_back(late_remote());
  return all;
}

std::vector<agent_descriptor> const& all_agents() {
  static std::vector<agent_descriptor> const all{alpha(), beta(), gamma(), watch(), late(), delta(), epsilon(), late_remote()};
  return all;
}

agent_descriptor const& agent_named(std::string const& name) {
  for (auto const& one : all_agents()) {
    if (one.name == name) return one;
  }
  throw std::logic_error{"no agent is called " + name};
}

bool predicate_is_local(std::string const& agent) { return agent == "gamma"; }

bool predicate_accepts(std::string const& agent, bus::artifact_data const& artifact) { return mix(work_of(artifact).id, agent, 1) % 4 != 0; }

bool wants(std::string const& agent, subscription_descriptor const& subscription, bus::artifact_data const& artifact) {
  auto const among = [](std::vector<std::string> const& all, std::string const& one) { return std::find(all.begin(), all.end(), one) != all.end(); };
  if (!artifact.routed || !among(subscription.types, artifact.type)) return false;
  if (artifact.produced_by == agent && !subscription.self_trigger) return false;
  if (artifact.visible_to && !artifact.visible_to->agents.empty() && !among(artifact.visible_to->agents, agent)) return false;
  if (!subscription.from.empty() && !among(subscription.from, artifact.produced_by)) return false;
  if (subscription.tagged.empty()) return true;
  for (auto const& tag : artifact.tags) {
    if (among(subscription.tagged, tag)) return true;
  }
  return false;
}

std::vector<bus::child> children_of(std::string const& agent, bus::artifact_data const& input, std::uint32_t attempt) {
  work const parent = work_of(input);
  std::vector<bus::child> children;
  if (parent.depth == 0) return children;
  std::uint64_t const count = mix(parent.id, agent, 2) % 3;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t const id = mix(parent.id, agent, 100 + i);
    bus::child made;
    made.type = id & 1 ? "t0" : "t1";
    if (id & 2) made.tags.push_back("x");
    if (id & 4) made.tags.push_back("z");
    if ((id & 24) == 24) made.visible_to = std::make_shared<visibility>(visibility{.agents = {"beta", "epsilon"}, .labels = {}, .tenant = {}, .not_before = {}});
    made.payload = to_payload({static_cast<std::uint8_t>(parent.depth - 1), id, attempt});
    children.push_back(std::move(made));
  }
  return children;
}

}  // namespace skein::sim
