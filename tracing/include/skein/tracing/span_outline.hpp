// Spans that are recorded over and over, of which all but a few values is always the same: put together once, then copied.
#pragma once

#include <skein/tracing/span_start.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace skein {

/// A value of one span of an outline: an id that is written as a UUID, or a number.
class outline_value {
 public:
  /// The id; its text is made by who reads the span.
  template <class Tag>
  outline_value(basic_id<Tag, 16, id_text::uuid> const& id) noexcept : size_(16) {   // NOLINT: implicit by purpose
    std::memcpy(bytes_.data(), id.bytes().data(), 16);
  }
  /// The number.
  outline_value(std::int64_t number) noexcept : size_(sizeof number) { std::memcpy(bytes_.data(), &number, sizeof number); }   // NOLINT: likewise

  /// As it lies in a span.
  [[nodiscard]] std::string_view bytes() const noexcept { return {bytes_.data(), size_}; }

 private:
  std::array<char, 16> bytes_;
  std::size_t size_;
};

/// What all spans of one sort have in common. A value; immutable, so that threads may share one.
class span_outline {
 public:
  /// Everything of `sample` but its id, parent and time, and the values of the attributes under `filled`: texts there stand for ids that are written as a
  /// UUID, the others must be integers. `sample` has no links and ends no run.
  span_outline(span_start const& sample, std::initializer_list<std::string_view> filled);

  /// What one span has of its own.
  struct own {
    span_id id;        ///< Its id.
    span_id parent;    ///< Empty = a root.
    timestamp start;   ///< When it began.
  };
  /// Starts a span of `run` (not null, recorded), as skein::start_span does. `values`: of the attributes that are filled, in that order.
  [[nodiscard]] span_handle start_span(std::shared_ptr<run_scope> run, own const& one, std::initializer_list<outline_value> values) const;
  /// Records a span of `run` (recorded) that has ended.
  void record_span(run_scope const& run, own const& one, timestamp end, std::initializer_list<outline_value> values) const;

 private:
  [[nodiscard]] span_start expanded(run_scope const& run, own const& one, std::initializer_list<outline_value> values) const;
  void fill(char* span, run_scope const& run, own const& one, timestamp end, std::initializer_list<outline_value> values) const noexcept;

  std::string bytes_;                  // of a span, its head included
  std::vector<std::size_t> places_;    // in bytes_: of the values that are filled
  std::uint64_t keys_ = 0;             // as span_state::keys_seen
  std::uint32_t attributes_ = 0;
};

}  // namespace skein
