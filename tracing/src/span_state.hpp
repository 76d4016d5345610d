// A live span, until it ends. The thread that started it appends attributes without a lock (span_image.hpp); everything else goes through
// the gate: attributes from other threads, which stand apart until the end, and all that is rare.
#pragma once

#include <skein/tracing/exception_text.hpp>
#include <skein/tracing/run_scope.hpp>
#include <skein/tracing/span.hpp>
#include <skein/tracing/span_view.hpp>

#include "key_bits.hpp"
#include "open_span.hpp"
#include "span_gate.hpp"
#include "span_image.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skein {

/// This thread, as no other thread ever is called. 0 on threads that have started no span.
inline constinit thread_local std::uint64_t thread_token = 0;

struct span_state final : open_span {
  /// `in` must live until the span has ended: whoever can end it holds the run, too.
  explicit span_state(run_scope& in) noexcept : run(in) {}

  [[nodiscard]] bool so_far(std::string& out) override;

  /// Sets an attribute: `value` is the bytes of a value of that kind.
  void set(flat::tag kind, std::string_view key, std::string_view value) {
    if (owner == thread_token && set_here(kind, key, value)) return;
    set_anywhere(kind, key, value);
  }

  /// Calls `change(span_state&)` behind the gate, unless the span has ended.
  template <class Change>
  void enter(Change&& change) {
    if (!gate.enter()) return;
    struct leaving {
      span_gate& gate;
      ~leaving() { gate.leave(); }
    } const at_end{gate};
    change(*this);
  }
  // Behind the gate:
  void put_attribute(flat::tag kind, std::string_view key, std::string_view value);
  void put_event(span_event&& event);
  void put_link(span_link link);
  void put_only(flat::tag kind, std::string_view value);
  void put_status(status_code code, std::string_view message);

  /// Ends the span and hands it to the recorder; ends the run with it if so asked at its start. `at` zero = now. Once.
  void end(timestamp at = {}, status const* how = nullptr) noexcept;
  /// Ends the span, and the caller gets the record, or nothing when it has ended before.
  [[nodiscard]] std::optional<span_record> finish() noexcept;
  /// The span around this one, which has ended, need not repeat what this one recorded.
  void tell(span_state& outer);

  /// What came from a thread that is not the owner, and how much the owner had published then: what it had said is older, the rest is newer.
  struct from_elsewhere {
    std::size_t position = 0;
    std::string entry;
  };
  /// What few spans have.
  struct seldom {
    std::vector<from_elsewhere> elsewhere;
    std::uint32_t events = 0, links = 0, dropped_attributes = 0, dropped_events = 0, dropped_links = 0;
    /// The last exception that this span or one inside it recorded. Known by its text: a copy is the same exception, and none must live
    /// on in a trace, or die on another thread than the program lets it die.
    std::unique_ptr<exception_text> seen;
    std::string ended;                  ///< The whole span, where it could not be completed in the image.
  };
  [[nodiscard]] seldom& more();

  void start_at(timestamp when) noexcept { image.head().start_ns = when.time_since_epoch().count(); }
  /// For the start, before others see the span. What is over the limits is left off and counted.
  void begin_with(skein::attributes const& all, std::vector<span_link> const& links);

  run_scope& run;
  span_context context;                        ///< Its identity, as others may read it while the image grows.
  span_image image;
  std::uint64_t owner = 0;                     ///< thread_token() of the thread that started it.
  std::uint64_t keys_seen = 0;                 ///< A bit for each key that the owner set. The owner's.
  std::atomic<std::uint32_t> attributes{0};    ///< How often the owner set one, at least as often as there are. Written by the owner.
  span_gate gate;
  std::weak_ptr<span_state> around;            ///< Told when this one ends, if it is a handle that was started inside another span.
  bool ends_run = false;
  bool repeats = false;                        ///< A key, or what there is once, may stand twice. Behind the gate.
  std::unique_ptr<seldom> extra;               ///< Null until needed. Behind the gate.

 private:
  /// The owner's way: false where it needs the gate.
  [[nodiscard]] bool set_here(flat::tag kind, std::string_view key, std::string_view value) noexcept {
    if (gate.closed()) return true;
    auto const bit = key_bit(key);
    auto const count = attributes.load(std::memory_order_relaxed);
    if (count >= run.limits.attributes_max || ((keys_seen & bit) != 0 && stands(key)) || !image.try_append(kind, key, value)) return false;
    keys_seen |= bit;
    attributes.store(count + 1, std::memory_order_relaxed);
    return true;
  }
  void set_anywhere(flat::tag kind, std::string_view key, std::string_view value);
  [[nodiscard]] bool stands(std::string_view key) const noexcept;
  [[nodiscard]] bool overwrite(flat::tag kind, std::string_view key, std::string_view value) noexcept;
  void put_mine(flat::tag kind, std::string_view key, std::string_view value);
  void put_elsewhere(flat::tag kind, std::string_view key, std::string_view entry);
  template <class Item>
  void put_item(flat::tag kind, Item&& item, std::uint32_t& count, std::size_t most, std::uint32_t& dropped);
  void put_entry(flat::tag kind, std::string_view entry);
  [[nodiscard]] std::uint32_t over(std::size_t count) const noexcept;
  [[nodiscard]] bool knows(std::string_view key) const noexcept;
  [[nodiscard]] std::string tidy(std::uint32_t& dropped) const;
  void compact();
  [[nodiscard]] char const* complete(timestamp at, status const* how);
  void tell_around();
};

}  // namespace skein
