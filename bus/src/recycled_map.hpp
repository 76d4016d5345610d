// Hash maps whose steady state allocates nothing: keys in one flat array, values that are used again after they are erased.
#pragma once

#include <skein/registry/ids.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace skein::bus {

/// Spreads what differs in few bits: numbers that were given one after the other, ids of one process. Neighbours would stand in one long row,
/// and erasing looks at all that follows in a row.
struct flat_hash {
  template <class Number>
  requires std::is_integral_v<Number>
  [[nodiscard]] std::size_t operator()(Number number) const noexcept { return spread(number); }
  [[nodiscard]] std::size_t operator()(run_id const& id) const noexcept {
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
  struct slot {
    Key key{};
    Value value{};
  };

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

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

  void erase(Key const& key) { (void)extract(key); }

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

/// Owns its values; they stay where they are until erased. `Value::recycle()` makes one as good as new, keeping its memory. `Index`: what finds them.
template <class Key, class Value, class Index = flat_index<Key, Value*>>
class recycled_map : private Index {
  using index = Index;

 public:
  recycled_map() = default;
  recycled_map(recycled_map const&) = delete;
  recycled_map& operator=(recycled_map const&) = delete;
  ~recycled_map() {
    index::each([](Key const&, Value* one) { delete one; });
  }

  using index::empty;
  using index::size;

  /// nullptr when there is none.
  [[nodiscard]] Value* find(Key const& key) const noexcept {
    Value* const* const found = index::find(key);
    return found ? *found : nullptr;
  }
  [[nodiscard]] bool contains(Key const& key) const noexcept { return index::find(key) != nullptr; }
  /// One that is there.
  [[nodiscard]] Value& at(Key const& key) const noexcept {
    Value* const found = find(key);
    assert(found);
    return *found;
  }
  /// A new one; the key must be free.
  Value& add(Key const& key) {
    std::unique_ptr<Value> made;
    if (spare_.empty()) {
      made = std::make_unique<Value>();
    } else {
      made = std::move(spare_.back());
      spare_.pop_back();
    }
    Value*& place = index::operator[](key);
    assert(!place);
    return *(place = made.release());
  }

  /// Gives it back to the map when it goes out of scope.
  struct give_back {
    recycled_map* to = nullptr;
    void operator()(Value* one) const { to->recycle(std::unique_ptr<Value>{one}); }
  };
  using taken = std::unique_ptr<Value, give_back>;
  /// Takes one that is there out of the map, as it is.
  [[nodiscard]] taken take(Key const& key) {
    return taken{index::extract(key), give_back{this}};
  }
  void erase(Key const& key) { take(key).reset(); }

  /// Pairs of key and value, in no particular order; nothing may be added or erased meanwhile.
  class iterator {
   public:
    iterator(std::span<typename index::slot const> first, std::span<typename index::slot const> rest) : left_(first), rest_(rest) { settle(); }
    std::pair<Key const&, Value&> operator*() const noexcept { return {left_.front().key, *left_.front().value}; }
    iterator& operator++() noexcept { return left_ = left_.subspan(1), settle(), *this; }
    friend bool operator==(iterator const& at, std::default_sentinel_t) noexcept { return at.left_.empty(); }

   private:
    void settle() noexcept {
      for (;; left_ = left_.subspan(1)) {
        if (left_.empty()) left_ = std::exchange(rest_, {});
        if (left_.empty() || left_.front().value) return;
      }
    }
    std::span<typename index::slot const> left_, rest_;
  };
  [[nodiscard]] iterator begin() const noexcept {
    auto const [first, rest] = index::parts();
    return {first, rest};
  }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  /// More than a burst has open at once; what is beyond goes back to the allocator.
  static constexpr std::size_t spare_max = 4'096;

  void recycle(std::unique_ptr<Value> one) {
    if (spare_.size() >= spare_max) return;
    one->recycle();
    spare_.push_back(std::move(one));
  }

  std::vector<std::unique_ptr<Value>> spare_;
};

}  // namespace skein::bus
