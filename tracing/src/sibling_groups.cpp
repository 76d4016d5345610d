#include "sibling_groups.hpp"

#include <cstring>
#include <memory>
#include <utility>

namespace skein {
namespace {

// Ids are random where they are not derived; names repeat.
std::uint32_t hash_of(sibling_key const& key) noexcept {
  std::uint64_t parent;
  std::memcpy(&parent, key.parent.bytes().data(), sizeof parent);
  return static_cast<std::uint32_t>((parent ^ key.name) * 0x9e3779b97f4a7c15 >> 32);
}

}  // namespace

sibling_group& sibling_groups::at(sibling_key const& key) {
  if (size_ == capacity()) blocks_.push_back(std::make_unique<std::array<entry, block_groups>>());
  auto& first = first_of_[hash_of(key)];
  for (auto number = first; number != 0;) {
    auto& found = entry_at(number - 1);
    if (found.key == key) return found.group;
    number = found.same_hash;
  }
  auto& made = entry_at(size_);
  made.key = key;
  made.same_hash = std::exchange(first, static_cast<std::uint32_t>(++size_));
  return made.group;
}

void sibling_groups::clear() noexcept {
  for_each([](sibling_group& group) {
    // A tail that has grown would keep its memory where it is assigned to.
    std::destroy_at(&group);
    std::construct_at(&group);
  });
  first_of_.clear();
  size_ = 0;
}

}  // namespace skein
