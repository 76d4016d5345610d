// Reads untrusted msgpack without building a tree. The first error is kept with the place where it happened
// (`header[1][0][3]`); from then on every read returns a default at once, so that callers check at the end of a loop.
#pragma once

#include "codec_kind.hpp"

#include <skein/registry/artifact_type.hpp>
#include <skein/registry/ascii.hpp>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skein::bus::wire {

struct reader_limits {
  std::size_t list_items_max, depth_max;
};

class reader {
 public:
  /// Reads from the start of `in`, which must outlive the reader. `root` and `part` name it in errors.
  reader(bytes_view in, reader_limits limits, std::string_view root, std::string_view part = {})
      : in_(in), at_(in.data()), end_(in.data() + in.size()), limits_(limits), root_(root), part_(part) {}

  [[nodiscard]] std::size_t list_items_max() const noexcept { return limits_.list_items_max; }
  [[nodiscard]] bool ok() const noexcept { return !failure_; }
  [[nodiscard]] std::optional<error> const& failure() const noexcept { return failure_; }
  /// Where the next read starts.
  [[nodiscard]] std::size_t position() const noexcept { return static_cast<std::size_t>(at_ - in_.data()); }
  [[nodiscard]] std::size_t remaining() const noexcept { return static_cast<std::size_t>(end_ - at_); }

  /// An array of at least `required` elements; `read` reads those it knows, more() tells of optional ones, the rest is skipped.
  template <class Read>
  void fields(std::size_t required, Read read) {
    if (!open_fields(required)) return;
    read();
    close();
  }
  /// Whether the innermost array has another element. Outside all arrays there always is one.
  [[nodiscard]] bool more() const noexcept { return top_.left > 0; }

  /// An array whose every element `read` reads; `prepare(count)` comes first. An element takes at least `item_bytes_min` bytes,
  /// which bounds what a count can make the caller allocate.
  template <class Prepare, class Read>
  void items(std::size_t item_bytes_min, Prepare prepare, Read read) {
    if (!open_items(item_bytes_min)) return;
    auto const count = top_.count;
    prepare(count);
    for (std::size_t i = 0; i < count && ok(); ++i) read();
    close();
  }
  /// The same into a vector, each element where it stays.
  template <class T, class Read>
  void list_in_place(std::vector<T>& out, std::size_t item_bytes_min, Read read) {
    items(item_bytes_min, [&](std::size_t count) { out.reserve(out.size() + count); }, [&] { read(out.emplace_back()); });
  }
  /// The same into a vector.
  template <class T, class Read>
  void list(T& out, std::size_t item_bytes_min, Read read) {
    items(item_bytes_min, [&](std::size_t count) { out.reserve(count); }, [&] { out.push_back(read()); });
  }
  void texts(std::vector<std::string>& out) {
    list(out, 1, [&] { return text(); });
  }

  /// Consumes a nil if one is next.
  [[nodiscard]] bool nil() noexcept {
    if (!more() || at_ == end_ || peek() != 0xc0) return false;
    step(1);
    return true;
  }
  [[nodiscard]] bool boolean();
  [[nodiscard]] std::uint64_t uint(std::uint64_t highest = std::numeric_limits<std::uint64_t>::max(), std::uint64_t lowest = 0) {
    auto const next = plain_number();
    if (next.size > 0 && next.value >= lowest && next.value <= highest) return step(next.size), next.value;
    return any_uint(highest, lowest);
  }
  template <class Unsigned>
  [[nodiscard]] Unsigned as_uint(std::uint64_t lowest = 0) {
    return static_cast<Unsigned>(uint(std::numeric_limits<Unsigned>::max(), lowest));
  }
  [[nodiscard]] std::int64_t sint(std::int64_t lowest = std::numeric_limits<std::int64_t>::min(),
                                  std::int64_t highest = std::numeric_limits<std::int64_t>::max()) {
    auto const next = plain_number();
    auto const value = static_cast<std::int64_t>(next.value);
    if (next.size > 0 && value >= 0 && value >= lowest && value <= highest) return step(next.size), value;
    return any_sint(lowest, highest);
  }
  /// A float of either width, or an integer.
  [[nodiscard]] double real();
  /// UTF-8, in the frame; good as long as that is.
  [[nodiscard]] std::string_view text_view() {
    // Most texts are short, and ASCII.
    if (more() && remaining() > 1) {
      auto const tag = peek();
      bool const has_length = tag == 0xd9;   // in the next byte
      std::size_t const length = has_length ? std::to_integer<std::size_t>(at_[1]) : tag & 0x1f, before = has_length ? 2 : 1;
      if ((has_length || (tag & 0xe0) == 0xa0) && length <= remaining() - before) {
        std::string_view const view{reinterpret_cast<char const*>(at_ + before), length};
        if (is_ascii(view)) return step(before + length), view;
      }
    }
    return any_text();
  }
  /// UTF-8, copied.
  [[nodiscard]] std::string text() { return std::string{text_view()}; }
  void text_into(std::string& out) { out.assign(text_view()); }
  /// The same, not empty.
  [[nodiscard]] std::string name() { return std::string{name_view()}; }
  void name_into(std::string& out) { out.assign(name_view()); }
  [[nodiscard]] std::string_view name_view() {
    auto const view = text_view();
    if (view.empty() && ok()) fail_before("a name may not be empty");
    return view;
  }
  /// Binary of any length, in the frame; good as long as that is.
  [[nodiscard]] bytes_view octets_view();
  /// The same, copied.
  [[nodiscard]] std::string octets();
  [[nodiscard]] span_context context();
  [[nodiscard]] timestamp time() { return timestamp{std::chrono::nanoseconds{sint()}}; }

