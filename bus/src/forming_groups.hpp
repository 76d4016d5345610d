// Where groups that wait for their types are found: by correlation and key.
#pragma once

#include "recycled_map.hpp"

#include <skein/bus/change.hpp>
#include <skein/registry/field_key_value.hpp>

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace skein::bus {

/// Groups, oldest first; they come in that order and mostly leave in it.
class group_queue {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == all_.size(); }
  [[nodiscard]] group_no front() const noexcept { return all_[first_]; }
  [[nodiscard]] bool contains(group_no no) const noexcept { return std::binary_search(begin(), all_.cend(), no); }
  void push_back(group_no no) { all_.push_back(no); }
  void erase(group_no no) {
    if (empty() || front() > no) return;
    auto const at = front() == no ? begin() : std::lower_bound(begin(), all_.cend(), no);
    if (at == all_.cend() || *at != no) return;
    if (at != begin()) return void(all_.erase(at));
    ++first_;
    if (first_ == all_.size()) {
      all_.clear(), first_ = 0;
    } else if (first_ * 2 > all_.size()) {
      all_.erase(all_.cbegin(), begin()), first_ = 0;
    }
  }

 private:
  using numbers = boost::container::small_vector<group_no, 1>;   // most keys have one group at a time
  [[nodiscard]] numbers::const_iterator begin() const noexcept { return all_.cbegin() + static_cast<std::ptrdiff_t>(first_); }

  numbers all_;
  std::size_t first_ = 0;               // those before it are gone
};

/// Never null; groups of one correlation mostly come together and share it.
using shared_text = std::shared_ptr<std::string const>;

/// What groups are found by. It brings its hash (subscription::group_key_of), so that it is computed once for all that is asked of the table.
struct group_key_view {
  shared_text const& correlation;
  field_key_value const& key;
  std::size_t hash = 0;
};

/// Numbers that whoever doesn't know the seed cannot make fall together.
[[nodiscard]] constexpr std::size_t hash_of(std::int64_t number, std::uint64_t seed) noexcept {
  // The finaliser of SplitMix64.
  std::uint64_t mixed = (static_cast<std::uint64_t>(number) ^ seed) + 0x9e3779b97f4a7c15;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return static_cast<std::size_t>(mixed ^ (mixed >> 31));
}

/// The groups of one correlation and key that wait.
struct forming_groups {
  shared_text correlation;
  field_key_value key;
  std::size_t hash = 0;                 // of both
  forming_groups* same_hash = nullptr;  // another of the table
  boost::container::small_vector<group_queue, 2> lacking;   // by the first of the slots that take the same artifacts: those that lack one there

  [[nodiscard]] bool is(group_key_view const& of) const noexcept {
    return key == of.key && (correlation == of.correlation || *correlation == *of.correlation);
  }
  [[nodiscard]] bool empty() const noexcept {
    return std::all_of(lacking.begin(), lacking.end(), [](auto const& one) { return one.empty(); });
  }
};

/// Those of one subscription. They stay where they are until dropped; their memory is used again.
class forming_table {
 public:
  forming_table() = default;
  forming_table(forming_table const&) = delete;
  forming_table& operator=(forming_table const&) = delete;
  ~forming_table() {
    first_of_.each([](std::size_t, forming_groups* one) {
      while (one) delete std::exchange(one, one->same_hash);
    });
  }

  /// nullptr when there are none.
  [[nodiscard]] forming_groups* find(group_key_view const& of) const noexcept {
    auto* const* const found = first_of_.find(of.hash);
    auto* one = found ? *found : nullptr;
    while (one && !one->is(of)) one = one->same_hash;
    return one;
  }
  /// Empty ones, of so many slots; there must be none of that name.
  forming_groups& add(group_key_view const& of, std::size_t slots) {
    std::unique_ptr<forming_groups> made;
    if (spare_.empty()) {
      made = std::make_unique<forming_groups>();
    } else {
      made = std::move(spare_.back());
      spare_.pop_back();
    }
    made->correlation = of.correlation;
    made->key.integer = of.key.integer;
    if (!of.key.text.empty() || !made->key.text.empty()) made->key.text = of.key.text;
    made->hash = of.hash;
    made->lacking.resize(slots);
    forming_groups*& first = first_of_[of.hash];
    made->same_hash = first;
    return *(first = made.release());
  }
  /// No group of them waits any more.
  void drop(forming_groups& gone) {
    constexpr std::size_t spare_max = 4'096;   // as of groups: a burst opens that many at once
    auto* first = first_of_.extract(gone.hash);
    if (first == &gone) {
      first = gone.same_hash;
    } else {
      auto* before = first;
      while (before->same_hash != &gone) before = before->same_hash;
      before->same_hash = gone.same_hash;
    }
    if (first) first_of_[gone.hash] = first;
    std::unique_ptr<forming_groups> one{&gone};
    if (spare_.size() < spare_max) spare_.push_back(std::move(one));
  }

 private:
  flat_index<std::size_t, forming_groups*> first_of_;   // by hash
  std::vector<std::unique_ptr<forming_groups>> spare_;
};

}  // namespace skein::bus
