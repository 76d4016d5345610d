// A worker process: its options checked, its worker watched until somebody asks it to stop.
#include <skein/agents/serve.hpp>

#include <skein/agents/check_agent.hpp>
#include <skein/agents/service_manager.hpp>
#include <skein/agents/stop_signals.hpp>
#include <skein/agents/worker.hpp>
#include <skein/tracing/elapsed.hpp>
#include <skein/tracing/log.hpp>

#include "hub_talk.hpp"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <thread>

namespace skein {

namespace {

using steady = std::chrono::steady_clock;

constexpr int asked_to_stop = 0, hub_unreachable = 1, wrong_usage = 2;
/// What was said last has this long to leave.
constexpr std::chrono::seconds linger{1};
constexpr std::size_t z85_key_size = 40;

void say(std::string const& what) { std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, what.c_str()); }

int refuse(error const& why) {
  say(why.where().empty() ? why.message() : why.where() + ": " + why.message());
  return wrong_usage;
}

std::string default_name() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host.front() = '\0';
  return std::string{program_invocation_short_name} + '-' + host.data() + '-' + std::to_string(::getpid());
}

/// A .key file, or the key itself.
result<std::string> read_server_key(std::string const& given) {
  if (given.size() == z85_key_size && ::access(given.c_str(), F_OK) != 0) return given;
  auto pair = curve_key_pair::read(given);
  if (!pair) return pair.error();
  return pair->public_key;
}

result<std::optional<curve_client>> read_keys(serve_options const& options) {
  // A socket file is protected by its permissions; hubs speak plaintext there.
  if (options.connect.starts_with("ipc:")) return std::optional<curve_client>{};
  auto const local = bus::is_local_endpoint(options.connect);
  if (!local) return local.error();
  if (options.key.empty() && options.server_key.empty()) {
    if (*local) return std::optional<curve_client>{};
    return error{errc::misuse, "off this machine a hub is reached with keys only; give --key and --server-key (skein bus keygen makes them)", options.connect};
  }
  if (options.key.empty()) return error{errc::misuse, "--server-key is of no use without --key, this worker's own", options.connect};
  if (options.server_key.empty()) return error{errc::misuse, "--key is of no use without --server-key, the hub's public key", options.connect};
  auto own = curve_key_pair::read(options.key);
  if (!own) return own.error();
  if (own->secret_key.empty()) return error{errc::misuse, "--key needs the secret key; this file has only the public one", options.key};
  auto hub = read_server_key(options.server_key);
  if (!hub) return hub.error();
  return std::optional{curve_client{std::move(*own), std::move(*hub)}};
}

result<bus::host_link_options> read_link_options(serve_options const& options) {
  if (auto const known = bus::is_local_endpoint(options.connect); !known) return known.error();
  auto keys = read_keys(options);
  if (!keys) return keys.error();
  if (!agents::is_name(options.name)) {
    return error{errc::invalid_argument, "a worker's name must be 1 to 255 printable ASCII characters without spaces; give --name", options.name};
  }
  bus::host_link_options made;
  made.endpoint = options.connect;
  made.keys = std::move(*keys);
  made.session.name = options.name;
  made.session.instance = static_cast<std::uint64_t>(system_clock().now().time_since_epoch().count());
  made.session.credit = options.credit;
  return made;
}

/// One worker from its first hello to its end.
class serving {
 public:
  serving(serve_options const& options, agents::stop_signals& signals) : options_(options), signals_(signals), talk_(options.connect, options.name) {}

  /// Returns the exit code. Errors are those of the agents.
  result<int> run(bus::host_link_options const& link, std::vector<agent> const& agents) {
    auto started = agents::worker::start(
        {.name = options_.name,
         .threads = options_.concurrency > 0 ? options_.concurrency : std::max(1u, std::thread::hardware_concurrency()),
         .payload_bytes_max = options_.payload_bytes_max},
        agents, system_clock(),
        [&](std::vector<agent_descriptor> offered, bus::host_link_receivers to) {
          auto with_agents = link;
          with_agents.session.agents = std::move(offered);
          talk_.listen(to);
          auto opened = bus::host_link::open(std::move(with_agents), system_clock(), std::move(to));
          link_refused_ = !opened;
          return opened;
        },
        [this] { signals_.wake(); });
    if (!started && link_refused_) return refuse(started.error());
    if (!started) return started.error();
    worker_ = std::move(*started);
    silent_since_ = steady::now();
    while (!step()) signals_.wait(next());
    end();
    return exit_code_;
  }

 private:
  /// True when it is time to end.
  bool step() {
    auto const now = steady::now();
    auto const standing = worker_->now();
    see(standing, now);
    if (watch_at_ && now >= *watch_at_) {
      manager_.alive();
      watch_at_ = now + *manager_.watchdog_interval();
    }
    if (!leave_by_) decide(standing, now);
    if (!leave_by_) return false;
    if (exit_code_ == asked_to_stop ? worker_->drained() : worker_->running() == 0) return true;
    if (now < *leave_by_) return false;
    return late_ || give_back(now);
  }

