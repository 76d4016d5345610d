// skein bus dead list, requeue, drop
#include "bus.hpp"
#include "hub_client.hpp"
#include "text_table.hpp"
#include "time_argument.hpp"

namespace skein::cli {
namespace {

using nlohmann::json;

struct dead_options : hub_options {
  std::vector<std::string> ids;
  std::string agent;
  bool all = false;
};

void list(dead_options const& options, output& out) {
  auto answer = ask_hub(options.ledger, {{"request", "dead"}});
  if (!options.agent.empty()) {
    json kept = json::array();
    for (auto& one : answer) {
      if (one.value("agent", "") == options.agent) kept.push_back(std::move(one));
    }
    answer = std::move(kept);
  }
  if (options.json) return out.write(answer.dump(2) + '\n');
  text_table table{out, {"ACTIVATION", "DIED (UTC)", "AGENT", "INPUT", "ATTEMPT", "ERROR", "WHAT"}};
  for (auto const& one : answer) {
    table.add({text_of(one, "id"), moment_text(timestamp{std::chrono::nanoseconds{one.value("died_at", std::int64_t{0})}}), text_of(one, "agent"),
               text_of(one, "input_type"), text_of(one, "attempt"), text_of(one, "error_type"), text_of(one, "what")});
  }
  table.finish();
}

/// One request for each of the ids, or one for all that are meant.
void act(dead_options const& options, char const* request, char const* said, output& out) {
  std::uint64_t count = 0;
  auto const ask = [&](json what) {
    what["request"] = request;
    count += ask_hub(options.ledger, what).value("count", std::uint64_t{0});
  };
  for (auto const& id : options.ids) ask({{"id", id}});
  if (!options.agent.empty()) ask({{"agent", options.agent}});
  if (options.all) ask({{"all", true}});
  if (options.json) return out.write(json{{"count", count}}.dump() + '\n');
  out.write(std::to_string(count) + " activation(s) " + said + '\n');
}

void add_act(CLI::App& dead, output& out, char const* name, char const* what, char const* request, char const* said) {
  auto const options = std::make_shared<dead_options>();
  auto& command = *dead.add_subcommand(name, what);
  add_hub_options(command, *options);
  command.add_option("ID", options->ids, "Activations, as `skein bus dead list` shows them")->type_name("");
  command.add_option("--agent", options->agent, "All of this agent")->type_name("AGENT");
  command.add_flag("--all", options->all, "All");
  command.callback([=, &out] {
    int const ways = (options->ids.empty() ? 0 : 1) + (options->agent.empty() ? 0 : 1) + (options->all ? 1 : 0);
    if (ways != 1) throw CLI::ValidationError{"which ones", "give either IDs, or --agent AGENT, or --all"};
    act(*options, request, said, out);
  });
}

}  // namespace

void add_bus_dead(CLI::App& bus, output& out) {
  auto& dead = *bus.add_subcommand("dead", "Activations that failed for good: list them, try them again, forget them");
  dead.require_subcommand(1);
  auto const options = std::make_shared<dead_options>();
  auto& command = *dead.add_subcommand("list", "Show the dead activations, oldest first");
  add_hub_options(command, *options);
  command.add_option("--agent", options->agent, "Only of this agent")->type_name("AGENT");
  command.callback([options, &out] { list(*options, out); });
  add_act(dead, out, "requeue", "Open them again, their failures forgotten", "dead_requeue", "are open again");
  add_act(dead, out, "drop", "Forget them", "dead_drop", "dropped");
}

}  // namespace skein::cli
