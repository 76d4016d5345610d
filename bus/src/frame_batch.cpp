#include <skein/bus/frame_batch.hpp>

#include "codec_kind.hpp"
#include "codec_reader.hpp"
#include "codec_writer.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace skein::bus {

namespace {

/// The longest length, tag included.
constexpr std::size_t length_bytes_max = 5;
/// Preamble and the tags of the header's two arrays.
constexpr std::size_t around_lengths = wire::preamble_bytes + 1 + 3;
/// Left in front of the frames, for the header, which is known only with the last of them.
constexpr std::size_t gap = around_lengths + length_bytes_max * frame_batch::frames_max;

bool is_batch(bytes_view frame) {
  return frame.size() >= wire::preamble_bytes && frame[6] == static_cast<std::byte>(wire::kind::batch);
}

}  // namespace

bool frame_batch::add(bytes_view frame) {
  if (!lengths_.empty()) {
    auto const size = around_lengths + length_bytes_max * (lengths_.size() + 1) + (data_.size() - gap) + frame.size();
    if (size > bytes_max_ || lengths_.size() >= frames_max) return false;
  }
  if (data_.size() < gap) {
    data_.reserve(gap + std::min(std::max(bytes_max_, frame.size()), bytes_max_default));
    data_.resize(gap);
  }
  data_.insert(data_.end(), frame.begin(), frame.end());
  lengths_.push_back(static_cast<std::uint32_t>(frame.size()));
  return true;
}

bytes_view frame_batch::whole() {
  if (lengths_.empty()) return {};
  if (lengths_.size() == 1) return bytes_view{data_}.subspan(gap);
  header_.resize(wire::preamble_bytes);
  wire::write_preamble(header_, wire::kind::batch);
  wire::writer header{header_, frames_max};
  header.fields(1);
  header.fields(lengths_.size());
  for (auto const length : lengths_) header.uint(length);
  header.finish();
  auto const begin = gap - header_.size();
  std::copy(header_.begin(), header_.end(), data_.begin() + static_cast<std::ptrdiff_t>(begin));
  return bytes_view{data_}.subspan(begin);
}

void frame_batch::clear(bytes memory) {
  if (memory.capacity() > data_.capacity()) data_ = std::move(memory);
  if (data_.size() > gap) data_.resize(gap);
  lengths_.clear();
}

bytes frame_batch::release() {
  lengths_.clear();
  return std::exchange(data_, {});
}

result<void> split_batch(bytes_view frame, codec_limits const& limits, std::vector<bytes_view>& out) {
  out.clear();
  if (!is_batch(frame)) {
    out.push_back(frame);
    return {};
  }
  if (frame.size() > limits.message_bytes_max) return wire::over_limit(frame.size(), limits.message_bytes_max);
  auto const what = wire::read_preamble(frame);
  if (!what) return what.error();
  auto const rest = frame.subspan(wire::preamble_bytes);
  wire::reader in{rest, {limits.list_items_max, limits.depth_max}, "BATCH", ": header"};
  boost::container::small_vector<std::size_t, 16> lengths;
  std::size_t sum = 0;
  in.fields(1, [&] {
    in.list(lengths, 1, [&] {
      // No length can be over the frame's, so the sum of those that were read cannot overflow before it is refused.
      auto const length = in.uint(rest.size() - std::min(sum, rest.size()), wire::preamble_bytes);
      sum += length;
      return static_cast<std::size_t>(length);
    });
  });
  if (!in.ok()) return *in.failure();
  auto left = rest.subspan(in.position());
  if (left.size() != sum) {
    return error{errc::bad_message, "BATCH: the header announces " + std::to_string(sum) + " bytes of frames, " + std::to_string(left.size()) + " follow it"};
  }
  out.reserve(lengths.size());
  for (auto const length : lengths) {
    out.push_back(left.first(length));
    left = left.subspan(length);
  }
  return {};
}

}  // namespace skein::bus
