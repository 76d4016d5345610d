#include <skein/agents/check_agent.hpp>

#include <skein/agents/agent.hpp>
#include <skein/registry/cron.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace skein::agents {

namespace {

error cannot_be(std::string what, std::string const& agent) { return {errc::invalid_argument, std::move(what), agent}; }

/// Types whose artifacts the board makes by itself: nobody's thread brings them, so nobody can ask a lambda about them before they are placed.
bool is_of_the_board(std::string const& type) {
  static constexpr std::array own{"skein.failure", "skein.expired", "skein.tick"};
  return std::find(own.begin(), own.end(), type) != own.end();
}

bool has_code_keys(subscription_descriptor const& of) { return of.grouping == grouping::join && of.keys.empty(); }

/// What cannot be right about how groups and batches are made; empty when all is well.
std::string problem_of_group(subscription_descriptor const& of) {
  bool const groups = of.grouping == grouping::all || of.grouping == grouping::join;
  if (groups && of.types.size() < 2) return "a group has at least two types; subscribe to a single one with when<T>()";
  if (!groups && of.types.size() != 1) return "several types form groups; use when<A, B>()";
  if (of.grouping == grouping::join ? !of.keys.empty() && of.keys.size() != of.types.size() : !of.keys.empty()) {
    return "a join has one key for each of its types, and nothing else has keys; use join_by(…)";
  }
  for (std::size_t i = 0; i < of.keys.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (of.types[i] == of.types[j] && of.keys[i] != of.keys[j]) return "join_by() gives " + of.types[i] + " two keys; a type that stands twice has the same key twice";
    }
  }
  if (!groups && (of.within.count() != 0 || of.within_count != 0)) return "within() is for groups; single artifacts do not wait, batches have an age";
  if (of.within.count() < 0) return "within() cannot be below 0";
  if (of.batch_max == 0 && of.batch_age.count() != 0) return "a batch has a size above 0; use batch(size, age)";
  if (of.batch_age.count() < 0) return "the age of a batch cannot be below 0; 0 waits for the size however long it takes";
  if (!of.exclusive.empty() && of.is_grouped()) return "exclusive() is for single artifacts; let one agent form the group and publish what comes of it";
  if (of.is_grouped() && (of.has_predicate || has_code_keys(of))) {
    auto const own = std::find_if(of.types.begin(), of.types.end(), is_of_the_board);
    if (own != of.types.end()) return "a lambda in a group or batch is not asked about " + *own + ", which the board publishes; use skein::field conditions and keys";
  }
  return {};
}

std::string problem_of_timer(subscription_descriptor const& of) {
  auto const& timer = of.timer;
  int const set = (timer.every.count() != 0 ? 1 : 0) + (timer.at.time_since_epoch().count() != 0 ? 1 : 0) + (timer.cron.empty() ? 0 : 1);
  if (of.grouping != grouping::timer) return set == 0 ? std::string{} : "only timers have a schedule; use every(), at() or cron()";
  if (set != 1) return "a timer has a period, a time or a cron line; give every() a duration above 0, at() a time, cron() five fields";
  if (timer.every.count() < 0) return "every() needs a duration above 0";
  if (!timer.cron.empty()) {
    if (auto const read = parse_cron(timer.cron); !read) return "cron(\"" + timer.cron + "\"): " + read.error().message();
  }
  if (of.batch_max != 0 || !of.exclusive.empty()) return "ticks come one by one; leave out batch() and exclusive()";
  return {};
}

std::string problem_of_filters(subscription_descriptor const& of) {
  for (auto const& filter : of.filters) {
    if (std::find(of.types.begin(), of.types.end(), filter.type) == of.types.end()) return "where() is about " + filter.type + ", which it does not take";
    if (auto const ok = check(filter.where); !ok) return "where(" + to_string(filter.where) + "): " + ok.error().message();
  }
  return {};
}

std::string problem_of(subscription_descriptor const& one) {
  if (one.types.empty()) return "it takes no type; use when<T>()";
  for (auto* const look : {&problem_of_timer, &problem_of_group, &problem_of_filters}) {
    if (auto problem = look(one); !problem.empty()) return problem;
  }
  return {};
}

std::string problem_of_rules(agent_rules const& rules) {
  for (auto const& label : rules.labels) {
    if (!is_name(label)) return "a label must be 1 to 255 printable ASCII characters without spaces; \"" + label + "\" is not";
  }
  if (rules.deadline.count() < 0) return "deadline() needs a time above 0; leave it out for attempts that may take as long as they take";
  if (rules.breaker.failures > 0 && rules.breaker.open_for.count() <= 0) return "breaker.open_for must be above 0, or the breaker would never hold anything back";
  if (rules.rate.activations > 0 && rules.rate.per.count() <= 0) return "rate_limit.per must be above 0";
  return {};
}

std::string name_of(subscription_descriptor const& one) {
  std::string name = "subscription " + std::to_string(one.ordinal) + " (";
  for (auto const& type : one.types) name += (&type == &one.types.front() ? "" : ", ") + type;
  return name + ")";
}

}  // namespace

bool is_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

result<void> check_agent(agent_descriptor const& what) {
  if (!is_name(what.name)) return cannot_be("an agent's name must be 1 to 255 printable ASCII characters without spaces", what.name);
  if (what.max_concurrency == 0) return cannot_be("max_concurrency must be at least 1", what.name);
  if (what.retry.attempts_max == 0) return cannot_be("retry.attempts_max must be at least 1", what.name);
  if (auto problem = problem_of_rules(what.rules); !problem.empty()) return cannot_be(std::move(problem), what.name);
  for (auto const& one : what.subscriptions) {
    if (auto const problem = problem_of(one); !problem.empty()) return cannot_be(name_of(one) + ": " + problem, what.name);
  }
  return {};
}

result<void> check_agent(agent const& what) {
  auto const& descriptor = what.descriptor();
  if (auto ok = check_agent(descriptor); !ok) return ok;
  if (!what.problem().empty()) return cannot_be(what.problem(), descriptor.name);
  if (what.candidates() == 0) return cannot_be("best_of() needs at least one candidate", descriptor.name);
  for (std::size_t i = 0; i < what.reactions().size(); ++i) {
    if (what.reactions()[i].handler) continue;
    return cannot_be(name_of(descriptor.subscriptions[i]) + ": nothing handles what it takes; put .engine(…) after .consumes(…)", descriptor.name);
  }
  return {};
}

result<void> check_remote_agent(agent const& what) {
  if (auto ok = check_agent(what); !ok) return ok;
  for (auto const& one : what.descriptor().subscriptions) {
    if (!one.is_grouped() || (!one.has_predicate && !has_code_keys(one))) continue;
    return cannot_be(name_of(one) + ": the hub forms groups and batches and has no lambdas of a worker; use skein::field in where(), and fields or pointers to members in join_by()",
                     what.descriptor().name);
  }
  return {};
}

}  // namespace skein::agents
