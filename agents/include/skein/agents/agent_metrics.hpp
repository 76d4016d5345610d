// A component that counts attempts and their time, by agent.
#pragma once

#include <skein/agents/component.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace skein {

/// What agent_metrics knows of one agent.
struct agent_numbers {
  std::uint64_t succeeded = 0;                 ///< Attempts that ended well on this side; those that were skipped among them.
  std::uint64_t failed = 0;                    ///< Attempts that failed.
  std::uint64_t published = 0;                 ///< Outputs of those that ended well.
  std::uint64_t running = 0;                   ///< Attempts that have not ended.
  std::chrono::nanoseconds duration{};         ///< Of all that have ended, together.
  std::chrono::nanoseconds duration_max{};     ///< Of the longest.
  friend bool operator==(agent_numbers const&, agent_numbers const&) = default;
};

/// Keep it to read it; several agents may share one:
///
///   auto metrics = std::make_shared<skein::agent_metrics>();
///   hub.add(skein::agent{"critic"}.with(metrics)…);
///   std::cout << metrics->prometheus();
///
/// Counts what this process runs. Runs before other components (priority -1000), so that what these refuse or skip is counted. Thread-safe.
class agent_metrics : public agent_component {
 public:
  /// Nothing is counted yet.
  agent_metrics();

  /// By agent.
  [[nodiscard]] std::map<std::string, agent_numbers> all() const;
  /// Of one agent; zeros when it has done nothing yet.
  [[nodiscard]] agent_numbers of(std::string const& agent) const;
  /// As text exposition format 0.0.4: `skein_agent_attempts_total{agent="critic",outcome="ok"} 3` and so on.
  [[nodiscard]] std::string prometheus() const;

  void on_pre_consume(context& ctx) override;
  void on_post_publish(context& ctx, outputs const& made) override;
  void on_error(context& ctx, failure const&) override;
  [[nodiscard]] int priority() const override { return -1000; }
  [[nodiscard]] std::string_view name() const override { return "agent_metrics"; }

 private:
  struct memory;
  std::shared_ptr<memory> memory_;
};

}  // namespace skein
