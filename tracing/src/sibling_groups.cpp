#include "sibling_groups.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace skein {
namespace {

constexpr std::size_t slots_min = 64;

// Ids are random where they are not derived; names repeat.
std::uint32_t hash_of(sibling_key const& key) noexcept {
  std::uint64_t parent;
  std::memcpy(&parent, key.parent.bytes().data(), sizeof parent);
  return static_cast<std::uint32_t>((parent ^ key.name) * 0x9e3779b97f4a7c15 >> 32);
}

}  // namespace

sibling_group& sibling_groups::at(sibling_key const& key) {
  if (2 * size_ >= slots_.size()) grow();
  auto const hash = hash_of(key);
  auto const mask = slots_.size() - 1;
  auto place = hash & mask;
  for (; slots_[place].number != 0; place = (place + 1) & mask) {
    if (slots_[place].hash != hash) continue;
    auto& found = entry_at(slots_[place].number - 1);
    if (found.key == key) return found.group;
  }
  if (size_ == capacity()) blocks_.push_back(std::make_unique<std::array<entry, block_groups>>());
  auto& made = entry_at(size_);
  made.key = key;
  slots_[place] = {hash, static_cast<std::uint32_t>(++size_)};
  return made.group;
}

void sibling_groups::grow() {
  auto const old = std::exchange(slots_, std::vector<slot>(std::max(slots_min, 2 * slots_.size())));
  auto const mask = slots_.size() - 1;
  for (auto const& each : old) {
    if (each.number == 0) continue;
    auto place = each.hash & mask;
    while (slots_[place].number != 0) place = (place + 1) & mask;
    slots_[place] = each;
  }
}

void sibling_groups::clear() noexcept {
  for_each([](sibling_group& group) { group = {}; });
  std::ranges::fill(slots_, slot{});
  size_ = 0;
}

}  // namespace skein
