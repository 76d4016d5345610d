// When an agent's work may start: its breaker and its rate limit, from what its attempts did.
#pragma once

#include "cast.hpp"

#include <skein/bus/change.hpp>

#include <deque>
#include <map>
#include <string>

namespace skein::sim {

class schedule_books {
 public:
  void forget() { agents_.clear(), opened_ = 0; }
  /// An attempt starts.
  void starts(timestamp now, agent_descriptor const& agent, bus::activation_no no);
  /// An attempt of it has ended: by success, by failure, or in another way.
  void succeeds(agent_descriptor const& agent, bus::activation_no no);
  void fails(timestamp now, agent_descriptor const& agent, bus::activation_no no);
  void ends(agent_descriptor const& agent, bus::activation_no no);
  /// Whether a lease may begin.
  [[nodiscard]] bool may_start(timestamp now, agent_descriptor const& agent) const;
  [[nodiscard]] std::uint64_t breakers_opened() const noexcept { return opened_; }

 private:
  struct entry {
    enum { closed, open, half_open } breaker = closed;
    std::uint32_t in_a_row = 0;
    timestamp open_until{};
    bus::activation_no trial = 0;
    std::deque<timestamp> starts;
  };
  std::map<std::string, entry> agents_;
  std::uint64_t opened_ = 0;
};

}  // namespace skein::sim
