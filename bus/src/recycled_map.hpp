// A map whose steady state allocates nothing: keys in one flat array, values that are used again after they are erased.
#pragma once

#include <skein/registry/flat_index.hpp>

#include <cassert>
#include <iterator>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace skein::bus {

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
