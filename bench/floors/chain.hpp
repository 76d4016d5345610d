// What every hop moves, so that their times compare: how many stages and items, and what a handler does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace floors {

/// Agents in a row.
inline constexpr std::size_t chain_stages = 4;
/// Items that are published at once and worked off.
inline constexpr std::size_t burst_items = 1000;
/// The same where every stage is committed to a disk.
inline constexpr std::size_t durable_items = 64;
/// Bursts of them for each measured iteration, which opens one run.
inline constexpr std::size_t durable_bursts = 16;
/// Bursts for each measured iteration where spans go to a disk.
inline constexpr std::size_t persisted_bursts = 4;

/// Makes about 200 bytes of an item, encoded.
inline std::string item_body() { return std::string(185, 'x'); }

struct item {
  std::int64_t number = 0;
  std::string body;
};

/// What a handler does in every row: it makes the next stage's item out of its input.
template <class Next, class Item>
Next next_item(Item const& in) {
  return Next{in.number + 1, in.body};
}

}  // namespace floors
