// Everything of one simulated seed: the clock, chance, the network, the hub, its hosts and the people who use them.
#pragma once

#include "oracle.hpp"
#include "scenario.hpp"

#include <functional>
#include <memory>
#include <queue>
#include <set>
#include <string>
#include <vector>

namespace skein::sim {

class simulated_hub;
class simulated_host;

inline constexpr bus::host_key local_key = 1;

class world {
 public:
  world(std::uint64_t seed, bool logging);
  ~world();

  /// Runs `what` after `delay` of simulated time; at one time in the order of calls.
  void after(std::chrono::nanoseconds delay, std::function<void()> what);
  /// Runs the next thing; false when there is none.
  bool run_next();
  void log(std::string const& line) const;

  /// A handler ends: what it reports, by chance.
  [[nodiscard]] bus::done run_handler(bus::delivery const& what, bool released_allowed);
  /// How long a handler takes.
  [[nodiscard]] std::chrono::nanoseconds handler_time(std::chrono::nanoseconds deadline);

  /// Puts a message on the wire between a hub and a remote host, as bytes. `hello_no` orders hellos and what answers them: a link
  /// may lose them but never swaps two hellos of a process.
  void to_hub(simulated_host& from, bus::message const& what, std::uint64_t hello_no);
  void to_host(bus::host_key to, bus::message const& what, std::uint64_t hello_no);
  /// A new connection of a host.
  [[nodiscard]] bus::host_key connect(simulated_host& who);

  std::uint64_t const seed;
  bool const logging;
  timestamp now{std::chrono::hours{1'000'000}};
  random_source random;
  sim::rates const rates;
  id_generator ids;
  bool calm = false;                                    ///< No faults any more.
  sim::oracle oracle{rates.rules};
  bus::testing::memory_store store;
  std::unique_ptr<simulated_hub> hub;
  std::vector<std::unique_ptr<simulated_host>> hosts;
  std::size_t busy_users = 0;
  std::set<artifact_id> acknowledged;

 private:
  void transmit(bus::message const& what, std::uint64_t lane, std::function<void(bus::message&&)> deliver);

  struct event {
    timestamp at;
    std::uint64_t order;
    std::function<void()> what;
    friend bool operator>(event const& a, event const& b) { return std::tie(a.at, a.order) > std::tie(b.at, b.order); }
  };
  std::priority_queue<event, std::vector<event>, std::greater<>> events_;
  std::uint64_t last_event_ = 0;
  bus::host_key last_key_ = local_key;
  std::map<bus::host_key, simulated_host*> connections_;
  std::map<std::uint64_t, timestamp> last_arrival_;     // per direction and connection: what is not delayed stays in order
};

}  // namespace skein::sim
