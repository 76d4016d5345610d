// skein bus serve, exporter
#include "bus.hpp"
#include "duration_argument.hpp"
#include "http_server.hpp"
#include "hub_service.hpp"
#include "metrics.hpp"
#include "wrong_setup.hpp"

#include <skein/agents/service_manager.hpp>
#include <skein/agents/stop_signals.hpp>

namespace skein::cli {
namespace {

struct serve_options : hub_service_options {
  std::string ledger = ".skein/ledger.db", traces = ".skein/traces.db";
};

void serve(serve_options options, output& out) {
  options.hub.ledger = options.ledger == "memory:" ? options.ledger : "sqlite:" + options.ledger;
  options.hub.traces = options.traces == "none" ? options.traces : "sqlite:" + options.traces;
  if (options.hub.listen.empty()) options.hub.listen = {"ipc://.skein/hub.sock"};
  options.hub.worker_threads = 1;   // the hub has no agents: one thread sees to commits and timers
  run_hub_service(std::move(options), out, {});
}

void export_metrics(std::string const& address, std::string const& hub, output& out) {
  auto const systemd = agents::service_manager::from_environment();
  auto const signals = agents::stop_signals::install().value();
  auto const http = checked_setup([&] { return http_server::open(address, hub_pages(hub)).value(); });
  out.write("http://" + http->address() + '\n');
  out.flush();
  systemd.ready();
  while (signals->received() == 0) signals->wait({});
  systemd.stopping();
}

}  // namespace

void add_bus_serve(CLI::App& bus, output& out) {
  auto const options = std::make_shared<serve_options>();
  auto& command = *bus.add_subcommand("serve", "Run a hub that has no agents of its own, until SIGTERM");
  command.add_option("--listen", options->hub.listen, "Where workers connect: ipc://PATH, tcp://ADDRESS:PORT; may be given several times (default: ipc://.skein/hub.sock)")
      ->type_name("ENDPOINT");
  command.add_option("--key", options->key_file, "The hub's .key_secret file (skein bus keygen makes it); needed for tcp off loopback")->type_name("FILE");
  command.add_option("--allowed", options->allowed_folder, "The folder of public keys that may connect; goes with --key")->type_name("DIR");
  command.add_option("--ledger", options->ledger, "The ledger file, or memory:")->type_name("PATH")->capture_default_str();
  command.add_option("--traces", options->traces, "The traces file, or none")->type_name("PATH")->capture_default_str();
  command.add_option("--http", options->http, "Serve /healthz, /readyz and /metrics here; a port alone is on 127.0.0.1")->type_name("ADDRESS:PORT");
  add_duration(command, "--lease", options->hub.lease, "A lease that no beat lists for this long is lost (default 30s)");
  add_duration(command, "--grace", options->hub.grace, "How long work waits for a worker that vanished (default 10s)");
  command.callback([options, &out] { serve(*options, out); });
}

void add_bus_exporter(CLI::App& bus, output& out) {
  struct exporter_options {
    std::string address = "127.0.0.1:9464", hub = ".skein/ledger.db";
  };
  auto const options = std::make_shared<exporter_options>();
  auto& command = *bus.add_subcommand("exporter", "Serve /healthz, /readyz and /metrics for a running hub, beside it, until SIGTERM");
  command.add_option("--http", options->address, "Where; a port alone is on 127.0.0.1")->type_name("ADDRESS:PORT")->capture_default_str();
  command.add_option("--ledger", options->hub, "The hub's ledger file, or its control socket")->type_name("PATH")->capture_default_str();
  command.callback([options, &out] { export_metrics(options->address, options->hub, out); });
}

}  // namespace skein::cli
