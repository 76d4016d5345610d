// Spans (span_bytes.hpp) one after another in one piece of memory.
#pragma once

#include <skein/tracing/span_view.hpp>

#include "span_bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace skein {

class span_block {
 public:
  /// Room for `bytes` to begin with; it grows.
  explicit span_block(std::size_t bytes) : data_(new char[flat::aligned(bytes)]), capacity_(flat::aligned(bytes)) {}

  /// Copies a span to the end.
  void push_back(std::string_view span) {
    // Read where it was just made, which need not be aligned.
    auto const status = flat::load<status_code>(span.data() + offsetof(flat::head, status));
    std::memcpy(add(span.size()), span.data(), span.size());
    count(status);
  }
  /// The same, under another head of the same size.
  void push_back(flat::head const& top, std::string_view span) {
    push_back(span);
    std::memcpy(data_.get() + size_ - flat::aligned(span.size()), &top, sizeof top);
  }
  /// The same with one more entry, of a kind that the span does not have, behind its own.
  void push_back(std::string_view span, std::string_view entry, flat::tag kind) {
    char* const at = add(span.size() + entry.size());
    std::memcpy(at, span.data(), span.size());
    std::memcpy(at + span.size(), entry.data(), entry.size());
    auto top = flat::load<flat::head>(at);
    top.bytes += entry.size();
    top.has |= flat::bit(kind);
    std::memcpy(at, &top, sizeof top);
    count(top.status);
  }
  /// The span that was added last. There must be one.
  [[nodiscard]] std::string_view last() const noexcept { return span_view{data_.get() + last_}.bytes(); }
  /// Puts another one of the same status in its place.
  void replace_last(std::string_view by) {
    size_ = last_;
    std::memcpy(add(by.size()), by.data(), by.size());
  }
  /// Forgets the spans, keeps the memory.
  void clear() noexcept { size_ = spans_ = running_ = 0; }

  [[nodiscard]] bool empty() const noexcept { return spans_ == 0; }
  [[nodiscard]] std::size_t spans() const noexcept { return spans_; }
  [[nodiscard]] std::size_t running() const noexcept { return running_; }   ///< Of spans(), those with that status.
  [[nodiscard]] std::size_t bytes() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] bool has_room(std::size_t span_bytes) const noexcept { return flat::aligned(span_bytes) <= capacity_ - size_; }
  [[nodiscard]] char const* begin() const noexcept { return data_.get(); }
  [[nodiscard]] char const* end() const noexcept { return data_.get() + size_; }

 private:
  /// Adds room for a span to the end and returns where it begins.
  [[nodiscard]] char* add(std::size_t span_bytes) {
    if (!has_room(span_bytes)) grow(size_ + flat::aligned(span_bytes));
    char* const at = data_.get() + size_;
    last_ = size_;
    size_ += flat::aligned(span_bytes);
    return at;
  }
  void count(status_code status) noexcept {
    ++spans_;
    if (status == status_code::running) ++running_;
  }
  void grow(std::size_t at_least) {
    auto const wanted = std::max(at_least, 2 * capacity_);
    std::unique_ptr<char[]> larger{new char[wanted]};
    std::memcpy(larger.get(), data_.get(), size_);
    data_ = std::move(larger);
    capacity_ = wanted;
  }

  std::unique_ptr<char[]> data_;   // As operator new aligns it, which is enough for a head.
  std::size_t capacity_, size_ = 0, last_ = 0, spans_ = 0, running_ = 0;
};

}  // namespace skein
