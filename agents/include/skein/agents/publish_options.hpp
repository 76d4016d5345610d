// How an artifact is published, beside its value.
#pragma once

#include <skein/bus/artifact.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace skein {

/// Everybody may see it; the default.
struct visible_to_everyone {};
/// Only the named agents may see it.
struct visible_to_agents {
  std::vector<std::string> agents;   ///< Their names.
};

/// Who may see an artifact, made from one of the visible_to_… types.
class visibility_choice {
 public:
  visibility_choice() = default;
  /// Everyone.
  visibility_choice(visible_to_everyone) {}                                                               // NOLINT: implicit by purpose
  /// Only those.
  visibility_choice(visible_to_agents only) : choice_(std::make_shared<visibility const>(visibility{std::move(only.agents), {}, {}, {}})) {}  // NOLINT
  /// The choice as the bus knows it; null = everyone.
  [[nodiscard]] std::shared_ptr<visibility const> const& get() const noexcept { return choice_; }

 private:
  std::shared_ptr<visibility const> choice_;
};

/// Members in the order of designated initialisers.
struct publish_options {
  std::vector<std::string> tags = {};                            ///< Words to subscribe by (`tagged`) and to query by.
  std::string correlation_id = {};                               ///< Empty: the run's (inside a run), or none.
  std::string idempotency_key = {};                              ///< Publishing again under the same key does nothing and returns the first artifact's id.
  visibility_choice visibility = {};                             ///< Who may see it; default everyone.
  std::chrono::nanoseconds timeout = std::chrono::seconds{30};   ///< How long to wait for room on a full board; then errc::busy.
};

/// Which artifacts a query gives.
struct artifact_filter {
  std::string produced_by = {};        ///< Agent name, "external" for what came from outside; empty = any.
  std::vector<std::string> tagged = {};   ///< Any of these; empty = all.
  std::string correlation_id = {};     ///< Empty = any.
  run_id run = {};                     ///< Empty = any.
  std::size_t limit = 0;               ///< The newest so many; 0 = all.
  bool all_sessions = false;           ///< Also what earlier processes published, as far as a durable ledger still has it.

  /// Whether the artifact fits everything above but `limit` and `all_sessions`, which say how to look, not what for.
  [[nodiscard]] bool accepts(bus::artifact_data const& meta) const;
};

}  // namespace skein
