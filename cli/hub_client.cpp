#include "hub_client.hpp"

#include <skein/orchestrator/control_client.hpp>

namespace skein::cli {

void add_hub_options(CLI::App& command, hub_options& options) {
  command.add_option("--ledger", options.ledger, "The hub's ledger file, or its control socket")->type_name("PATH")->capture_default_str();
  command.add_flag("--json", options.json, "Print JSON");
}

nlohmann::json ask_hub(std::string const& ledger, nlohmann::json const& request, std::optional<std::chrono::nanoseconds> timeout) {
  auto hub = control_client::connect(ledger);
  return nlohmann::json::parse(hub.value().request(request.dump(), timeout).value());
}

std::string text_of(nlohmann::json const& object, char const* member) {
  auto const found = object.find(member);
  if (found == object.end() || found->is_null()) return {};
  if (found->is_string()) return found->get<std::string>();
  if (!found->is_array()) return found->dump();
  std::string all;
  for (auto const& one : *found) all += (all.empty() ? "" : ", ") + (one.is_string() ? one.get<std::string>() : one.dump());
  return all;
}

}  // namespace skein::cli
