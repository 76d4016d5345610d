#include "publish.hpp"

#include "duration_argument.hpp"
#include "hub_client.hpp"
#include "wrong_setup.hpp"

#include <skein/registry/error.hpp>

#include <fstream>
#include <iostream>
#include <iterator>

namespace skein::cli {
namespace {

using nlohmann::json;

struct publish_options : hub_options {
  std::string type, payload, correlation, idempotency_key;
  std::uint32_t version = 0;
  std::vector<std::string> tags;
  bool wait = false;
  std::chrono::nanoseconds timeout{0};
};

/// The text itself, or @FILE, or - for standard input.
std::string read_payload(std::string const& argument) {
  if (argument == "-") return {std::istreambuf_iterator<char>{std::cin}, {}};
  if (!argument.starts_with('@')) return argument;
  std::ifstream in{argument.substr(1), std::ios::binary};
  if (!in) throw error{errc::io_failed, "cannot be read", argument.substr(1)};
  return {std::istreambuf_iterator<char>{in}, {}};
}

json request_of(publish_options const& options) {
  json request{{"request", "publish"}, {"type", options.type}, {"wait", options.wait}};
  try {
    request["payload"] = json::parse(read_payload(options.payload));
  } catch (json::parse_error const& e) {
    throw wrong_setup{"--json takes JSON, @FILE, or - for standard input; this is no JSON from byte " + std::to_string(e.byte) + " on"};
  }
  if (options.version > 0) request["version"] = options.version;
  if (!options.tags.empty()) request["tags"] = options.tags;
  if (!options.correlation.empty()) request["correlation"] = options.correlation;
  if (!options.idempotency_key.empty()) request["idempotency_key"] = options.idempotency_key;
  if (options.wait && options.timeout.count() > 0) request["timeout_s"] = static_cast<double>(options.timeout.count()) / 1e9;
  return request;
}

/// Whether everything that it caused is done.
bool is_done(json const& report) { return report["reason"] == "idle" && report["failures"].empty() && report["blocked"].empty(); }

void print_report(json const& answer, output& out) {
  json const& report = answer["report"];
  out.write("run " + text_of(answer, "run") + ": " + text_of(report, "reason") + ", " + text_of(report, "activations") + " activation(s)\n");
  for (auto const& one : report["failures"]) {
    out.write("failed: " + text_of(one, "agent") + ": " + printable(text_of(one, "error_type") + ": " + text_of(one, "what")) + '\n');
  }
  for (auto const& one : report["blocked"]) {
    out.write("blocked: " + text_of(one, "agent") + ": " + printable(text_of(one, "reason")) + " (" + text_of(one, "count") + ")\n");
  }
}

void publish(publish_options const& options, output& out) {
  auto const patience = options.wait ? std::nullopt : std::optional<std::chrono::nanoseconds>{std::chrono::minutes{1}};
  auto const answer = ask_hub(options.ledger, request_of(options), patience);
  out.write((options.json ? answer.dump() : text_of(answer, "id")) + '\n');
  if (!answer.contains("report")) return;
  if (!options.json) print_report(answer, out);
  if (!is_done(answer["report"])) throw publish_failed{};
}

}  // namespace

void add_publish(CLI::App& root, output& out) {
  auto const options = std::make_shared<publish_options>();
  auto& command = *root.add_subcommand("publish", "Put an artifact on the board of a running hub");
  command.add_option("TYPE", options->type, "Name of the artifact's type, pizza.idea say")->type_name("")->required();
  command.add_option("--json", options->payload, "The payload: JSON text, @FILE, or - for standard input")->type_name("JSON")->required();
  command.add_option("--version", options->version, "Version of the type; default: what the hub knows, or 1")->type_name("N");
  command.add_option("--tag", options->tags, "A tag; may be given several times")->type_name("TAG");
  command.add_option("--correlation", options->correlation, "Which artifacts it may meet in joins and batches")->type_name("ID");
  command.add_option("--idempotency-key", options->idempotency_key, "Published once, however often this is repeated")->type_name("KEY");
  command.add_flag("--wait", options->wait, "Wait until everything that it causes is done; exit code 1 when something failed, is served by no host, or the time is over");
  add_duration(command, "--timeout", options->timeout, "How long to wait; default: as long as it takes");
  command.add_option("--ledger", options->ledger, "The hub's ledger file, or its control socket")->type_name("PATH")->capture_default_str();
  command.add_flag("--print-json", options->hub_options::json, "Print the answer as JSON");
  command.callback([options, &out] { publish(*options, out); });
}

}  // namespace skein::cli
