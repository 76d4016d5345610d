// How a span lies in memory between the thread that makes it and the sinks: a head of fixed size, then entries, each a word that says kind
// and lengths, the key, the value. It never leaves the process, so byte order and padding are the machine's.
//
//   head | name | scope? service? | attributes, events, links, inputs, … in the order in which they were set
#pragma once

#include <skein/tracing/span_record.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace skein::flat {

/// What an entry is. Values up to last_attribute are attributes.
enum class tag : std::uint8_t {
  boolean = 0,   ///< One byte.
  integer,       ///< std::int64_t.
  real,          ///< double.
  text,          ///< The bytes.
  texts,         ///< For each text its length (std::uint64_t) and bytes.
  hex_id,        ///< The bytes of an id that is written as hex digits.
  uuid,          ///< The 16 bytes of an id that is written as a UUID.
  last_attribute = uuid,
  event,         ///< Key: its name. Value: its time, then entries, its attributes.
  link,          ///< Value: link_head, then entries, its attributes.
  name,          ///< The first entry of every span. These and the following: once at most.
  message,
  scope,
  service,
  inputs,
  outputs,
};

[[nodiscard]] constexpr bool is_attribute(tag kind) noexcept { return kind <= tag::last_attribute; }
[[nodiscard]] constexpr std::uint16_t bit(tag kind) noexcept { return static_cast<std::uint16_t>(1u << static_cast<unsigned>(kind)); }

/// What a link points to.
struct link_head {
  trace_id trace;
  span_id span;
  std::uint8_t flags = 0;
};

/// The beginning of every span.
struct head {
  std::uint64_t bytes = 0;   ///< Of head and entries; the next span of a block begins at the next multiple of `alignment`.
  trace_id trace;
  span_id span, parent;
  run_id run;
  std::int64_t start_ns = 0, end_ns = 0;
  std::uint8_t flags = 0;
  span_kind kind = span_kind::internal;
  span_type type = span_type::unknown;
  status_code status = status_code::unset;
  std::uint16_t has = 0;          ///< bit() of the kinds of entries that there are, attributes not counted.
  std::uint16_t repeats = 0;      ///< Not 0: a key may stand twice (only while the span is open).
};
static_assert(std::is_trivially_copyable_v<head> && std::is_trivially_copyable_v<link_head>);

inline constexpr std::size_t alignment = alignof(std::uint64_t);
[[nodiscard]] constexpr std::size_t aligned(std::size_t bytes) noexcept { return (bytes + alignment - 1) & ~(alignment - 1); }

// The word before each entry: 4 bits of kind, 26 of the key's length, 34 of the value's.
inline constexpr std::size_t key_bytes_max = (std::size_t{1} << 26) - 1;
inline constexpr std::size_t value_bytes_max = (std::size_t{1} << 34) - 1;
inline constexpr std::size_t word_bytes = sizeof(std::uint64_t);

[[nodiscard]] constexpr std::uint64_t word_of(tag kind, std::size_t key, std::size_t value) noexcept {
  return static_cast<std::uint64_t>(kind) | static_cast<std::uint64_t>(key) << 4 | static_cast<std::uint64_t>(value) << 30;
}

template <class T>
[[nodiscard]] T load(char const* from) noexcept {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// The head of a span where it lies aligned, as in a block.
[[nodiscard]] inline head const& head_of(char const* span) noexcept { return *reinterpret_cast<head const*>(span); }

/// One entry, where it lies.
struct entry {
  tag kind = tag::boolean;
  std::string_view key, value;
  /// The whole of it, the word included.
  [[nodiscard]] std::string_view bytes() const noexcept { return {key.data() - word_bytes, word_bytes + key.size() + value.size()}; }
};

/// Reads the next entry off `rest`; false at the end.
[[nodiscard]] inline bool next(std::string_view& rest, entry& out) noexcept {
  if (rest.empty()) return false;
  auto const word = load<std::uint64_t>(rest.data());
  std::size_t const key = (word >> 4) & key_bytes_max, value = static_cast<std::size_t>(word >> 30);
  out.kind = static_cast<tag>(word & 0x0F);
  out.key = {rest.data() + word_bytes, key};
  out.value = {rest.data() + word_bytes + key, value};
  rest.remove_prefix(word_bytes + key + value);
  return true;
}

/// The value of the first entry of a kind; empty when there is none.
[[nodiscard]] inline std::string_view find(std::string_view entries, tag kind) noexcept {
  for (entry each; next(entries, each);) {
    if (each.kind == kind) return each.value;
  }
  return {};
}

/// The entries of a span that is complete in memory.
[[nodiscard]] inline std::string_view entries_of(char const* span) noexcept {
  return {span + sizeof(head), static_cast<std::size_t>(load<std::uint64_t>(span)) - sizeof(head)};
}

}  // namespace skein::flat
