// One attempt while its handler runs: what it was given, what it has published so far, its span.
#pragma once

#include "agent_spans.hpp"
#include "queued_attempt.hpp"
#include "recent_scope.hpp"

#include <skein/agents/invoke_span.hpp>
#include <skein/agents/local_host.hpp>
#include <skein/tracing/span_start.hpp>

#include <boost/container/small_vector.hpp>

#include <atomic>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace skein::agents {

/// A publish that becomes a span once the handler has returned.
struct publish_mark {
  timestamp at{};
  span_id parent;
  artifact_id artifact;
};

/// Fails an attempt under a name of Skein's, not that of a C++ type.
class attempt_failure : public std::runtime_error {
 public:
  attempt_failure(std::string_view type, std::string const& text) : std::runtime_error(text), type_(type) {}
  [[nodiscard]] std::string_view type() const noexcept { return type_; }

 private:
  std::string_view type_;
};

/// What an attempt (or one candidate of it) has published.
struct published {
  std::vector<bus::child> children;
  boost::container::small_vector<publish_mark, 1> marks;                // of each child, where the run is recorded
  std::vector<std::pair<artifact_type const*, std::uint64_t>> dropped;   // how many, by type
  std::exception_ptr refused;   // the first output against the rules: fails the attempt whatever the handler does
};

/// What a component asks of every output.
struct output_check {
  std::function<bool(artifact_type const&, payload const&)> allows;
  std::string why;
  bool drop;
};

/// What an attempt is made of, beside what was delivered.
struct attempt_setting {
  host_environment& around;
  agent const& definition;
  agent_spans const& spans;
  std::atomic<bool> const& stopping;    // the host
  std::atomic<bool> const& cancelled;   // this attempt
  recent_scope& recent;                 // of the thread
};

struct activation_frame : attempt_setting {
  activation_frame(attempt_setting const& setting, queued_attempt const& what, timestamp at)
      : attempt_setting(setting),
        work(what),
        newest(newest_of(what.inputs)),
        run(recent.of(around, newest)),
        scope(*run),
        recording(scope.recording && scope.recorder),
        span(recording ? start_invoke_span(at) : span_handle{}) {}

  queued_attempt const& work;
  bus::artifact_data const& newest;     // of its inputs
  std::shared_ptr<run_scope> const& run;   // of `recent`, whose thread asks it nothing else meanwhile
  run_scope& scope;                     // the same
  bool const recording;
  span_handle span;                     // none where nothing is recorded
  span_state const* state = nullptr;    // of that span; to compare
  published made;
  std::uint64_t streamed = 0;
  bool closed = false;   // what it publishes is decided
  bool begun = false;    // the handler was called
  bool skipped = false;   // the handler will not be called
  std::vector<output_check> checks;

  [[nodiscard]] agent_descriptor const& agent() const noexcept { return definition.descriptor(); }
  /// What is current when nothing inside of the attempt is.
  [[nodiscard]] ambient inside() const { return recording ? span.as_ambient() : ambient{nullptr, run}; }
  [[nodiscard]] bool is_late() const noexcept { return work.due != timestamp{} && around.time().now() >= work.due; }

 private:
  /// For the constructor: what stands above `span` is there.
  [[nodiscard]] span_handle start_invoke_span(timestamp at) const;
};

/// Runs one delivery to its end: components and the handler are called, spans are recorded. How it ended goes into `result`, which is as good as new for this
/// attempt and may bring memory for children. Never throws.
void run_attempt(attempt_setting const& setting, queued_attempt const& work, activation_frame*& current, bus::done& result) noexcept;

}  // namespace skein::agents
