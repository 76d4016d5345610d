// Spans to look through, in tests and queries.
#pragma once

#include <skein/tracing/span_record.hpp>

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace skein {

/// A value: copies of spans, oldest first.
class span_list {
 public:
  /// Points into the list; valid while it lives.
  using const_iterator = std::vector<span_record>::const_iterator;

  span_list() = default;
  /// In the order given.
  explicit span_list(std::vector<span_record> spans) noexcept : spans_(std::move(spans)) {}

  /// How many spans.
  [[nodiscard]] std::size_t size() const noexcept { return spans_.size(); }
  /// Whether there is none.
  [[nodiscard]] bool empty() const noexcept { return spans_.empty(); }
  /// The first span.
  [[nodiscard]] const_iterator begin() const noexcept { return spans_.begin(); }
  /// Past the last one.
  [[nodiscard]] const_iterator end() const noexcept { return spans_.end(); }
  /// `index` < size(); front() and back() need one span.
  [[nodiscard]] span_record const& operator[](std::size_t index) const noexcept { return spans_[index]; }
  /// The oldest.
  [[nodiscard]] span_record const& front() const noexcept { return spans_.front(); }
  /// The newest.
  [[nodiscard]] span_record const& back() const noexcept { return spans_.back(); }

  /// Those of that name.
  [[nodiscard]] span_list find(std::string_view name) const;
  /// Those whose parent it is; of an empty id, the roots.
  [[nodiscard]] span_list children_of(span_id const& parent) const;
  /// Those of one run.
  [[nodiscard]] span_list of(run_id const& run) const;
  /// The spans as a vector.
  [[nodiscard]] std::vector<span_record> const& records() const noexcept { return spans_; }

 private:
  std::vector<span_record> spans_;
};

}  // namespace skein
