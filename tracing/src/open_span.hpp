// A started span as a recorder sees it: a node of its thread's list, which can say what is known of it so far.
#pragma once

#include <skein/tracing/span_record.hpp>

#include "entry_writer.hpp"

#include <atomic>
#include <string>

namespace skein {

struct thread_buffer;

struct open_span {
  open_span() = default;
  open_span(open_span const&) = delete;
  open_span& operator=(open_span const&) = delete;
  virtual ~open_span() = default;

  /// Appends what is known at this moment (span_bytes.hpp), as running; false when the span has ended. Called with the lock of `home` held; may
  /// wait at the span's own gate.
  [[nodiscard]] virtual bool so_far(std::string& out) = 0;

  // The links are guarded by home's mutex. A buffer is not freed while a span is in its lists.
  open_span* previous = nullptr;
  open_span* next = nullptr;
  thread_buffer* home = nullptr;   ///< Null while no recorder knows the span.
  std::atomic<open_span*>* place = nullptr;   ///< Where it stands in home's `started`; null = in one of its lists.
};

/// A span that was opened by its record: the copy is the running row.
struct opened_by_record final : open_span {
  explicit opened_by_record(span_record started) {
    started.status = status_code::running;
    started.end = {};
    flat::append(known, started);
  }
  [[nodiscard]] bool so_far(std::string& out) override {
    out += known;
    return true;
  }
  std::string known;
};

/// A ring of open spans around a sentinel.
class open_list {
 public:
  open_list() noexcept { head_.previous = head_.next = &head_; }

  [[nodiscard]] bool empty() const noexcept { return head_.next == &head_; }

  void push(open_span& span) noexcept {
    span.previous = head_.previous;
    span.next = &head_;
    head_.previous->next = &span;
    head_.previous = &span;
  }

  static void unlink(open_span& span) noexcept {
    span.previous->next = span.next;
    span.next->previous = span.previous;
    span.previous = span.next = nullptr;
  }

  /// Calls `see(open_span&)` for each, oldest first.
  template <class See>
  void for_each(See&& see) {
    for (open_span* each = head_.next; each != &head_; each = each->next) see(*each);
  }

  /// Takes the oldest span out; the list must not be empty.
  [[nodiscard]] open_span& pop() noexcept {
    open_span& first = *head_.next;
    unlink(first);
    return first;
  }

 private:
  struct sentinel final : open_span {
    [[nodiscard]] bool so_far(std::string&) override { return false; }
  };
  sentinel head_;
};

}  // namespace skein
