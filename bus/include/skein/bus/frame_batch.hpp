// Frames that are ready together travel in one ZeroMQ message (BATCH): a message costs a link more than what is in it.
#pragma once

#include <skein/bus/codec.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skein::bus {

/// Gathers frames in order. Not thread-safe.
class frame_batch {
 public:
  /// Of one batch, in bytes and frames: enough that what a message costs does not matter any more, and little enough that nobody waits for it to fill.
  static constexpr std::size_t bytes_max_default = 64u << 10, frames_max = 1'024;

  /// `bytes_max`: the largest message that the other side takes.
  explicit frame_batch(std::size_t bytes_max = bytes_max_default) : bytes_max_(bytes_max) {}

  /// Copies a frame to the end; false when it has no room beside those that are there.
  [[nodiscard]] bool add(bytes_view frame);
  /// Whether nothing is in it.
  [[nodiscard]] bool empty() const noexcept { return lengths_.empty(); }
  /// How many frames are in it.
  [[nodiscard]] std::size_t count() const noexcept { return lengths_.size(); }
  /// What to send, where it lies, until the next call: the frame itself when it is the only one.
  [[nodiscard]] bytes_view whole();
  /// Begins anew; `memory` is used if it is larger than what is there.
  void clear(bytes memory = {});
  /// The memory in which whole() lies, which stays good. Empty afterwards.
  [[nodiscard]] bytes release();

 private:
  std::size_t bytes_max_;
  bytes data_;   // a gap, then the frames
  std::vector<std::uint32_t> lengths_;
  bytes header_;
};

/// The frames of a BATCH in their order, or the frame itself if it is none, as views of it. Untrusted bytes: errc::bad_message, too_large,
/// unsupported_version. A BATCH among them is for decode() to refuse.
[[nodiscard]] result<void> split_batch(bytes_view frame, codec_limits const& limits, std::vector<bytes_view>& out);

}  // namespace skein::bus
