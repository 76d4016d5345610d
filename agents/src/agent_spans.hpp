// The spans of an agent's attempts, put together when it is added to a host.
#pragma once

#include <skein/agents/agent.hpp>
#include <skein/tracing/span_outline.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skein::agents {

class agent_spans {
 public:
  explicit agent_spans(agent const& of);

  /// Of an attempt with one input of that type; null when the agent takes no such type. Filled: the ids of input and activation, the attempt.
  [[nodiscard]] span_outline const* invoke(std::string_view type) const noexcept { return find(invoke_, type); }
  /// Of an artifact of that type; null when the agent publishes no such type. Filled: its id.
  [[nodiscard]] span_outline const* publish(std::string_view type) const noexcept { return find(publish_, type); }

 private:
  // An agent has a few types.
  using outlines = std::vector<std::pair<std::string, span_outline>>;
  [[nodiscard]] static span_outline const* find(outlines const& among, std::string_view type) noexcept {
    for (auto const& [name, outline] : among) {
      if (name == type) return &outline;
    }
    return nullptr;
  }

  outlines invoke_, publish_;
};

}  // namespace skein::agents
