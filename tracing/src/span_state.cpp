#include "span_state.hpp"

#include <algorithm>
#include <utility>

namespace skein {

std::optional<span_record> span_state::so_far() {
  std::lock_guard const lock{mutex};
  if (ended) return std::nullopt;
  return record;
}

/// Gives the record its last members. True for the one who ends the span.
bool span_state::complete(timestamp at, status const* how) {
  if (at == timestamp{}) at = run->recorder->time().now();
  std::lock_guard const lock{mutex};
  if (std::exchange(ended, true)) return false;
  record.end = std::max(at, record.start);
  if (how != nullptr) {
    record.status = how->code;
    record.status_message = how->message;
  }
  if (dropped_attributes > 0) set_attribute(record.attributes, "otel.dropped_attributes_count", dropped_attributes);
  if (dropped_events > 0) set_attribute(record.attributes, "otel.dropped_events_count", dropped_events);
  if (dropped_links > 0) set_attribute(record.attributes, "otel.dropped_links_count", dropped_links);
  return true;
}

void span_state::tell(span_state& outer) {
  std::unique_ptr<exception_text> known;
  {
    std::lock_guard const lock{mutex};
    known = std::move(seen);
  }
  if (!known) return;
  std::lock_guard const lock{outer.mutex};
  outer.seen = std::move(known);
}

void span_state::end(timestamp at, status const* how) noexcept {
  try {
    if (!complete(at, how)) return;
    if (auto const outer = around.lock()) tell(*outer);
    auto const ended_at = record.end;
    bool const failed = record.status == status_code::error;
    run->recorder->end(*this, std::move(record));
    if (ends_run) run->end(failed ? run_status::failed : run_status::completed, ended_at);
  } catch (...) {   // Out of memory: the span is lost, the program goes on.
  }
}

std::optional<span_record> span_state::finish() noexcept {
  try {
    if (!complete({}, nullptr)) return std::nullopt;
    if (auto const outer = around.lock()) tell(*outer);
    run->recorder->detach(*this);
    return std::move(record);
  } catch (...) {
    return std::nullopt;
  }
}

}  // namespace skein
