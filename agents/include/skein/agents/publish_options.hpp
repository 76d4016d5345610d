// How an artifact is published, beside its value.
#pragma once

#include <skein/bus/artifact.hpp>

#include <algorithm>
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

/// Only agents that carry all of these labels may see it (agent::labels).
struct visible_to_labels {
  std::vector<std::string> labels;   ///< All of them.
};
/// Only agents of this tenant may see it (agent::tenant).
struct visible_to_tenant {
  std::string tenant;   ///< Its name.
};
/// Nobody sees it, and it starts nothing, until so long after it was published. Waits for idle do not wait for that.
struct visible_after {
  std::chrono::nanoseconds after;   ///< Below 0 counts as 0.
};

/// Who may see an artifact, made from one of the visible_to_… types, or from several: `visible_to_tenant{"acme"} && visible_after{10ms}`.
class visibility_choice {
 public:
  visibility_choice() = default;
  /// Everyone.
  visibility_choice(visible_to_everyone) {}  // NOLINT: implicit by purpose, as those below
  /// Only those.
  visibility_choice(visible_to_agents only) : choice_(make({std::move(only.agents), {}, {}, {}})) {}  // NOLINT
  /// Only agents with all of them.
  visibility_choice(visible_to_labels only) : choice_(make({{}, std::move(only.labels), {}, {}})) {}  // NOLINT
  /// Only its agents.
  visibility_choice(visible_to_tenant only) : choice_(make({{}, {}, std::move(only.tenant), {}})) {}  // NOLINT
  /// Everyone, later.
  visibility_choice(visible_after later) : after_(std::max(later.after, std::chrono::nanoseconds{0})) {}  // NOLINT

  /// Whether nothing was chosen: everyone, at once.
  [[nodiscard]] bool empty() const noexcept { return !choice_ && after_.count() == 0; }
  /// Whether it depends on when it is published.
  [[nodiscard]] bool is_timed() const noexcept { return after_.count() != 0; }
  /// The choice as the bus knows it, for what is published at `now`; null = everyone, at once.
  [[nodiscard]] std::shared_ptr<visibility const> get(timestamp now) const;

  /// Both must hold. errc::invalid_argument, thrown: both name agents, or they name two tenants; name them in one.
  [[nodiscard]] static visibility_choice both(visibility_choice const& left, visibility_choice const& right);

 private:
  static std::shared_ptr<visibility const> make(visibility what) {
    return what == visibility{} ? nullptr : std::make_shared<visibility const>(std::move(what));
  }

  std::shared_ptr<visibility const> choice_;
  std::chrono::nanoseconds after_{};
};

/// As visibility_choice::both.
[[nodiscard]] inline visibility_choice operator&&(visibility_choice const& left, visibility_choice const& right) { return visibility_choice::both(left, right); }

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
  std::size_t limit = 0;               ///< The newest so many; 0 = all (in a handler: 1000).
  bool all_sessions = false;           ///< Also what earlier processes published, as far as a durable ledger still has it.
  bool any_correlation = false;        ///< In a handler: also what has another correlation than its own, when neither correlation_id nor run is given.

  /// Whether the artifact fits produced_by, tagged, correlation_id and run. The others say how to look, not what for.
  [[nodiscard]] bool accepts(bus::artifact_data const& meta) const;
};

}  // namespace skein
