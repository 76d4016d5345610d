#include <skein/orchestrator/launch.hpp>

#include "launched_state.hpp"
#include "orchestrator_state.hpp"

#include <skein/agents/check_agent.hpp>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

namespace skein {

namespace {

/// What a worker on this machine connects to.
std::string reachable(std::string const& endpoint) {
  constexpr std::string_view ipc = "ipc://", tcp = "tcp://";
  if (endpoint.starts_with(ipc)) {
    std::error_code failed;
    auto const path = std::filesystem::absolute(endpoint.substr(ipc.size()), failed);
    return failed ? endpoint : std::string{ipc} + path.string();
  }
  auto const port = endpoint.rfind(':');
  auto const address = endpoint.substr(tcp.size(), port - tcp.size());
  bool const any = address == "0.0.0.0" || address == "*" || address == "[::]";
  return any ? std::string{tcp} + (address == "[::]" ? "[::1]" : "127.0.0.1") + endpoint.substr(port) : endpoint;
}

std::string endpoint_for_workers(std::vector<std::string> const& endpoints) {
  auto const local = std::find_if(endpoints.begin(), endpoints.end(), [](auto const& one) { return one.starts_with("ipc://"); });
  return reachable(local == endpoints.end() ? endpoints.front() : *local);
}

void set_variable(std::vector<std::string>& all, std::string const& name, std::string const& value) {
  std::erase_if(all, [&](auto const& one) { return one.starts_with(name + "="); });
  all.push_back(name + "=" + value);
}

std::vector<std::string> environment_of_workers(launch_options const& options, std::string const& endpoint) {
  std::vector<std::string> all;
  for (char** one = ::environ; one && *one; ++one) all.emplace_back(*one);
  set_variable(all, "SKEIN_CONNECT", endpoint);
  for (auto const& [name, value] : options.environment) set_variable(all, name, value);
  // Each replica gets its own.
  std::erase_if(all, [](auto const& one) { return one.starts_with("SKEIN_NAME="); });
  return all;
}

void check_launch(launch_options const& options) {
  auto const refuse = [](std::string what) { throw error{errc::invalid_argument, std::move(what)}; };
  if (options.command.empty() || options.command.front().empty()) refuse("launch needs .command: a program and its arguments");
  if (!options.name.empty() && !agents::is_name(options.name)) refuse("the .name of workers must be 1 to 255 printable ASCII characters without spaces");
  if (options.replicas == 0) refuse("launch needs at least 1 of .replicas");
  if (options.output == worker_output::file && options.output_folder.empty()) refuse("worker_output::file needs .output_folder");
  if (options.backoff_initial < std::chrono::nanoseconds{0} || options.backoff_max < options.backoff_initial || options.grace < std::chrono::nanoseconds{0}) {
    refuse("times of launch must not be negative, and backoff_max not be less than backoff_initial");
  }
  for (auto const& [name, value] : options.environment) {
    if (name.empty() || name.find('=') != std::string::npos) refuse("\"" + name + "\" cannot be the name of an environment variable");
  }
}

}  // namespace

launched::launched(std::shared_ptr<state> of) noexcept : state_(std::move(of)) {}
launched::launched(launched&&) noexcept = default;

launched& launched::operator=(launched&& other) noexcept {
  if (this != &other) {
    stop();
    state_ = std::move(other.state_);
  }
  return *this;
}

launched::~launched() { stop(); }

std::vector<worker_status> launched::workers() const {
  return state_ ? state_->by->workers(*state_->workers) : std::vector<worker_status>{};
}

void launched::stop() {
  if (state_) state_->by->stop(*state_->workers);
}

launched orchestrator::state::launch(launch_options const& options) {
  if (!network_) throw error{errc::misuse, "launch needs a hub that workers can connect to; give it .listen = {\"ipc://PATH\"}"};
  check_launch(options);
  std::shared_ptr<supervisor> by;
  {
    std::lock_guard const held{launching_};
    if (!supervisor_) supervisor_ = std::make_shared<supervisor>([this](worker_status const& how) { worker_ended(how); });
    by = supervisor_;
  }
  auto started = by->start(options, environment_of_workers(options, endpoint_for_workers(network_->endpoints()))).value();
  return launched{std::make_shared<launched::state>(launched::state{std::move(by), std::move(started)})};
}

}  // namespace skein
