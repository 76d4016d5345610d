#include "simulator.hpp"

#include "cast.hpp"
#include "simulated_host.hpp"
#include "simulated_hub.hpp"
#include "users.hpp"
#include "world.hpp"

#include <algorithm>

namespace skein::sim {

namespace {

/// How long after the last fault everything must have come to rest: a few leases, the longest handlers, and all retries.
constexpr auto rest_within = std::chrono::seconds{300};
/// Per step before the calm, and then some: who never lets the clock go on is found out too.
constexpr std::uint64_t events_per_step_max = 1'000;

class director {
 public:
  director(world& w, seed_options const& options) : world_(w), options_(options) {}

  void run() {
    world_.hub->start();
    for (auto& host : world_.hosts) world_.after(world_.random.between(0ms, 2s), [&host] { host->start(); });
    bring_users();
    disturb();
    while (world_.hub->steps() < options_.steps && world_.run_next()) count_event();
    come_to_rest();
    check_end();
  }

 private:
  void count_event() {
    if (++events_ > (options_.steps + 1'000) * events_per_step_max) throw violation{"events without end: somebody acts again and again at one time"};
  }

  void bring_users() {
    if (world_.calm) return;
    start_user(world_);
    world_.after(world_.random.between(5ms, 500ms), [this] { bring_users(); });
  }

  void disturb() {
    if (world_.calm) return;
    if (world_.random.chance(world_.rates.host_trouble)) trouble_a_host();
    if (world_.hub->alive() && world_.random.chance(world_.rates.hub_killed)) {
      world_.hub->kill();
      world_.after(world_.random.between(10ms, 2s), [this] { restart_hub(); });
    }
    if (world_.random.chance(0.03)) world_.hub->grow();
    if (world_.random.chance(0.15)) world_.hub->raise_the_dead();
    if (world_.hub->alive()) control();
    world_.after(world_.random.between(20ms, 300ms), [this] { disturb(); });
  }

  /// Pauses, resumes and cancels agents and runs.
  void control() {
    auto const& rules = world_.rates.rules;
    auto const some_run = [this] {
      auto const running = world_.oracle.running();
      // Now and then one that nobody knows.
      return running.empty() || world_.random.chance(0.05) ? run_id{world_.ids.uuid_v7(1)} : running[world_.random.below(running.size())];
    };
    auto const some_agent = [this] {
      auto const cast = cast_of(world_.rates.rules);
      return cast[world_.random.below(cast.size())]->name;
    };
    if (rules.has(rule::pause) && world_.random.chance(0.25)) {
      if (world_.random.chance(0.5)) return resume(1);
      return world_.random.chance(0.5) ? world_.hub->pause(some_agent(), {}, true) : world_.hub->pause({}, some_run(), true);
    }
    if (rules.has(rule::cancel) && world_.random.chance(0.15)) {
      return world_.random.chance(0.2) ? world_.hub->cancel_work(some_agent(), {}) : world_.hub->cancel_work({}, some_run());
    }
  }

  void resume(std::size_t most) {
    for (auto const& agent : std::set{world_.oracle.paused_agents()}) {
      if (most-- == 0) return;
      world_.hub->pause(agent, {}, false);
    }
    for (auto const& run : world_.oracle.paused_runs()) {
      if (most-- == 0) return;
      world_.hub->pause({}, run, false);
    }
  }

  void restart_hub() {
    if (!world_.hub->alive()) world_.hub->start();
  }

  void trouble_a_host() {
    if (world_.hosts.empty()) return;
    auto& host = *world_.hosts[world_.random.below(world_.hosts.size())];
    if (!host.alive()) return host.start();
    switch (world_.random.below(6)) {
      case 0: return host.kill();
      case 1: return host.reconnect();
      case 2: return host.drain();
      case 3: return world_.hub->drain(world_.random.chance(0.8) ? host.name() : std::string{});
      case 4: return world_.hub->impersonate(world_.connect(host), host.name());
      default: return host.grow();
    }
  }

  void come_to_rest() {
    world_.log("from here on nothing goes wrong");
    world_.calm = true;
    restart_hub();
    resume(~std::size_t{0});
    auto const last = world_.now + rest_within;
    bool told = false;
    start_last_waiter(world_, [&told] { told = true; });
    while (!(told && at_rest())) {
      for (auto& host : world_.hosts) {
        if (!host->alive()) host->start();
      }
      resume(~std::size_t{0});
      count_event();
      if (!world_.run_next() || world_.now > last) {
        throw violation{std::string{told ? "" : "the last waiter was never told; "} + "not at rest long after the last fault (" + std::to_string(world_.busy_users) +
                        " users)" + world_.oracle.describe_open()};
      }
    }
  }

  bool at_rest() const {
    return world_.busy_users == 0 && world_.hub->at_rest() && world_.hub->board().counters().open == 0 && !world_.oracle.has_embargoes() &&
           std::all_of(world_.hosts.begin(), world_.hosts.end(), [](auto const& host) { return host->at_rest(); });
  }

  void check_end() {
    world_.oracle.check_end(world_.store.model);
    std::set<artifact_id> durable;
    for (auto const& [seq, row] : world_.store.model.artifacts()) durable.insert(row.artifact->id);
    for (auto const& id : world_.acknowledged) {
      if (!durable.contains(id)) throw violation{"artifact " + id.to_string() + " was acknowledged and is lost"};
    }
    auto const& counted = world_.hub->board().counters();
    bool const takes_away = world_.rates.rules.has(rule::deadline) || world_.rates.rules.has(rule::cancel);
    if (world_.rates.faultless() && counted.losses + (takes_away ? 0 : counted.stale) > 0) throw violation{"work was lost or refused though nothing went wrong"};
  }

  world& world_;
  seed_options const& options_;
  std::uint64_t events_ = 0;
};

}  // namespace

seed_result simulate(std::uint64_t seed, seed_options const& options) {
  seed_result result;
  world w{seed, options.log};
  result.rates = w.rates.describe();
  w.log("seed " + std::to_string(seed) + ": " + result.rates);
  director d{w, options};
  try {
    d.run();
  } catch (std::exception const& broken) {
    result.broken = broken.what();
    w.log("BROKEN: " + result.broken);
  }
  result.steps = w.hub->steps();
  result.activations = w.store.model.activations().size();
  result.artifacts = w.store.model.artifacts().size();
  return result;
}

std::string replay_command(std::uint64_t seed, seed_options const& options) {
  return "skein_sim --seed " + std::to_string(seed) + " --steps " + std::to_string(options.steps) + " --log";
}

}  // namespace skein::sim
