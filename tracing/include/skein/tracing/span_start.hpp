// How the layers above start spans whose ids, parents and times they know.
#pragma once

#include <skein/tracing/run_scope.hpp>
#include <skein/tracing/span.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace skein {

/// What is known of such a span when it starts.
struct span_start {
  std::string name;                       ///< As it is stored.
  span_kind kind = span_kind::internal;   ///< Which side of a call it is.
  span_type type = span_type::unknown;    ///< What it stands for.
  span_context parent;                    ///< Only its span id counts: the trace is the run's. Empty = a root.
  span_id id;                             ///< Empty = a random one.
  std::string scope;                      ///< "skein" for Skein's own.
  attributes attrs;                       ///< To begin with.
  std::vector<span_link> links;           ///< To spans that it has to do with beside its parent.
  timestamp at{};                         ///< Zero = the recorder's clock.
  bool ends_run = false;                  ///< When the span ends, so does the run: failed if the span's status is error, else completed.
};

/// Starts a span of `run` (not null). It is not made current.
[[nodiscard]] span_handle start_span(std::shared_ptr<run_scope> run, span_start start);


/// The same for a span whose id is known before everything else. `make()` gives what it starts with; it is called only where the span is recorded.
template <class Make>
[[nodiscard]] span_handle start_span(std::shared_ptr<run_scope> run, span_id const& id, Make&& make) {
  bool const is_recorded = run->recording && run->recorder;
  span_start start = is_recorded ? make() : span_start{};
  start.id = id;
  return start_span(std::move(run), std::move(start));
}

}  // namespace skein
