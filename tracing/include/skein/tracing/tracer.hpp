// The low-level client: spans that start and end in different places, with parents given by hand.
//
//   skein::span_handle root = tracer.start_root("ingest");
//   skein::span_handle child = tracer.start("download", {.parent = root.context()});
#pragma once

#include <skein/tracing/recorder.hpp>
#include <skein/tracing/span.hpp>

#include <memory>
#include <string_view>

namespace skein {

/// What is known of a tracer's span when it starts.
struct start_options {
  span_context parent = {};               ///< Empty = the thread's current span; without one, the span is a root.
  span_type type = span_type::unknown;    ///< What it stands for.
  span_kind kind = span_kind::internal;   ///< Which side of a call it is.
  skein::attributes attributes = {};      ///< To begin with; more may be set later.
  std::vector<span_link> links = {};      ///< To spans that it has to do with beside its parent.
};

/// Starts spans on a recorder. Cheap to copy (copies are one tracer), thread-safe.
class tracer {
 public:
  /// With `recording` false its spans cost next to nothing and are seen by nobody.
  explicit tracer(std::shared_ptr<recorder> to, bool recording = true);

  /// A run of its own: it is `running` until the root ends, then failed or completed as the root is.
  [[nodiscard]] span_handle start_root(std::string_view name, span_options options = {});
  /// A span of the run that its parent belongs to, if that is the current run or one that this tracer knows; a parent from elsewhere
  /// starts a run of its own in that trace.
  [[nodiscard]] span_handle start(std::string_view name, start_options options = {});

  /// Makes a run known whose spans may be parents here. It is not kept alive.
  void adopt(std::shared_ptr<run_scope> const& run);

 private:
  struct shared;
  std::shared_ptr<shared> shared_;
};

}  // namespace skein
