#include <skein/agents/check_agent.hpp>

#include <algorithm>

namespace skein::agents {

bool is_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

result<void> check_agent(agent_descriptor const& what) {
  if (!is_name(what.name)) return error{errc::invalid_argument, "an agent's name must be 1 to 255 printable ASCII characters without spaces", what.name};
  if (what.max_concurrency == 0) return error{errc::invalid_argument, "max_concurrency must be at least 1", what.name};
  if (what.retry.attempts_max == 0) return error{errc::invalid_argument, "retry.attempts_max must be at least 1", what.name};
  return {};
}

}  // namespace skein::agents
