// The spans of an agent's attempts, put together when it is added to a host.
#pragma once

#include <skein/agents/agent.hpp>
#include <skein/tracing/span_template.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skein::agents {

class agent_spans {
 public:
  explicit agent_spans(agent const& of);

  /// Of an attempt whose newest input is of that type; null when the agent takes no such type.
  [[nodiscard]] span_template const* invoke(std::string_view type) const noexcept { return find(invoke_, type); }
  /// Of an artifact of that type; null when the agent publishes no such type.
  [[nodiscard]] span_template const* publish(std::string_view type) const noexcept { return find(publish_, type); }

 private:
  // An agent has a few types.
  using templates = std::vector<std::pair<std::string, span_template>>;
  [[nodiscard]] static span_template const* find(templates const& among, std::string_view type) noexcept {
    for (auto const& [name, like] : among) {
      if (name == type) return &like;
    }
    return nullptr;
  }

  templates invoke_, publish_;
};

}  // namespace skein::agents