  template <class Enum>
  [[nodiscard]] Enum enumerator(Enum last, Enum first = Enum{}) {
    return static_cast<Enum>(uint(static_cast<std::uint64_t>(last), static_cast<std::uint64_t>(first)));
  }
  template <class Id>
  [[nodiscard]] Id id() {
    std::array<std::uint8_t, Id::size_bytes> raw{};
    fixed_bin(raw.data(), raw.size());
    Id value{raw};
    if (ok() && value.empty()) fail_before("an id may not be all zero");
    return value;
  }
  template <class Id>
  [[nodiscard]] Id optional_id() { return nil() ? Id{} : id<Id>(); }

  /// The msgpack type of what is next: one of the enumerators, `end` when nothing is.
  enum class wire_type { nil, boolean, integer, real, text, bin, array, map, ext, never, end };
  [[nodiscard]] wire_type next_type() const noexcept;
  /// Whether it is an integer above the highest std::int64_t.
  [[nodiscard]] bool next_is_unsigned_only() const noexcept { return remaining() > 1 && peek() == 0xcf && std::to_integer<unsigned>(at_[1]) >= 0x80; }

  /// Fails at the element that the next read would take, or that the last one took.
  void fail_here(std::string_view why, errc code = errc::bad_message);
  void fail_before(std::string_view why, errc code = errc::bad_message);

 private:
  /// An array: how many elements it has, and how many of them are still to be read. After a failure none are left of the innermost one.
  struct level {
    std::size_t count, left;
    [[nodiscard]] std::size_t next() const noexcept { return count - left; }
  };
  static constexpr std::size_t levels_max = 64;

  void step(std::size_t size) noexcept {
    at_ += size;
    --top_.left;
  }
  [[nodiscard]] std::string_view any_text();
  [[nodiscard]] std::uint64_t any_uint(std::uint64_t highest, std::uint64_t lowest);
  [[nodiscard]] std::int64_t any_sint(std::int64_t lowest, std::int64_t highest);
  void any_fixed_bin(std::uint8_t* out, std::size_t size);
  [[nodiscard]] bool open_any(std::size_t& count);
  void skip_rest();
  /// The number that is next, in one of the unsigned formats, and how many bytes it takes: 0 where it is none, or that is not easily told.
  struct number {
    std::uint64_t value;
    std::size_t size;
  };
  [[nodiscard]] number plain_number() const noexcept {
    if (!more() || at_ == end_) return {0, 0};
    auto const tag = peek();
    if (tag < 0x80) return {tag, 1};
    if ((tag & 0xfc) != 0xcc || remaining() <= 8) return {0, 0};   // there must be eight bytes to look at
    unsigned const width = 1u << (tag & 3);
    return {eight_bytes(at_ + 1) >> (64 - 8 * width), 1 + width};
  }
  [[nodiscard]] static std::uint64_t eight_bytes(std::byte const* from) noexcept {
    std::uint64_t read;
    std::memcpy(&read, from, 8);
    return std::endian::native == std::endian::little ? __builtin_bswap64(read) : read;
  }

  [[nodiscard]] bool open_fields(std::size_t required) {
    std::size_t count = 0;
    if (!open(count)) return false;
    return count >= required || too_few(required);
  }
  [[nodiscard]] bool open_items(std::size_t item_bytes_min) {
    std::size_t count = 0;
    if (!open(count)) return false;
    // The division is for those that may not fit.
    if (count <= limits_.list_items_max && (count <= 1 ? count * item_bytes_min <= remaining() : count <= remaining() / item_bytes_min)) return true;
    return too_many();
  }
  [[nodiscard]] bool too_few(std::size_t required);
  [[nodiscard]] bool too_many();
  /// Opens an array, of one of the short forms as a rule.
  [[nodiscard]] bool open(std::size_t& count) {
    if (at_ == end_ || top_.left == 0 || (peek() & 0xf0) != 0x90 || depth_ >= limits_.depth_max || depth_ >= levels_max) return open_any(count);
    count = peek() & 0x0f;
    step(1);
    enter(count);
    return true;
  }
  void enter(std::size_t count) noexcept {
    outer_[depth_++] = top_;
    top_ = {count, count};
  }
  void leave() noexcept { top_ = outer_[--depth_]; }
  void close() {
    if (top_.left > 0) skip_rest();
    if (ok()) leave();
  }
  /// Steps over one value of any type, without recursion.
  void skip();
  /// Makes sure that the next value is of `type` and that an element is due.
  [[nodiscard]] bool expect(wire_type type, std::string_view wanted);
  [[nodiscard]] std::uint8_t peek() const noexcept { return std::to_integer<std::uint8_t>(*at_); }
  [[nodiscard]] bool take(std::size_t size, std::uint64_t& value);
  [[nodiscard]] bool take_length(std::size_t& length);
  void fixed_bin(std::uint8_t* out, std::size_t size) {
    bool const plain = more() && remaining() >= 2 + size && peek() == 0xc4 && std::to_integer<std::size_t>(at_[1]) == size;
    if (!plain) return any_fixed_bin(out, size);
    std::memcpy(out, at_ + 2, size);
    step(2 + size);
  }
  void fail_at(std::size_t last_index, std::string_view why, errc code);

  bytes_view in_;
  std::byte const* at_;
  std::byte const* end_;
  level top_{std::numeric_limits<std::size_t>::max(), std::numeric_limits<std::size_t>::max()};  // the innermost array; around all are values without end
  std::size_t depth_ = 0;
  reader_limits limits_;
  std::string_view root_, part_;
  std::array<level, levels_max> outer_;  // what is around it; those up to depth_
  std::optional<error> failure_;
};

}  // namespace skein::bus::wire
