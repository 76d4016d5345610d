// skein bus pause, resume, cancel, drain, forget, backup, reload-keys
#include "bus.hpp"
#include "hub_client.hpp"

#include <filesystem>

namespace skein::cli {
namespace {

using nlohmann::json;

struct care_options : hub_options {
  std::string argument;
};

/// A subcommand that sends one request and prints one sentence.
template <class Request, class Sentence>
CLI::App& add_care(CLI::App& bus, output& out, std::shared_ptr<care_options> const& options, char const* name, char const* what, Request request,
                   Sentence sentence) {
  auto& command = *bus.add_subcommand(name, what);
  add_hub_options(command, *options);
  command.callback([=, &out] {
    auto const answer = ask_hub(options->ledger, request(options->argument), std::nullopt);
    out.write(options->json ? answer.dump() + '\n' : sentence(options->argument, answer) + '\n');
  });
  return command;
}

}  // namespace

void add_bus_care(CLI::App& bus, output& out) {
  auto const drain = std::make_shared<care_options>();
  add_care(
      bus, out, drain, "drain", "Tell workers to finish what they hold and leave",
      [](std::string const& host) { return json{{"request", "drain"}, {"host", host}}; },
      [](std::string const& host, json const&) { return host.empty() ? std::string{"all workers were told to leave"} : host + " was told to leave"; })
      .add_option("HOST", drain->argument, "One of `skein bus hosts`; default: all workers")
      ->type_name("");

  auto const aim = [&](char const* name, char const* what, char const* request, auto sentence) {
    auto const options = std::make_shared<care_options>();
    add_care(
        bus, out, options, name, what, [request](std::string const& target) { return json{{"request", request}, {"target", target}}; }, sentence)
        .add_option("AGENT|RUN", options->argument, "One of `skein bus agents`, or a run's id as `skein traces list --json` shows it")
        ->type_name("")
        ->required();
  };
  aim("pause", "Start nothing of an agent or of a run until it is resumed; what runs goes on", "pause",
      [](std::string const& target, json const&) { return target + " is paused"; });
  aim("resume", "Go on with an agent or a run that was paused", "resume", [](std::string const& target, json const&) { return target + " goes on"; });
  aim("cancel", "End the open work of an agent or of a run as cancelled", "cancel",
      [](std::string const& target, json const& answer) { return target + ": " + text_of(answer, "count") + " activation(s) cancelled"; });

  auto const forget = std::make_shared<care_options>();
  add_care(
      bus, out, forget, "forget", "Forget an agent that nobody will start again: it gets no more work, what it has open is dropped",
      [](std::string const& agent) { return json{{"request", "forget"}, {"agent", agent}}; },
      [](std::string const& agent, json const& answer) { return agent + " is forgotten; " + text_of(answer, "count") + " activation(s) dropped"; })
      .add_option("AGENT", forget->argument, "One of `skein bus agents` that no host serves")
      ->type_name("")
      ->required();

  auto const backup = std::make_shared<care_options>();
  add_care(
      bus, out, backup, "backup", "Copy the ledger of a running hub into a file, consistently, while it works",
      [](std::string const& path) { return json{{"request", "backup"}, {"path", std::filesystem::absolute(path).string()}}; },
      [](std::string const& path, json const& answer) { return path + ": " + text_of(answer, "bytes") + " bytes"; })
      .add_option("FILE", backup->argument, "Where to; must not be there yet")
      ->type_name("")
      ->required();

  auto const keys = std::make_shared<care_options>();
  add_care(
      bus, out, keys, "reload-keys", "Make a hub read its folder of allowed keys at once (it sees changes by itself within seconds)",
      [](std::string const&) { return json{{"request", "reload_keys"}}; }, [](std::string const&, json const&) { return std::string{"the folder of allowed keys is read again"}; });
}

}  // namespace skein::cli
