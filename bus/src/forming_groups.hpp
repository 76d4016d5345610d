// Where groups that wait for their types are found: by correlation and key.
#pragma once

#include "recycled_map.hpp"

#include <skein/bus/change.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
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
    auto const at = std::lower_bound(begin(), all_.cend(), no);
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
  [[nodiscard]] std::vector<group_no>::const_iterator begin() const noexcept { return all_.begin() + static_cast<std::ptrdiff_t>(first_); }

  std::vector<group_no> all_;
  std::size_t first_ = 0;               // those before it are gone
};

/// What groups are found by. It brings its hash (subscription::group_key_of), so that it is computed once for all that is asked of the table.
struct group_key_view {
  std::string_view correlation, key;
  std::size_t hash = 0;
  friend bool operator==(group_key_view const& a, group_key_view const& b) noexcept {
    return a.hash == b.hash && a.key == b.key && a.correlation == b.correlation;
  }
};

/// The groups of one correlation and key that wait.
struct forming_groups {
  std::string correlation, key;
  std::size_t hash = 0;                 // of both
  std::vector<group_queue> lacking;     // by the first of the slots that take the same artifacts: those that lack one there

  [[nodiscard]] group_key_view name() const noexcept { return {correlation, key, hash}; }
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
    all_.each([](group_key_view const&, forming_groups* one) { delete one; });
  }

  /// nullptr when there are none.
  [[nodiscard]] forming_groups* find(group_key_view const& of) const noexcept {
    auto* const* const found = all_.find(of);
    return found ? *found : nullptr;
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
    made->key = of.key;
    made->hash = of.hash;
    made->lacking.resize(slots);
    forming_groups*& place = all_[made->name()];
    return *(place = made.release());
  }
  /// No group of them waits any more.
  void drop(forming_groups& gone) {
    constexpr std::size_t spare_max = 4'096;   // as of groups: a burst opens that many at once
    all_.erase(gone.name());
    std::unique_ptr<forming_groups> one{&gone};
    if (spare_.size() < spare_max) spare_.push_back(std::move(one));
  }

 private:
  flat_index<group_key_view, forming_groups*> all_;   // the texts of a name are those of its value
  std::vector<std::unique_ptr<forming_groups>> spare_;
};

}  // namespace skein::bus
