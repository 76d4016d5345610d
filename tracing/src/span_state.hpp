// A live span: its record, behind a lock of its own, until it ends.
#pragma once

#include <skein/tracing/exception_text.hpp>
#include <skein/tracing/run_scope.hpp>
#include <skein/tracing/span.hpp>

#include "light_lock.hpp"
#include "open_span.hpp"

#include <memory>
#include <mutex>
#include <optional>

namespace skein {

struct span_state final : open_span {
  ~span_state() override {
    if (home != nullptr) run->recorder->detach(*this);
  }

  [[nodiscard]] std::optional<span_record> so_far() override;

  /// Ends the span and hands it to the recorder; ends the run with it if so asked at its start. `at` zero = now. Once.
  void end(timestamp at = {}, status const* how = nullptr) noexcept;
  /// Ends the span, and the caller gets the record, or nothing when it has ended before.
  [[nodiscard]] std::optional<span_record> finish() noexcept;
  /// The span around this one need not repeat what this one recorded.
  void tell(span_state& outer);

  std::shared_ptr<run_scope> run;
  bool ends_run = false;
  std::weak_ptr<span_state> around;   ///< Told when this one ends, if it is a handle that was started inside another span.

  light_lock mutex;
  // Guarded by mutex, but for record.context and record.start, which never change:
  bool ended = false;
  span_record record;   ///< Once ended is set, it belongs to whoever set it.
  std::uint32_t dropped_attributes = 0, dropped_events = 0, dropped_links = 0;
  /// The last exception that this span or one inside it recorded. Known by its text: a copy is the same exception, and none must live
  /// on in a trace, or die on another thread than the program lets it die.
  std::unique_ptr<exception_text> seen;

 private:
  [[nodiscard]] bool complete(timestamp at, status const* how);
};

}  // namespace skein