  void see(agents::worker::standing const& standing, steady::time_point now) {
    bool const welcomed = standing.link == bus::link_state::welcomed;
    if (welcomed && !ready_) {
      ready_ = true;
      manager_.ready("connected to " + options_.connect);
    } else if (welcomed != welcomed_) {
      manager_.status(welcomed ? "connected to " + options_.connect : "looking for the hub at " + options_.connect);
    }
    if (!welcomed && welcomed_) silent_since_ = now;
    welcomed_ = welcomed;
  }

  void decide(agents::worker::standing const& standing, steady::time_point now) {
    if (standing.link == bus::link_state::refused) {
      say("the hub at " + options_.connect + " refused this worker: " + standing.why);
      leave(hub_unreachable, now);
    } else if (signals_.received() != 0) {
      log_info(std::string{signals_.received() == SIGTERM ? "SIGTERM" : "SIGINT"} + ": this worker finishes what it holds and leaves");
      leave(asked_to_stop, now);
    } else if (standing.asked_to_leave || standing.link == bus::link_state::left) {
      log_info("the hub asks this worker to leave: it finishes what it holds");
      leave(asked_to_stop, now);
    } else if (options_.give_up_after && !welcomed_ && now - silent_since_ >= *options_.give_up_after) {
      say("the hub at " + options_.connect + " was not reached for " + elapsed{*options_.give_up_after}.to_string() +
          (standing.why.empty() ? std::string{} : ": " + standing.why));
      leave(hub_unreachable, now);
    }
  }

  void leave(int exit_code, steady::time_point now) {
    exit_code_ = exit_code;
    leave_by_ = now + std::min<std::chrono::nanoseconds>(options_.grace, std::chrono::hours{24 * 365});
    manager_.stopping();
    // Without a hub nobody will hear of results: what runs may as well stop.
    if (exit_code == hub_unreachable) worker_->cancel_running();
    worker_->drain();
  }

  /// The grace is over. False: what was said has a moment to leave.
  bool give_back(steady::time_point now) {
    auto const running = worker_->running();
    log_warn(std::to_string(running) + " handlers did not finish in the grace of " + elapsed{options_.grace}.to_string() + "; the hub gives their work to others");
    worker_->cancel_running();
    worker_->give_back_running();
    late_ = true;
    leave_by_ = now + linger;
    return false;
  }

  void end() {
    worker_->close_link(linger);
    if (exit_code_ == asked_to_stop) talk_.left();
    // Handlers that still run can't be waited for: that is what the grace was for.
    if (worker_->running() > 0) ::_exit(exit_code_);
    worker_.reset();
  }

  [[nodiscard]] std::optional<steady::time_point> next() const {
    auto at = leave_by_;
    auto const sooner = [&](steady::time_point when) { at = at ? std::min(*at, when) : when; };
    if (watch_at_) sooner(*watch_at_);
    if (!leave_by_ && options_.give_up_after && !welcomed_) {
      sooner(silent_since_ + std::min<std::chrono::nanoseconds>(*options_.give_up_after, std::chrono::hours{24 * 365}));
    }
    return at;
  }

  serve_options const& options_;
  agents::stop_signals& signals_;
  agents::hub_talk talk_;
  agents::service_manager const manager_ = agents::service_manager::from_environment();
  std::optional<steady::time_point> watch_at_ = manager_.watchdog_interval() ? std::optional{steady::now()} : std::nullopt;
  std::unique_ptr<agents::worker> worker_;
  steady::time_point silent_since_{};
  bool link_refused_ = false, ready_ = false, welcomed_ = false, late_ = false;
  std::optional<steady::time_point> leave_by_;
  int exit_code_ = asked_to_stop;
};

}  // namespace

int serve(serve_options options, std::vector<agent> agents) {
  if (options.name.empty()) options.name = default_name();
  if (!options.log.empty() && !log_set_level(options.log)) {
    return refuse({errc::invalid_argument, "log must be trace, debug, info, warn, error or off", options.log});
  }
  log_prepare();
  auto const link = read_link_options(options);
  if (!link) return refuse(link.error());
  if (::geteuid() == 0) log_warn("this worker runs as root and needs none of its rights; run it as a user of its own");
  auto const signals = agents::stop_signals::install();
  return serving{options, *signals.value()}.run(*link, agents).value();
}

int serve(int argc, char const* const* argv, std::vector<agent> agents) {
  auto options = parse_serve_options(argc, argv);
  if (!options) return refuse(options.error());
  if (!*options) return asked_to_stop;
  return serve(std::move(**options), std::move(agents));
}

}  // namespace skein
