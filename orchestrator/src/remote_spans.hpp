// Spans of other hosts on their way into the hub's store: their times put right, and what of them is still running remembered, so that
// it does not run for ever when its host is gone.
#pragma once

#include "clock_offsets.hpp"

#include <skein/bus/hub_bus.hpp>
#include <skein/bus/recent_map.hpp>
#include <skein/tracing/span_record.hpp>

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace skein {

/// The span of an attempt that ended with its host: `interrupted`, until the host's own span replaces it after all.
[[nodiscard]] span_record interrupted_attempt(bus::lost_attempt const& what);

/// The span of an attempt of a host that sends none.
[[nodiscard]] span_record reported_attempt(bus::untraced_attempt const& what);

/// Thread-safe.
class remote_spans {
 public:
  /// Running spans remembered of one host; more are stored as they are.
  static constexpr std::size_t running_max = 65'536;

  /// Spans whose starts are remembered, at least; twice as many at most.
  static constexpr std::size_t starts_kept = 32'768;

  /// The spans with their times by the hub's clock. No span starts before its parent, though the two may come in different messages, between
  /// which more has become known of the clock. A span without a service gets the host's name.
  [[nodiscard]] span_batch take(bus::remote_record&& what);
  /// A span that an earlier process has stored: others are put right beside it.
  void know(span_id const& id, span_id const& parent, timestamp start);
  /// Fits in a span that the hub writes itself for a host's: it does not start before its parent, and what a host says of the parent later does not start
  /// after it; nor does what a host says of a publish that the hub knows.
  void fit(span_record& span);
  /// Whether a host has sent this span, and it had ended: one result may bring the spans of another one that is still on its way.
  [[nodiscard]] bool has(span_id const& id);
  /// The running spans of `host` that stand below `top`, as interrupted at `at`; they are forgotten.
  [[nodiscard]] std::vector<span_record> interrupt(std::string_view host, span_id const& top, timestamp at);
  /// The same for all hosts and spans.
  [[nodiscard]] std::vector<span_record> interrupt_all(timestamp at);

 private:
  using running_spans = std::unordered_map<span_id, span_record>;
  /// What was decided for a span before: when it starts, and the first of its children.
  struct decided {
    timestamp sent{}, start{};
    timestamp first_child{};
    bool ended = false;
  };
  decided& decided_of(span_id const& id) { return decided_.find_or_make(id).first; }
  void put_right(span_batch& all, span_view span, std::chrono::nanoseconds offset, timestamp arrived);
  [[nodiscard]] timestamp start_below(span_id const& parent, timestamp start);

  std::mutex mutex_;
  bus::recent_map<span_id, decided> decided_{starts_kept};
  clock_offsets offsets_;
  std::unordered_map<std::string, running_spans> running_;
};

}  // namespace skein
