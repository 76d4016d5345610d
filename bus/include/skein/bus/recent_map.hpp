// What is known of the keys that came last. Old ones are forgotten, many at a time; in its steady state it allocates nothing, and a new key touches little memory: entries
// stand in the order in which they came, and what finds them is four bytes for each.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace skein::bus {

/// Not thread-safe. Keys that collide make it slow, not wrong.
template <class Key, class Value, class Hash = std::hash<Key>>
class recent_map {
 public:
  /// Remembers the `kept` keys that came or were looked up last, and at most twice as many. `kept`: from 1 to 2^30.
  explicit recent_map(std::size_t kept) : kept_(kept) {}

  /// The value of a key, and whether it has been made by this call. It stays where it is until the next call.
  std::pair<Value&, bool> find_or_make(Key const& key) {
    auto const hash = mixed(key);
    if (auto* const known = newer_.find(key, hash)) return {*known, false};
    auto const* const old = older_.find(key, hash);
    auto const value = old != nullptr ? *old : Value{};
    if (newer_.entries.size() >= kept_) {
      std::swap(newer_, older_);
      newer_.clear();
    }
    return {newer_.add(key, hash, value), old == nullptr};
  }

 private:
  struct entry {
    Key key;
    Value value;
  };

  /// A slot holds the position of an entry, from 1, below some bits of its key's hash: most entries that are not wanted need not be looked at.
  struct generation {
    std::vector<entry> entries;
    std::vector<std::uint32_t> slots;   // open addressing, at most half full

    [[nodiscard]] std::uint32_t position_mask() const noexcept { return static_cast<std::uint32_t>(slots.size() - 1); }
    [[nodiscard]] std::uint32_t tag_of(std::uint64_t hash) const noexcept { return static_cast<std::uint32_t>(hash >> 32) & ~position_mask(); }
    [[nodiscard]] std::size_t next(std::size_t at) const noexcept { return (at + 1) & (slots.size() - 1); }

    [[nodiscard]] Value* find(Key const& key, std::uint64_t hash) noexcept {
      if (slots.empty()) return nullptr;
      auto const tag = tag_of(hash), mask = position_mask();
      for (std::size_t at = hash & (slots.size() - 1); slots[at] != 0; at = next(at)) {
        if ((slots[at] & ~mask) != tag) continue;
        entry& here = entries[(slots[at] & mask) - 1];
        if (here.key == key) return &here.value;
      }
      return nullptr;
    }
    Value& add(Key const& key, std::uint64_t hash, Value const& value) {
      if (2 * (entries.size() + 1) > slots.size()) grow();
      entries.push_back({key, value});
      place(hash, entries.size());
      return entries.back().value;
    }
    void clear() noexcept {
      entries.clear();
      std::fill(slots.begin(), slots.end(), 0);
    }

   private:
    void place(std::uint64_t hash, std::size_t position) noexcept {
      std::size_t at = hash & (slots.size() - 1);
      while (slots[at] != 0) at = next(at);
      slots[at] = tag_of(hash) | static_cast<std::uint32_t>(position);
    }
    void grow() {
      slots.assign(slots.empty() ? 64 : 2 * slots.size(), 0);
      for (std::size_t i = 0; i < entries.size(); ++i) place(mixed(entries[i].key), i + 1);
    }
  };

  [[nodiscard]] static std::uint64_t mixed(Key const& key) noexcept {
    auto const spread = static_cast<std::uint64_t>(Hash{}(key)) * 0x9e3779b97f4a7c15;
    return std::rotl(spread, 32);
  }

  std::size_t kept_;
  generation newer_, older_;
};

}  // namespace skein::bus
