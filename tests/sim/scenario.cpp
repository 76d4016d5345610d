#include "scenario.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

namespace skein::sim {

namespace {

std::uint64_t mix(std::uint64_t id, std::string const& agent, std::uint64_t salt) {
  return stable_hash(agent, stable_hash({reinterpret_cast<char const*>(&id), sizeof id}, salt));
}

rule_set draw_rules(random_source& random) {
  rule_set made;
  auto const kind = random.below(10);
  if (kind < 4) return made;  // none, one, or several
  if (kind < 7) {
    made.bits.set(random.below(rule_count));
    return made;
  }
  double const share = kind < 9 ? 0.25 : 0.7;
  for (std::size_t i = 0; i < rule_count; ++i) made.bits.set(i, random.chance(share));
  return made;
}

/// Where the values stand in an encoded payload.
constexpr std::size_t depth_at = 4, id_at = 8, attempt_at = 19, key_at = 25, payload_bytes = 26;

}  // namespace

std::string rule_set::describe() const {
  static constexpr std::array<char const*, rule_count> names{"all_of", "join", "batch", "across_runs", "filter", "visibility", "embargo", "exclusive", "breaker", "rate",
                                                             "deadline", "limit", "timer", "pause", "cancel", "until", "invoke"};
  std::string text;
  for (std::size_t i = 0; i < rule_count; ++i) {
    if (bits.test(i)) text += (text.empty() ? "" : " ") + std::string{names[i]};
  }
  return text.empty() ? "no rules" : "rules " + text;
}

rates draw_rates(random_source& random) {
  rates made;
  made.rules = draw_rules(random);
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
  return rules.describe() + ", " + std::to_string(remote_hosts) + " remote hosts, lost " + percent(lost) + ", doubled " + percent(doubled) + ", delayed " + percent(delayed) +
         ", handlers fail " + percent(handler_fails) + ", commits fail " + percent(commit_fails) + (commits_at_once ? " (at once)" : "") +
         ", host trouble " + percent(host_trouble) + ", hub killed " + percent(hub_killed);
}

payload to_payload(work const& what) {
  static constexpr unsigned char layout[payload_bytes] = {0x84, 0xa1, 'd', 0xcc, 0, 0xa1, 'i', 0xcf, 0, 0, 0, 0, 0, 0, 0, 0, 0xa1, 'a', 0xce, 0, 0, 0, 0, 0xa1, 'k', 0xc0};
  bytes encoded(payload_bytes);
  std::memcpy(encoded.data(), layout, payload_bytes);
  encoded[depth_at] = std::byte{what.depth};
  for (std::size_t i = 0; i < 8; ++i) encoded[id_at + i] = static_cast<std::byte>(what.id >> (56 - 8 * i));
  for (std::size_t i = 0; i < 4; ++i) encoded[attempt_at + i] = static_cast<std::byte>(what.attempt >> (24 - 8 * i));
  if (auto const key = what.key()) encoded[key_at] = std::byte{*key};
  return payload{std::move(encoded)};
}

work work_of(bus::artifact_data const& artifact) {
  if (artifact.type.starts_with("skein.")) return {0, std::hash<artifact_id>{}(artifact.id), 0};
  return work_of(artifact.payload);
}

work work_of(payload const& of) {
  auto const encoded = of.encoded().value();
  if (encoded.size() != payload_bytes) throw std::logic_error{"a payload of the simulation has " + std::to_string(encoded.size()) + " bytes"};
  work read;
  read.depth = std::to_integer<std::uint8_t>(encoded[depth_at]);
  for (std::size_t i = 0; i < 8; ++i) read.id = read.id << 8 | std::to_integer<std::uint64_t>(encoded[id_at + i]);
  for (std::size_t i = 0; i < 4; ++i) read.attempt = read.attempt << 8 | std::to_integer<std::uint32_t>(encoded[attempt_at + i]);
  return read;
}

bus::artifact_ptr const& newest_of(std::vector<bus::artifact_ptr> const& inputs) {
  return *std::max_element(inputs.begin(), inputs.end(), [](auto const& a, auto const& b) { return a->seq < b->seq; });
}

bool predicate_accepts(std::string const& agent, bus::artifact_data const& artifact) { return mix(work_of(artifact).id, agent, 1) % 4 != 0; }

namespace {

bool among(std::vector<std::string> const& all, std::string const& one) { return std::find(all.begin(), all.end(), one) != all.end(); }

bool sees(agent_descriptor const& agent, visibility const& who) {
  if (!who.agents.empty() && !among(who.agents, agent.name)) return false;
  if (!who.tenant.empty() && who.tenant != agent.rules.tenant) return false;
  return std::all_of(who.labels.begin(), who.labels.end(), [&](auto const& label) { return among(agent.rules.labels, label); });
}

/// What the filters of the cast ask, written out by hand.
bool passes(std::string const& agent, bus::artifact_data const& artifact) {
  if (artifact.type.starts_with("skein.")) return true;
  work const what = work_of(artifact);
  if (agent == "filtered") return what.key() && *what.key() < 2 && what.depth >= 1;
  if (agent == "filtered_remote" && artifact.type == "u1") return what.key() && *what.key() != 1;
  return true;
}

}  // namespace

bool wants(agent_descriptor const& agent, subscription_descriptor const& subscription, bus::artifact_data const& artifact) {
  if (!artifact.routed || subscription.grouping == grouping::timer || !among(subscription.types, artifact.type)) return false;
  if (artifact.produced_by == agent.name && !subscription.self_trigger) return false;
  if (artifact.visible_to && !sees(agent, *artifact.visible_to)) return false;
  if (!subscription.from.empty() && !among(subscription.from, artifact.produced_by)) return false;
  bool const tagged = subscription.tagged.empty() || std::any_of(artifact.tags.begin(), artifact.tags.end(), [&](auto const& tag) { return among(subscription.tagged, tag); });
  return tagged && passes(agent.name, artifact);
}

std::string type_by(std::uint64_t bits, rule_set const& rules) {
  if (rules.has(rule::limit) && bits % 11 == 0) return "loop0";
  bool const even = (bits >> 8) % 2 == 0;
  if (rules.wider() && (bits >> 9) % 2 == 0) return even ? "u0" : "u1";
  return even ? "t0" : "t1";
}

std::shared_ptr<visibility const> visibility_by(std::uint64_t bits, timestamp from, rule_set const& rules) {
  visibility made;
  if (bits % 4 == 3) {
    switch (rules.has(rule::visibility) ? (bits >> 8) % 4 : 0) {
      case 0: made.agents = {"beta", "epsilon", "tenant", "pair"}; break;
      case 1: made.labels = {"red"}; break;
      case 2: made.labels = {"red", "blue"}; break;
      default: made.tenant = "acme";
    }
  }
  if (rules.has(rule::embargo) && (bits >> 16) % 5 == 0) made.not_before = from + std::chrono::milliseconds{(bits >> 24) % 3000};
  return made == visibility{} ? nullptr : std::make_shared<visibility const>(std::move(made));
}

std::vector<bus::child> children_of(std::string const& agent, std::vector<bus::artifact_ptr> const& inputs, std::uint32_t attempt, rule_set const& rules) {
  std::uint64_t id = 0;
  std::uint8_t depth = 255;
  for (auto const& one : inputs) {
    work const what = work_of(*one);
    id = inputs.size() == 1 ? what.id : mix(what.id ^ id, agent, 3);
    depth = std::min(depth, what.depth);
  }
  std::vector<bus::child> children;
  if (depth == 0) return children;
  auto const& newest = *newest_of(inputs);
  bool const loops = newest.type.starts_with("loop");
  // Those who take the wider types have few children: every artifact of these has many takers.
  std::uint64_t const count = loops ? 1 : newest.type[0] == 'u' ? mix(id, agent, 2) % 4 == 0 : mix(id, agent, 2) % 3;
  for (std::uint64_t i = 0; i < count; ++i) {
    work const what{static_cast<std::uint8_t>(depth - 1), mix(id, agent, 100 + i), attempt};
    bus::child made;
    made.type = loops ? newest.type == "loop0" ? "loop1" : "loop0" : type_by(what.id, rules);
    if (what.id & 2) made.tags.push_back("x");
    if (what.id & 4) made.tags.push_back("z");
    if (!loops) made.visible_to = visibility_by(mix(what.id, agent, 4), newest.created_at, rules);
    made.payload = to_payload(what);
    children.push_back(std::move(made));
  }
  return children;
}

}  // namespace skein::sim
