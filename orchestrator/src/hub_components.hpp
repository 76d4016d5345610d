// The components of a hub, in their order, and how they are called.
#pragma once

#include <skein/orchestrator/hub_component.hpp>
#include <skein/tracing/exception_text.hpp>
#include <skein/tracing/run_scope.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace skein {

/// Thread-safe. Each call is a child span of `parent` in `run`; where that is null there is no span.
class hub_components {
 public:
  hub_components();

  void add(detail::installed_hub_component one);
  /// Whether any component overrides the hook. Cheap.
  [[nodiscard]] bool any(detail::hub_hook hook) const noexcept { return (hooks_.load(std::memory_order_acquire) & static_cast<std::uint8_t>(hook)) != 0; }

  /// What a component threw.
  struct fault {
    std::string component;
    exception_text thrown;
  };
  /// Shows an artifact to all of them until one blocks it, or throws.
  [[nodiscard]] std::optional<fault> artifact_published(published_artifact& one, std::shared_ptr<run_scope> const& run, span_context const& parent) const;
  /// The others never fail: what is thrown is logged.
  void before_schedule(scheduled const& what, std::shared_ptr<run_scope> const& run, span_context const& parent) const noexcept;
  void agent_scheduled(scheduled const& what, std::shared_ptr<run_scope> const& run, span_context const& parent) const noexcept;
  void idle(std::shared_ptr<run_scope> const& run, span_context const& parent) const noexcept;
  void shutdown() const noexcept;

 private:
  using list = std::vector<detail::installed_hub_component>;
  [[nodiscard]] list const& all() const noexcept { return *list_.load(std::memory_order_acquire); }
  template <class Call>
  void each(detail::hub_hook hook, std::string_view name, std::shared_ptr<run_scope> const& run, span_context const& parent, Call const& call) const noexcept;

  std::mutex adding_;
  std::vector<std::unique_ptr<list const>> lists_;   // earlier ones are kept: a thread may still read one
  std::atomic<list const*> list_;
  std::atomic<std::uint8_t> hooks_ = 0;
};

}  // namespace skein
