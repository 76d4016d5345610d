// skein bus status, agents, hosts
#include "bus.hpp"
#include "hub_client.hpp"
#include "text_table.hpp"
#include "time_argument.hpp"

#include <skein/tracing/elapsed.hpp>

namespace skein::cli {
namespace {

using nlohmann::json;

/// Indented lines `name  value`, nested objects under their name.
void print_lines(json const& object, std::string const& indent, output& out) {
  for (auto const& [name, value] : object.items()) {
    if (value.is_object()) {
      out.write(indent + name + '\n');
      print_lines(value, indent + "  ", out);
    } else if (!value.is_null()) {
      std::string const padding(name.size() < 20 ? 20 - name.size() : 1, ' ');
      out.write(indent + name + padding + printable(text_of(object, name.c_str())) + '\n');
    }
  }
}

/// Why an agent does not start what it has, if somebody or something keeps it from it.
std::string state_of(json const& agent) {
  auto const breaker = agent.value("breaker", std::string{});
  std::string state = agent.value("paused", false) ? "paused" : "";
  if (breaker == "open" || breaker == "half_open") state += (state.empty() ? "" : ", ") + std::string{breaker == "open" ? "breaker open" : "breaker half open"};
  return state;
}

void print_agents(json const& agents, output& out) {
  text_table table{out, {"AGENT", "HOSTS", "READY", "LEASED", "RETRY", "BLOCKED", "DEAD", "STATE"}};
  for (auto const& one : agents) {
    table.add({text_of(one, "name"), text_of(one, "hosts"), text_of(one, "ready"), text_of(one, "leased"), text_of(one, "retry"), text_of(one, "blocked"),
               text_of(one, "dead"), state_of(one)});
  }
  table.finish();
}

void print_hosts(json const& hosts, output& out) {
  text_table table{out, {"HOST", "KEY", "AGENTS", "LEASES", "HEARD (UTC)", "STATE"}};
  for (auto const& one : hosts) {
    bool const local = one.value("local", false);
    auto const heard = timestamp{std::chrono::nanoseconds{one.value("heard", std::int64_t{0})}};
    table.add({text_of(one, "name"), text_of(one, "principal"), text_of(one, "agents"), text_of(one, "leases"), local ? "" : moment_text(heard),
               local ? "the hub itself" : one.value("draining", false) ? "draining" : "serving"});
  }
  table.finish();
}

void print_status(json const& status, output& out) { print_lines(status, "", out); }

void add_look(CLI::App& bus, output& out, char const* name, char const* what, void (*print)(json const&, output&)) {
  auto const options = std::make_shared<hub_options>();
  auto& command = *bus.add_subcommand(name, what);
  add_hub_options(command, *options);
  command.callback([=, &out] {
    auto const answer = ask_hub(options->ledger, {{"request", name}});
    if (options->json) return out.write(answer.dump(2) + '\n');
    print(answer, out);
  });
}

}  // namespace

void add_bus_look(CLI::App& bus, output& out) {
  add_look(bus, out, "status", "Show the counters of a running hub, its endpoints, its uptime", print_status);
  add_look(bus, out, "agents", "Show the agents that a running hub knows, who serves them, what they have open", print_agents);
  add_look(bus, out, "hosts", "Show the hosts that are connected to a running hub", print_hosts);
}

}  // namespace skein::cli
