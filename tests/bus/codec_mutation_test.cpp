// Whatever a peer sends, decode answers with an error or with a value that can be sent again. Never a crash.
#include <skein/bus/codec.hpp>

#include "support/golden_frames.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace skein::bus {
namespace {

using namespace testing;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int mutations = 20'000;
#else
constexpr int mutations = 1'000'000;
#endif

class mutator {
 public:
  explicit mutator(bytes golden) : golden_(std::move(golden)) {}

  bytes const& next() {
    current_ = golden_;
    for (auto edits = 1 + random_() % 3; edits > 0; --edits) edit();
    return current_;
  }

 private:
  std::size_t position() { return current_.empty() ? 0 : random_() % current_.size(); }
  auto iterator(std::size_t at) { return current_.begin() + static_cast<std::ptrdiff_t>(at); }

  void edit() {
    static constexpr unsigned char telling[] = {0x00, 0x01, 0x7f, 0x80, 0x8f, 0x90, 0x91, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc4, 0xc6, 0xc7,
                                                0xc9, 0xca, 0xcb, 0xcc, 0xcf, 0xd0, 0xd3, 0xd4, 0xd8, 0xd9, 0xdb, 0xdc, 0xdd, 0xdf, 0xff};
    auto const at = position();
    if (current_.empty()) return current_.push_back(std::byte{0x53});
    switch (random_() % 8) {
      case 0: current_[at] ^= std::byte{1} << static_cast<int>(random_() % 8); break;
      case 1: current_[at] = static_cast<std::byte>(random_()); break;
      case 2: current_[at] = std::byte{telling[random_() % std::size(telling)]}; break;
      case 3: current_.insert(iterator(at), std::byte{telling[random_() % std::size(telling)]}); break;
      case 4: current_.erase(iterator(at)); break;
      case 5: current_.resize(at); break;
      case 6: current_[at] = static_cast<std::byte>(std::to_integer<unsigned>(current_[at]) + 1); break;
      default: {
        auto const size = std::min<std::size_t>(1 + random_() % 16, current_.size() - at);
        bytes const piece(iterator(at), iterator(at + size));
        current_.insert(iterator(position()), piece.begin(), piece.end());
      }
    }
  }

  bytes golden_, current_;
  std::mt19937 random_{42};
};

class mutated_frames : public ::testing::TestWithParam<golden_frame> {};

TEST_P(mutated_frames, are_refused_or_can_be_sent_again) {
  mutator source{from_hex(GetParam().hex)};
  for (int i = 0; i < mutations; ++i) {
    auto const& frame = source.next();
    auto const value = decode(frame);
    if (!value) {
      auto const code = value.error().code();
      ASSERT_TRUE(code == errc::bad_message || code == errc::unsupported_version || code == errc::too_large) << to_hex(frame);
      continue;
    }
    auto const again = encode(*value);
    ASSERT_TRUE(again) << to_hex(frame) << ": " << again.error().what();
    auto const twice = decode(*again);
    ASSERT_TRUE(twice) << to_hex(frame) << ": " << twice.error().what();
    ASSERT_EQ(encode(*twice).value(), *again) << to_hex(frame);
  }
}

INSTANTIATE_TEST_SUITE_P(codec, mutated_frames, ::testing::ValuesIn(golden_frames()),
                         [](auto const& one) { return one.param.name; });

}  // namespace
}  // namespace skein::bus
