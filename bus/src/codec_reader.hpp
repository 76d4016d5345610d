// Reads untrusted msgpack without building a tree. The first error is kept with the place where it happened
// (`header[1][0][3]`); from then on every read returns a default at once, so that callers check at the end of a loop.
#pragma once

#include "codec_kind.hpp"

#include <skein/registry/artifact_type.hpp>
#include <skein/registry/ascii.hpp>

#include <array>
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
  reader(bytes_view in, reader_limits limits, std::string_view root, std::string_view part = {}) : in_(in), limits_(limits), root_(root), part_(part) {}

  [[nodiscard]] std::size_t list_items_max() const noexcept { return limits_.list_items_max; }
  [[nodiscard]] bool ok() const noexcept { return !failure_; }
  [[nodiscard]] std::optional<error> const& failure() const noexcept { return failure_; }
  /// Where the next read starts.
  [[nodiscard]] std::size_t position() const noexcept { return at_; }
  [[nodiscard]] std::size_t remaining() const noexcept { return in_.size() - at_; }

  /// An array of at least `required` elements; `read` reads those it knows, more() tells of optional ones, the rest is skipped.
  template <class Read>
  void fields(std::size_t required, Read read) {
    if (!open_fields(required)) return;
    read();
    close();
  }
  /// Whether the innermost array has another element.
  [[nodiscard]] bool more() const noexcept { return ok() && depth_ > 0 && top().next < top().count; }

  /// An array whose every element `read` reads; `prepare(count)` comes first. An element takes at least `item_bytes_min` bytes,
  /// which bounds what a count can make the caller allocate.
  template <class Prepare, class Read>
  void items(std::size_t item_bytes_min, Prepare prepare, Read read) {
    if (!open_items(item_bytes_min)) return;
    auto const count = top().count;
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
  [[nodiscard]] bool nil();
  [[nodiscard]] bool boolean();
  [[nodiscard]] std::uint64_t uint(std::uint64_t highest = std::numeric_limits<std::uint64_t>::max(), std::uint64_t lowest = 0) {
    if (std::size_t value = 0; next_is_short(0, 0x7f, value) && value >= lowest && value <= highest) return step(1), value;
    return any_uint(highest, lowest);
  }
  template <class Unsigned>
  [[nodiscard]] Unsigned as_uint(std::uint64_t lowest = 0) {
    return static_cast<Unsigned>(uint(std::numeric_limits<Unsigned>::max(), lowest));
  }
  [[nodiscard]] std::int64_t sint(std::int64_t lowest = std::numeric_limits<std::int64_t>::min(),
                                  std::int64_t highest = std::numeric_limits<std::int64_t>::max()) {
    if (more() && remaining() > 8 && peek() == 0xcf) {  // a time, as a rule
      auto const raw = eight_bytes(at_ + 1);
      auto const value = static_cast<std::int64_t>(raw);
      if (value >= 0 && value >= lowest && value <= highest) return step(9), value;
    }
    return any_sint(lowest, highest);
  }
  /// A float of either width, or an integer.
  [[nodiscard]] double real();
  /// UTF-8, in the frame; good as long as that is.
  [[nodiscard]] std::string_view text_view() {
    // Most texts are short, and ASCII.
    if (std::size_t length = 0; next_is_short(0xa0, 0x1f, length) && length < remaining()) {
      std::string_view const view{reinterpret_cast<char const*>(in_.data() + at_ + 1), length};
      if (is_ascii(view)) return step(1 + length), view;
    }
    return any_text();
  }
  /// UTF-8, copied.
  [[nodiscard]] std::string text() { return std::string{text_view()}; }
  /// The same, not empty.
  [[nodiscard]] std::string name() { return std::string{name_view()}; }
  [[nodiscard]] std::string_view name_view() {
    auto const view = text_view();
    if (ok() && view.empty()) fail_before("a name may not be empty");
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
  [[nodiscard]] bool next_is_unsigned_only() const noexcept { return remaining() > 1 && peek() == 0xcf && std::to_integer<unsigned>(in_[at_ + 1]) >= 0x80; }

  /// Fails at the element that the next read would take, or that the last one took.
  void fail_here(std::string_view why, errc code = errc::bad_message);
  void fail_before(std::string_view why, errc code = errc::bad_message);

 private:
  struct level {
    std::size_t count, next;
  };
  static constexpr std::size_t levels_max = 64;

  /// Whether an element is due and is one of the short forms that begin with `tag`; `value` is what its lowest bits say.
  [[nodiscard]] bool next_is_short(unsigned tag, unsigned bits, std::size_t& value) const noexcept {
    if (!more() || remaining() == 0) return false;
    auto const found = peek();
    value = found & bits;
    return (found & ~bits & 0xff) == tag;
  }
  void step(std::size_t size) noexcept {
    at_ += size;
    ++levels_[depth_ - 1].next;
  }
  [[nodiscard]] std::string_view any_text();
  [[nodiscard]] std::uint64_t any_uint(std::uint64_t highest, std::uint64_t lowest);
  [[nodiscard]] std::int64_t any_sint(std::int64_t lowest, std::int64_t highest);
  void any_fixed_bin(std::uint8_t* out, std::size_t size);
  [[nodiscard]] bool open_any(std::size_t& count);
  void skip_rest();
  [[nodiscard]] std::uint64_t eight_bytes(std::size_t at) const noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) value = value << 8 | std::to_integer<std::uint64_t>(in_[at + i]);
    return value;
  }

  [[nodiscard]] level const& top() const noexcept { return levels_[depth_ - 1]; }
  [[nodiscard]] bool open_fields(std::size_t required);
  [[nodiscard]] bool open_items(std::size_t item_bytes_min);
  [[nodiscard]] bool open(std::size_t& count) {
    if (next_is_short(0x90, 0x0f, count) && depth_ < limits_.depth_max && depth_ < levels_max) {
      step(1);
      levels_[depth_++] = {count, 0};
      return true;
    }
    return open_any(count);
  }
  void close() {
    if (more()) skip_rest();
    if (ok()) --depth_;
  }
  /// Steps over one value of any type, without recursion.
  void skip();
  /// Makes sure that the next value is of `type` and that an element is due.
  [[nodiscard]] bool expect(wire_type type, std::string_view wanted);
  void advance() noexcept {
    if (depth_ > 0) ++levels_[depth_ - 1].next;
  }
  [[nodiscard]] std::uint8_t peek() const noexcept { return std::to_integer<std::uint8_t>(in_[at_]); }
  [[nodiscard]] bool take(std::size_t size, std::uint64_t& value);
  [[nodiscard]] bool take_length(std::size_t& length);
  void fixed_bin(std::uint8_t* out, std::size_t size) {
    bool const plain = more() && remaining() >= 2 + size && peek() == 0xc4 && std::to_integer<std::size_t>(in_[at_ + 1]) == size;
    if (!plain) return any_fixed_bin(out, size);
    std::memcpy(out, in_.data() + at_ + 2, size);
    step(2 + size);
  }
  void fail_at(std::size_t last_index, std::string_view why, errc code);

  bytes_view in_;
  reader_limits limits_;
  std::string_view root_, part_;
  std::size_t at_ = 0, depth_ = 0;
  std::array<level, levels_max> levels_;  // those up to depth_
  std::optional<error> failure_;
};

}  // namespace skein::bus::wire
