// What all spans of one run in this process share: its ids, where they are recorded, and what is known of the run itself.
#pragma once

#include <skein/registry/ids.hpp>
#include <skein/tracing/recorder.hpp>
#include <skein/tracing/span_limits.hpp>
#include <skein/tracing/span_record.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace skein {

/// One per run and process, held by a shared_ptr. The public members are set by whoever makes it, before others see it, and stay;
/// the methods are thread-safe and never block on a sink unless the recorder does.
struct run_scope {
  run_id id;                                                           ///< The run's.
  trace_id trace;                                                      ///< trace_of(id), unless a remote parent gave one.
  std::uint8_t flags = span_context::sampled | span_context::random;   ///< W3C trace-flags of every span of it.
  std::shared_ptr<skein::recorder> recorder;                           ///< May be null when `recording` is false.
  bool recording = true;                                               ///< False = tracing is off or the run is not sampled: its spans cost nearly nothing.
  span_id root;                                                        ///< The root span: the parent of spans that start on a thread without a current one.
  std::string tracestate, baggage;                                     ///< What travels with the trace, as headers; empty = none.
  span_limits limits;                                                  ///< Of each of its spans.

  /// The context of the root span.
  [[nodiscard]] span_context context() const noexcept { return {trace, root, flags}; }

  /// The run exists: its record goes to the recorder, as does every change after this.
  void begin(std::string_view name, timestamp start);
  /// The run has ended. May be repeated; the last word counts.
  void end(run_status status, timestamp end);

  /// Sets or replaces a tag of the run.
  void set_tag(std::string_view key, attribute_value value);
  /// Sets or replaces an attribute of the run's row.
  void set_attribute(std::string_view key, attribute_value value);
  /// What several runs belong to.
  void set_session(std::string_view session);
  /// On whose behalf the run is.
  void set_user(std::string_view user);
  /// What was asked, shortened for lists.
  void set_request_preview(std::string_view preview);
  /// What came out, shortened for lists.
  void set_response_preview(std::string_view preview);
  /// One more activation is dead.
  void add_failure();

  /// What is known so far; a copy.
  [[nodiscard]] run_record record() const;

 private:
  template <class Change>
  void change(Change&& apply);

  mutable std::mutex mutex_;
  run_record record_;
  bool begun_ = false;
};

}  // namespace skein
