#include "cast.hpp"

#include <stdexcept>
#include <unordered_map>

namespace skein::sim {

namespace {

enum class place { local, local_grown, remote_even, remote_odd, remote_grown, local_and_remote_even };

struct role {
  agent_descriptor agent;
  place where = place::local;
  std::optional<rule> of;                // nullopt: in every seed
};

subscription_descriptor takes(std::uint32_t ordinal, std::string type) {
  subscription_descriptor made;
  made.ordinal = ordinal;
  made.types = {std::move(type)};
  return made;
}

subscription_descriptor groups(grouping how, std::vector<std::string> types, std::chrono::nanoseconds within = {}, std::uint64_t within_count = 0) {
  subscription_descriptor made;
  made.types = std::move(types);
  made.grouping = how;
  if (how == grouping::join) made.keys.assign(made.types.size(), "k");
  made.within = within;
  made.within_count = within_count;
  return made;
}

subscription_descriptor gathers(subscription_descriptor made, std::uint32_t most, std::chrono::nanoseconds age) {
  made.batch_max = most;
  made.batch_age = age;
  return made;
}

subscription_descriptor everywhere(subscription_descriptor made) {
  made.across_runs = true;
  return made;
}

subscription_descriptor asks(subscription_descriptor made) {
  made.has_predicate = true;
  return made;
}

subscription_descriptor competes(subscription_descriptor made) {
  made.exclusive = "race";
  return made;
}

subscription_descriptor filters(subscription_descriptor made, std::string type, field_expression where) {
  made.filters.push_back({std::move(type), std::move(where)});
  return made;
}

subscription_descriptor every(std::chrono::nanoseconds period) {
  subscription_descriptor made = takes(0, "skein.tick");
  made.grouping = grouping::timer;
  made.timer.every = period;
  return made;
}

agent_descriptor agent(std::string name, std::vector<subscription_descriptor> subscriptions, retry_policy retry = {}, agent_rules rules = {}) {
  agent_descriptor made;
  made.name = std::move(name);
  made.subscriptions = std::move(subscriptions);
  made.retry = retry;
  made.rules = std::move(rules);
  return made;
}

retry_policy stubborn(std::uint32_t attempts) { return {.attempts_max = attempts, .losses_max = 20, .backoff_initial = 20ms}; }

agent_rules only(auto&& set) {
  agent_rules made;
  set(made);
  return made;
}

std::vector<role> old_mix() {
  auto tagged = takes(0, "t1"), from_alpha = takes(1, "t0"), own = takes(0, "t0");
  tagged.tagged = {"x", "y"};
  from_alpha.from = {"alpha", "delta"};
  own.tagged = {"x"};
  own.self_trigger = true;
  return {
      {agent("alpha", {takes(0, "t0")}, {.attempts_max = 3, .backoff_initial = 50ms, .backoff_max = 1s, .jitter = 0.5}), place::local_and_remote_even, {}},
      {agent("beta", {tagged, from_alpha}), place::local, {}},
      {agent("gamma", {asks(takes(0, "t1"))}, {.attempts_max = 2, .backoff_initial = 1ms}), place::local, {}},
      {agent("watch", {takes(0, "skein.failure"), takes(1, "skein.expired")}), place::local, {}},
      {agent("late", {takes(0, "t0")}, {.attempts_max = 2, .losses_max = 1}), place::local_grown, {}},
      {agent("delta", {asks(takes(0, "t1"))}, {.attempts_max = 2, .losses_max = 8, .backoff_initial = 200ms, .jitter = 1.0}), place::remote_even, {}},
      {agent("epsilon", {own, takes(1, "t1")}, {.attempts_max = 4, .losses_max = 7, .backoff_initial = 10ms, .backoff_factor = 3}), place::remote_odd, {}},
      {agent("late_remote", {takes(0, "t1")}, {.losses_max = 3}), place::remote_grown, {}},
  };
}

void add_groups(std::vector<role>& all) {
  auto const ab = std::vector<std::string>{"u0", "u1"};
  all.push_back({agent("pair", {groups(grouping::all, ab)}, stubborn(2)), place::local, rule::all_of});
  all.push_back({agent("twins", {groups(grouping::all, {"u0", "u0"})}), place::local, rule::all_of});
  all.push_back({agent("pair_remote", {groups(grouping::all, {"u1", "u0", "u1"}, 5s)}, stubborn(3)), place::remote_odd, rule::all_of});
  all.push_back({agent("pair_picky", {asks(groups(grouping::all, ab, 8s))}), place::local, rule::all_of});
  all.push_back({agent("join_time", {groups(grouping::join, ab, 2s)}, stubborn(2)), place::local, rule::join});
  all.push_back({agent("join_count", {groups(grouping::join, ab, {}, 4)}, stubborn(2)), place::remote_even, rule::join});
  auto by_lambda = asks(groups(grouping::join, ab, 6s));
  by_lambda.keys.clear();
  all.push_back({agent("join_lambda", {by_lambda}), place::local, rule::join});
  all.push_back({agent("batch_size", {gathers(takes(0, "u0"), 3, {})}), place::local, rule::batch});
  all.push_back({agent("batch_age", {gathers(takes(0, "u1"), 4, 1500ms)}, stubborn(2)), place::remote_odd, rule::batch});
  all.push_back({agent("batch_join", {gathers(groups(grouping::join, ab, 5s), 2, 4s)}), place::local, rule::batch});
  all.push_back({agent("pair_across", {everywhere(groups(grouping::all, ab, 3s))}), place::local, rule::across_runs});
  all.push_back({agent("batch_across", {everywhere(gathers(takes(0, "u0"), 5, 3s))}, stubborn(3)), place::remote_even, rule::across_runs});
  all.push_back({agent("join_across", {everywhere(groups(grouping::join, ab, {}, 10))}), place::local, rule::across_runs});
}

void add_matching(std::vector<role>& all) {
  all.push_back({agent("filtered", {filters(takes(0, "u0"), "u0", field("k") < 2 && field("d") >= 1)}), place::local, rule::filter});
  all.push_back({agent("filtered_remote", {filters(groups(grouping::all, {"u0", "u1"}, 6s), "u1", !(field("k") == 1) && field("k").exists())}), place::remote_even, rule::filter});
  all.push_back({agent("labelled", {takes(0, "u0")}, {}, only([](auto& r) { r.labels = {"red", "blue"}; })), place::local, rule::visibility});
  all.push_back({agent("tenant", {takes(0, "u1"), [] {
                   auto both = groups(grouping::all, {"u0", "u1"});
                   both.ordinal = 1;
                   return both;
                 }()}, stubborn(2), only([](auto& r) { r.tenant = "acme", r.labels = {"red"}; })), place::remote_odd, rule::visibility});
  all.push_back({agent("racer_a", {competes(takes(0, "u1"))}, stubborn(2)), place::local, rule::exclusive});
  all.push_back({agent("racer_b", {competes(asks(takes(0, "u1")))}, stubborn(2)), place::local, rule::exclusive});
  all.push_back({agent("racer_remote", {competes(takes(0, "u1"))}, stubborn(2)), place::remote_odd, rule::exclusive});
  all.push_back({agent("racer_asks", {competes(asks(takes(0, "u1")))}, stubborn(2)), place::remote_even, rule::exclusive});
}

void add_scheduling(std::vector<role>& all) {
  auto const breaks = only([](auto& r) { r.breaker = {.failures = 2, .open_for = 700ms}; });
  auto const paced = only([](auto& r) { r.rate = {.activations = 2, .per = 500ms}; });
  auto const timed = only([](auto& r) { r.deadline = 250ms; });
  all.push_back({agent("fragile", {takes(0, "u0")}, stubborn(6), breaks), place::local, rule::breaker});
  all.push_back({agent("fragile_remote", {takes(0, "u1")}, stubborn(6), breaks), place::remote_even, rule::breaker});
  all.push_back({agent("slow", {takes(0, "u0")}, stubborn(2), paced), place::local, rule::rate});
  all.push_back({agent("slow_remote", {takes(0, "u1")}, stubborn(2), paced), place::remote_odd, rule::rate});
  all.push_back({agent("timely", {takes(0, "u0")}, stubborn(3), timed), place::local, rule::deadline});
  all.push_back({agent("timely_remote", {takes(0, "u1")}, stubborn(4), timed), place::remote_even, rule::deadline});
  all.push_back({agent("ping", {takes(0, "loop0")}, stubborn(3), only([](auto& r) { r.activations_max_per_workflow = 3; })), place::local, rule::limit});
  all.push_back({agent("pong", {takes(0, "loop1")}, stubborn(3)), place::local, rule::limit});
  all.push_back({agent("clock", {every(1300ms)}, stubborn(3)), place::local, rule::timer});
  all.push_back({agent("clock_remote", {every(900ms)}, stubborn(3)), place::remote_even, rule::timer});
}

std::vector<role> const& all_roles() {
  static std::vector<role> const all = [] {
    auto made = old_mix();
    add_groups(made);
    add_matching(made);
    add_scheduling(made);
    return made;
  }();
  return all;
}

role const& role_of(std::string const& name) {
  static std::unordered_map<std::string, role const*> const by_name = [] {
    std::unordered_map<std::string, role const*> made;
    for (auto const& one : all_roles()) made.emplace(one.agent.name, &one);
    return made;
  }();
  auto const found = by_name.find(name);
  if (found == by_name.end()) throw std::logic_error{"no agent is called " + name};
  return *found->second;
}

bool takes_part(role const& one, rule_set const& rules) { return !one.of || rules.has(*one.of); }

}  // namespace

std::vector<agent_descriptor> local_agents(rule_set const& rules, bool grown) {
  std::vector<agent_descriptor> all;
  for (auto const& one : all_roles()) {
    bool const here = one.where == place::local || one.where == place::local_and_remote_even || (grown && one.where == place::local_grown);
    if (here && takes_part(one, rules)) all.push_back(one.agent);
  }
  return all;
}

std::vector<agent_descriptor> remote_agents(rule_set const& rules, std::size_t index, bool grown) {
  // Hosts 0 and 2 share one agent with the hub's own host, 1 and 3 are alone with theirs.
  std::vector<agent_descriptor> all;
  for (auto const& one : all_roles()) {
    bool const here = (index % 2 == 0 && (one.where == place::remote_even || one.where == place::local_and_remote_even)) ||
                      (index % 2 == 1 && one.where == place::remote_odd) || (grown && one.where == place::remote_grown);
    if (here && takes_part(one, rules)) all.push_back(one.agent);
  }
  return all;
}

std::vector<agent_descriptor const*> cast_of(rule_set const& rules) {
  std::vector<agent_descriptor const*> all;
  for (auto const& one : all_roles()) {
    if (takes_part(one, rules)) all.push_back(&one.agent);
  }
  return all;
}

agent_descriptor const& agent_named(std::string const& name) { return role_of(name).agent; }

bool is_local(std::string const& agent) {
  auto const where = role_of(agent).where;
  return where == place::local || where == place::local_grown;
}

double failing_of(std::string const& agent, double usual) { return role_of(agent).of == rule::breaker ? 0.5 : usual; }

}  // namespace skein::sim
