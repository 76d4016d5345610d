// The bytes of a span (span_bytes.hpp) while they are put together: head and entries in one piece, on which it is copied when it ends.
//
// One thread appends; others may read at the same time what published() gives them. An append writes behind what is published, then
// publishes it by a release store of the size; a reader's acquire load of that size sees all bytes before it. Nobody else writes there. Only grow() moves the
// bytes, so it and whoever reads must keep each other out by other means (the span's gate).
#pragma once

#include "span_bytes.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace skein {

/// memcpy for what is nearly always short: overlapping moves instead of a call.
inline void copy_short(char* to, char const* from, std::size_t size) noexcept {
  auto const twice = [&](auto piece) {
    auto last = piece;
    std::memcpy(&piece, from, sizeof piece);
    std::memcpy(&last, from + size - sizeof last, sizeof last);
    std::memcpy(to, &piece, sizeof piece);
    std::memcpy(to + size - sizeof last, &last, sizeof last);
  };
  if (size >= 16) {
    std::array<std::uint64_t, 2> piece{};
    for (std::size_t done = 0; done + sizeof piece < size; done += sizeof piece) {
      std::memcpy(&piece, from + done, sizeof piece);
      std::memcpy(to + done, &piece, sizeof piece);
    }
    std::memcpy(&piece, from + size - sizeof piece, sizeof piece);
    std::memcpy(to + size - sizeof piece, &piece, sizeof piece);
  } else if (size >= 8) {
    twice(std::uint64_t{});
  } else if (size >= 4) {
    twice(std::uint32_t{});
  } else {
    for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  }
}

/// Writes an entry to where there are `room` bytes. Returns its size; 0, and nothing is written, when it does not fit or is longer than an entry can say.
[[nodiscard]] inline std::size_t write_entry(char* to, std::size_t room, flat::tag kind, std::string_view key, std::string_view value) noexcept {
  auto const needed = flat::word_bytes + key.size() + value.size();
  if (needed > room || key.size() > flat::key_bytes_max || value.size() > flat::value_bytes_max) return 0;
  auto const word = flat::word_of(kind, key.size(), value.size());
  std::memcpy(to, &word, sizeof word);
  copy_short(to + flat::word_bytes, key.data(), key.size());
  copy_short(to + flat::word_bytes + key.size(), value.data(), value.size());
  return needed;
}

class span_image {
 public:
  span_image() noexcept {   // NOLINT: the bytes are written before they are read.
    ::new (static_cast<void*>(inline_)) flat::head{};
  }
  span_image(span_image const&) = delete;
  span_image& operator=(span_image const&) = delete;

  /// What is of fixed size. `bytes` is right only after complete().
  [[nodiscard]] flat::head& head() noexcept { return *reinterpret_cast<flat::head*>(data_); }
  [[nodiscard]] flat::head const& head() const noexcept { return *reinterpret_cast<flat::head const*>(data_); }

  /// All entries so far. Any thread that keeps grow() out.
  [[nodiscard]] std::string_view published() const noexcept {
    return {data_ + sizeof(flat::head), size_.load(std::memory_order_acquire) - sizeof(flat::head)};
  }

  /// The same while nobody else has seen the span, to be changed in place.
  [[nodiscard]] char* entries() noexcept { return data_ + sizeof(flat::head); }

  /// Appends an entry if there is room.
  [[nodiscard]] bool try_append(flat::tag kind, std::string_view key, std::string_view value) noexcept {
    auto const at = size_.load(std::memory_order_relaxed);
    auto const written = write_entry(data_ + at, capacity_ - at, kind, key, value);
    if (written == 0) return false;
    size_.store(at + written, std::memory_order_release);
    return true;
  }
  /// Appends an entry; what is longer than an entry can say is cut. The caller keeps readers out.
  void append(flat::tag kind, std::string_view key, std::string_view value) {
    key = key.substr(0, flat::key_bytes_max);
    value = value.substr(0, flat::value_bytes_max);
    if (try_append(kind, key, value)) return;
    grow(flat::word_bytes + key.size() + value.size());
    (void)try_append(kind, key, value);
  }
  /// Appends entries that are complete. The caller keeps readers out.
  void append(std::string_view entries) {
    auto const at = size_.load(std::memory_order_relaxed);
    if (entries.size() > capacity_ - at) grow(entries.size());
    std::memcpy(data_ + at, entries.data(), entries.size());
    size_.store(at + entries.size(), std::memory_order_release);
  }
  /// Replaces all entries. The caller keeps readers out.
  void assign(std::string_view entries) {
    size_.store(sizeof(flat::head), std::memory_order_relaxed);
    append(entries);
  }
  /// Replaces part of what published() gave by as many bytes. The caller keeps readers out.
  void overwrite(std::string_view part, std::string_view by) noexcept { std::memcpy(data_ + (part.data() - data_), by.data(), by.size()); }
  /// The whole span; nothing may be appended any more.
  [[nodiscard]] std::string_view complete() noexcept {
    head().bytes = size_.load(std::memory_order_acquire);
    return {data_, static_cast<std::size_t>(head().bytes)};
  }

 private:
  void grow(std::size_t by) {
    auto const size = size_.load(std::memory_order_relaxed);
    auto const wanted = std::max(flat::aligned(size + by), 2 * capacity_);
    std::unique_ptr<char[]> larger{new char[wanted]};
    std::memcpy(larger.get(), data_, size);
    heap_ = std::move(larger);
    data_ = heap_.get();
    capacity_ = wanted;
  }

  // Enough for a span with ten attributes.
  static constexpr std::size_t inline_bytes = 768;

  char* data_ = inline_;
  std::size_t capacity_ = inline_bytes;
  std::atomic<std::size_t> size_{sizeof(flat::head)};
  std::unique_ptr<char[]> heap_;
  alignas(flat::head) char inline_[inline_bytes];
};

}  // namespace skein
