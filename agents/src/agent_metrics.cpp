#include <skein/agents/agent_metrics.hpp>

#include <cstdio>
#include <mutex>
#include <utility>

namespace skein {
namespace {

using steady = std::chrono::steady_clock;

/// An attempt, so that its end finds its beginning.
using attempt_name = std::pair<std::string, std::uint32_t>;

std::string label(std::string const& text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string seconds(std::chrono::nanoseconds duration) {
  char text[32];
  int const size = std::snprintf(text, sizeof text, "%.9f", std::chrono::duration<double>{duration}.count());
  return {text, static_cast<std::size_t>(size)};
}

/// One metric: its head, and a sample for each agent.
struct metric_text {
  std::string& to;
  std::map<std::string, agent_numbers> const& all;

  template <class Value>
  void add(std::string const& name, char const* type, char const* help, std::initializer_list<std::pair<char const*, Value>> samples) const {
    to += "# HELP " + name + ' ' + help + "\n# TYPE " + name + ' ' + type + '\n';
    for (auto const& [agent, numbers] : all) {
      for (auto const& [labels, value] : samples) to += name + "{agent=" + label(agent) + labels + "} " + value(numbers) + '\n';
    }
  }
};

}  // namespace

struct agent_metrics::memory {
  void end(context const& ctx, std::uint64_t agent_numbers::*outcome, std::size_t published) {
    auto const now = steady::now();
    std::lock_guard const held{mutex};
    auto& numbers = agents[ctx.agent()];
    ++(numbers.*outcome);
    numbers.published += published;
    auto const begun = running.extract({ctx.idempotency_key(), ctx.attempt()});
    if (begun.empty()) return;
    --numbers.running;
    numbers.duration += now - begun.mapped();
    numbers.duration_max = std::max<std::chrono::nanoseconds>(numbers.duration_max, now - begun.mapped());
  }

  mutable std::mutex mutex;
  std::map<std::string, agent_numbers> agents;
  std::map<attempt_name, steady::time_point> running;
};

agent_metrics::agent_metrics() : memory_(std::make_shared<memory>()) {}

std::map<std::string, agent_numbers> agent_metrics::all() const {
  std::lock_guard const held{memory_->mutex};
  return memory_->agents;
}

agent_numbers agent_metrics::of(std::string const& agent) const {
  std::lock_guard const held{memory_->mutex};
  auto const found = memory_->agents.find(agent);
  return found == memory_->agents.end() ? agent_numbers{} : found->second;
}

std::string agent_metrics::prometheus() const {
  using value = std::string (*)(agent_numbers const&);
  auto const numbers = all();
  std::string text;
  metric_text const to{text, numbers};
  to.add<value>("skein_agent_attempts_total", "counter", "Attempts that have ended.",
                {{",outcome=\"ok\"", [](agent_numbers const& n) { return std::to_string(n.succeeded); }},
                 {",outcome=\"failed\"", [](agent_numbers const& n) { return std::to_string(n.failed); }}});
  to.add<value>("skein_agent_outputs_total", "counter", "Artifacts that attempts have published.", {{"", [](agent_numbers const& n) { return std::to_string(n.published); }}});
  to.add<value>("skein_agent_duration_seconds_total", "counter", "Time that attempts have taken.", {{"", [](agent_numbers const& n) { return seconds(n.duration); }}});
  to.add<value>("skein_agent_duration_seconds_max", "gauge", "Time that the longest attempt has taken.", {{"", [](agent_numbers const& n) { return seconds(n.duration_max); }}});
  to.add<value>("skein_agent_running", "gauge", "Attempts that run.", {{"", [](agent_numbers const& n) { return std::to_string(n.running); }}});
  return text;
}

void agent_metrics::on_pre_consume(context& ctx) {
  std::lock_guard const held{memory_->mutex};
  if (memory_->running.insert_or_assign({ctx.idempotency_key(), ctx.attempt()}, steady::now()).second) ++memory_->agents[ctx.agent()].running;
}

void agent_metrics::on_post_publish(context& ctx, outputs const& made) { memory_->end(ctx, &agent_numbers::succeeded, made.size()); }

void agent_metrics::on_error(context& ctx, failure const&) { memory_->end(ctx, &agent_numbers::failed, 0); }

}  // namespace skein
