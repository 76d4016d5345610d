#include "hub_service.hpp"

#include "http_server.hpp"
#include "hub_client.hpp"
#include "metrics.hpp"
#include "wrong_setup.hpp"

#include <skein/agents/service_manager.hpp>
#include <skein/agents/stop_signals.hpp>
#include <skein/tracing/log.hpp>

#include <unistd.h>

namespace skein::cli {
namespace {

/// `sqlite:PATH`'s PATH; where the hub has its control socket otherwise.
std::string control_of(orchestrator_options const& options) {
  std::string_view const text = options.ledger;
  if (text.starts_with("sqlite:")) return std::string{text.substr(7)};
  for (auto const& endpoint : options.listen) {
    if (endpoint.starts_with("ipc://")) return endpoint.substr(6) + ".control";
  }
  return {};
}

void load_keys(hub_service_options& options) {
  if (options.key_file.empty() != options.allowed_folder.empty()) {
    throw wrong_setup{"the hub's secret key and the folder of allowed keys go together: give both (`skein bus keygen DIR` makes them) or neither"};
  }
  if (options.key_file.empty()) return;
  try {
    options.hub.keys = curve_keys::load(options.key_file, options.allowed_folder);
  } catch (error const& e) {
    throw wrong_setup{shown(e)};
  }
}

std::unique_ptr<http_server> open_http(std::string const& address, std::string const& control) {
  if (address.empty()) return nullptr;
  if (control.empty()) throw wrong_setup{"/metrics asks the hub through its control socket, and this one has none; use a ledger file, or listen at an ipc:// endpoint too"};
  return checked_setup([&] { return http_server::open(address, hub_pages(control)).value(); });
}

/// Until a signal comes; meanwhile the watchdog hears that this thread lives and the hub answers.
void wait_for_the_end(agents::stop_signals& signals, agents::service_manager const& systemd, std::string const& control) {
  auto const interval = systemd.watchdog_interval();
  while (signals.received() == 0) {
    auto const until = interval ? std::optional{std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(*interval)} : std::nullopt;
    signals.wait(until);
    if (!interval || signals.received() != 0) continue;
    try {
      if (!control.empty()) (void)ask_hub(control, {{"request", "status"}}, *interval);
      systemd.alive();
    } catch (std::exception const& e) {
      log_warn(std::string{"the hub does not answer: "} + e.what());
    }
  }
}

}  // namespace

void run_hub_service(hub_service_options options, output& out, when_listening const& then) {
  if (::geteuid() == 0) log_warn("running as root; a hub needs no privileges, give it a user of its own");
  load_keys(options);
  auto const control = control_of(options.hub);
  auto const systemd = agents::service_manager::from_environment();
  auto const signals = agents::stop_signals::install().value();
  auto const hub = checked_setup([&] { return std::make_unique<orchestrator>(options.hub); });
  auto const http = open_http(options.http, control);
  std::string where;
  for (auto const& endpoint : hub->endpoints()) {
    out.write(endpoint + '\n');
    where += (where.empty() ? "" : ", ") + endpoint;
  }
  if (http) out.write("http://" + http->address() + '\n');
  out.flush();
  auto const workers = then ? checked_setup([&] { return then(*hub, *signals); }) : std::vector<launched>{};
  if (signals->received() == 0) systemd.ready("serving on " + where);
  wait_for_the_end(*signals, systemd, control);
  systemd.stopping("stopping");
}

}  // namespace skein::cli
