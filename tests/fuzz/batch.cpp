#include "check.hpp"
#include "targets.hpp"

#include <skein/bus/frame_batch.hpp>

#include <algorithm>
#include <limits>
#include <vector>

namespace skein::fuzz {

void batch(bytes_in data) {
  std::vector<bytes_view> frames, again;
  // One frame may be what only decode() refuses: a batch.
  if (!bus::split_batch(std::as_bytes(data), {}, frames).ok() || frames.size() < 2) return;
  bus::frame_batch joined{std::numeric_limits<std::size_t>::max()};
  for (auto const one : frames) {
    if (!joined.add(one)) return;
  }
  promise(bus::split_batch(joined.whole(), {}, again).ok(), "frames that were split can be joined and split again");
  promise(std::ranges::equal(frames, again, [](bytes_view a, bytes_view b) { return std::ranges::equal(a, b); }), "they are the same frames");
}

}  // namespace skein::fuzz
