// A hash table of small values in one flat array, whose steady state allocates nothing.
#pragma once

#include <skein/registry/ids.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace skein {

/// Spreads what differs in few bits: numbers that were given one after the other, ids of one process. Neighbours would stand in one long row,
/// and erasing looks at all that follows in a row.
struct flat_hash {
  template <class Number>
  requires std::is_integral_v<Number>
  [[nodiscard]] std::size_t operator()(Number number) const noexcept { return spread(number); }   ///< Of a number.
  [[nodiscard]] std::size_t operator()(run_id const& id) const noexcept {   ///< Of all of its bits.
    std::uint64_t first, second;
    std::memcpy(&first, id.bytes().data(), 8);
    std::memcpy(&second, id.bytes().data() + 8, 8);
    return spread(first ^ std::rotl(second, 29));
  }

 private:
  static std::size_t spread(std::uint64_t number) noexcept {
    std::uint64_t const mixed = number * 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>(mixed ^ (mixed >> 32));
  }
};

/// The slots of an index, in as many pieces as it has.
template <class Slot>
using index_parts = std::array<std::span<Slot const>, 2>;

/// Open addressing with linear probing; a value that equals Value{} is no entry. Pointers and references last until the next insertion or erasure.
template <class Key, class Value>
class flat_index {
 public:
  /// Where an entry stands, or none.
  struct slot {
    Key key{};       ///< Means nothing where there is none.
    Value value{};   ///< Value{} where there is none.
  };
  [[nodiscard]] std::size_t size() const noexcept { return size_; }   ///< Entries.
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }   ///< Whether there is no entry.

  /// nullptr when there is none.
  [[nodiscard]] Value const* find(Key const& key) const noexcept {
    if (size_ == 0) return nullptr;
    for (std::size_t at = home(key);; at = next(at)) {
      slot const& here = slots_[at];
      if (here.value == Value{}) return nullptr;
      if (here.key == key) return &here.value;
    }
  }

  /// The entry, made if there is none: then the caller gives it a value other than Value{} before anything else.
  [[nodiscard]] Value& operator[](Key const& key) {
    if (size_ * 2 >= slots_.size()) resize(slots_.empty() ? smallest : slots_.size() * 2);
    for (std::size_t at = home(key);; at = next(at)) {
      slot& here = slots_[at];
      if (here.value != Value{} && here.key == key) return here.value;
      if (here.value != Value{}) continue;
      ++size_;
      here.key = key;
      return here.value;
    }
  }

  /// Forgets all; memory for the entries stays.
  void clear() noexcept {
    std::ranges::fill(slots_, slot{});
    size_ = 0;
  }
  void erase(Key const& key) { (void)extract(key); }   ///< Nothing where there is none.

  /// What stood there; Value{} when there was none.
  Value extract(Key const& key) {
    if (size_ == 0) return {};
    std::size_t gap = home(key);
    for (; !(slots_[gap].key == key); gap = next(gap)) {
      if (slots_[gap].value == Value{}) return {};
    }
    Value const taken = slots_[gap].value;
    if (taken == Value{}) return {};
    // What was pushed behind the gap moves up, unless it stands at or after its own place.
    for (std::size_t at = next(gap); slots_[at].value != Value{}; at = next(at)) {
      std::size_t const mask = slots_.size() - 1;
      bool const may_move = ((at - home(slots_[at].key)) & mask) >= ((at - gap) & mask);
      if (may_move) slots_[std::exchange(gap, at)] = slots_[at];
    }
    slots_[gap] = {};
    --size_;
    if (size_ * 16 < slots_.size() && slots_.size() > kept_small) resize(std::max(slots_.size() / 4, kept_small));
    return taken;
  }

  /// In no particular order; nothing may be inserted or erased meanwhile.
  template <class Visit>
  void each(Visit visit) const {
    for (slot const& here : slots_) {
      if (here.value != Value{}) visit(here.key, here.value);
    }
  }

  /// Where all entries are; a slot without a value is none.
  [[nodiscard]] index_parts<slot> parts() const noexcept { return {std::span<slot const>{slots_}, std::span<slot const>{}}; }

 private:
  static constexpr std::size_t smallest = 64;
  static constexpr std::size_t kept_small = 4'096;   // what fills and empties again and again stays that large

  [[nodiscard]] std::size_t home(Key const& key) const noexcept { return flat_hash{}(key) & (slots_.size() - 1); }
  [[nodiscard]] std::size_t next(std::size_t at) const noexcept { return (at + 1) & (slots_.size() - 1); }

  void resize(std::size_t to) {
    std::vector<slot> const old = std::exchange(slots_, std::vector<slot>(to));
    for (slot const& one : old) {
      if (one.value == Value{}) continue;
      std::size_t at = home(one.key);
      while (slots_[at].value != Value{}) at = next(at);
      slots_[at] = one;
    }
  }

  std::vector<slot> slots_;   // a power of two, at most half full
  std::size_t size_ = 0;
};

}  // namespace skein
