// Many spans in few blocks of memory. Reading them as records makes each record when it is looked at; views() reads them where they lie.
#pragma once

#include <skein/tracing/span_record.hpp>
#include <skein/tracing/span_view.hpp>

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace skein {

class span_block;   // Spans one after another in one piece of memory; private to tracing.

/// A sequence of spans. A value; a copy copies the spans. Not to be changed while others read it.
class span_batch {
 public:
  using value_type = span_record;      ///< What it is a sequence of.
  class iterator;
  class view_iterator;
  using const_iterator = iterator;     ///< Nothing is changed through an iterator.

  span_batch();
  /// Copies the records.
  span_batch(std::initializer_list<span_record> spans);
  /// Copies the records.
  span_batch(std::vector<span_record> const& spans);   // NOLINT: implicit by purpose
  /// Copies the records of a range.
  template <std::input_iterator First>
  span_batch(First first, First last) : span_batch() {
    for (; first != last; ++first) push_back(*first);
  }
  span_batch(span_batch const& other);
  span_batch(span_batch&& other) noexcept;
  span_batch& operator=(span_batch const& other);
  span_batch& operator=(span_batch&& other) noexcept;
  ~span_batch();

  /// Changes places with another one.
  void swap(span_batch& other) noexcept { *this = std::move(other); }

  [[nodiscard]] std::size_t size() const noexcept { return spans_; }     ///< Spans.
  [[nodiscard]] bool empty() const noexcept { return spans_ == 0; }      ///< Whether there are none.
  [[nodiscard]] std::size_t running() const noexcept { return running_; } ///< Those of them with status running.

  /// The spans as records. An iterator makes its record when it is looked at, into memory that it uses again for the next one:
  /// a reference is valid until the iterator moves on or is gone.
  [[nodiscard]] iterator begin() const noexcept;
  /// Behind the last one.
  [[nodiscard]] iterator end() const noexcept;

  class view_range;
  /// The spans where they lie, for `for (skein::span_view span : batch.spans.views())`. Costs nothing but the walk.
  [[nodiscard]] view_range views() const noexcept;

  /// A copy of one (to read: changing it would change nothing here); walks there.
  [[nodiscard]] span_record const operator[](std::size_t index) const;

  /// Adds a copy to the end.
  void push_back(span_record const& span);
  /// Adds a copy to the end.
  void push_back(span_view span);
  /// Moves a span that stands in this batch so that it starts at `start`: its end, if it has one, and its events go along, but not past `latest`
  /// (an end not before `start`).
  void move_to(span_view which, timestamp start, timestamp latest) noexcept;
  /// Forgets what there is; keeps some memory.
  void clear() noexcept;

 private:
  friend class span_batch_access;
  [[nodiscard]] span_block& open_block(std::size_t bytes);

  std::vector<std::unique_ptr<span_block>> blocks_;
  std::size_t spans_ = 0, running_ = 0;
};

/// Walks over views.
class span_batch::view_iterator {
 public:
  using iterator_category = std::input_iterator_tag;   ///< Once through.
  using value_type = span_view;                        ///< A span where it lies.
  using difference_type = std::ptrdiff_t;              ///< Of an iterator.
  using pointer = void;                                ///< There is no object to point to.
  using reference = span_view;                         ///< By value.

  /// Behind the last one, of every batch.
  view_iterator() = default;
  /// The span that it is at; valid as long as the batch.
  [[nodiscard]] span_view operator*() const noexcept { return span_view{at_}; }
  /// To the next one.
  view_iterator& operator++() noexcept;
  /// To the next one.
  void operator++(int) noexcept { ++*this; }
  /// Whether both are at the same span, or behind the last.
  friend bool operator==(view_iterator const& a, view_iterator const& b) noexcept { return a.at_ == b.at_; }

 private:
  friend class span_batch;
  friend class iterator;
  view_iterator(std::unique_ptr<span_block> const* block, std::unique_ptr<span_block> const* last) noexcept;
  void enter() noexcept;

  std::unique_ptr<span_block> const* block_ = nullptr;
  std::unique_ptr<span_block> const* last_ = nullptr;
  char const* at_ = nullptr;    // Null at the end.
  char const* end_ = nullptr;   // Of the block.
};

/// What views() gives.
class span_batch::view_range {
 public:
  [[nodiscard]] view_iterator begin() const noexcept { return begin_; }   ///< The first one.
  [[nodiscard]] view_iterator end() const noexcept { return {}; }         ///< Behind the last one.

 private:
  friend class span_batch;
  explicit view_range(view_iterator begin) noexcept : begin_(begin) {}
  view_iterator begin_;
};

/// Walks over records. Copies of an iterator share the record that they look at.
class span_batch::iterator {
 public:
  using iterator_category = std::input_iterator_tag;   ///< Once through.
  using value_type = span_record;                      ///< Made on the way.
  using difference_type = std::ptrdiff_t;              ///< Of an iterator.
  using pointer = span_record const*;                  ///< To the iterator's record.
  using reference = span_record const&;                ///< Likewise.

  /// Behind the last one, of every batch.
  iterator() = default;
  /// The record of the span that it is at; valid until the iterator moves on or is gone.
  [[nodiscard]] span_record const& operator*() const;
  /// A member of it.
  [[nodiscard]] span_record const* operator->() const { return &**this; }
  /// To the next one.
  iterator& operator++() noexcept {
    ++at_;
    read_ = false;
    return *this;
  }
  /// To the next one.
  void operator++(int) noexcept { ++*this; }
  /// Whether both are at the same span, or behind the last.
  friend bool operator==(iterator const& a, iterator const& b) noexcept { return a.at_ == b.at_; }

 private:
  friend class span_batch;
  explicit iterator(view_iterator at) noexcept : at_(at) {}

  view_iterator at_;
  mutable std::shared_ptr<span_record> record_;
  mutable bool read_ = false;
};

inline span_batch::iterator span_batch::end() const noexcept { return {}; }

}  // namespace skein
