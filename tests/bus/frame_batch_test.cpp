// Several frames in one: what comes out is what went in, and bytes from outside are held against every length.
#include <skein/bus/codec.hpp>
#include <skein/bus/frame_batch.hpp>

#include "support/golden_frames.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace skein::bus::testing {
namespace {

bytes frame_of(message const& what) { return encode(what).value(); }

result<std::vector<bytes_view>> split(bytes_view frame) {
  std::vector<bytes_view> out;
  if (auto ok = split_batch(frame, {}, out); !ok) return ok.error();
  return out;
}

errc refusal(bytes const& frame) {
  auto const found = split(frame);
  return found ? errc{} : found.error().code();
}

TEST(frame_batch, has_these_bytes) {
  frame_batch batch;
  ASSERT_TRUE(batch.add(frame_of(goodbye{200})));
  ASSERT_TRUE(batch.add(frame_of(drain{})));
  EXPECT_EQ(to_hex(batch.whole()), "534b4e1a00010b00" "91920b09" "534b4e1a00010800" "91ccc8" "534b4e1a00011100" "90");
}

TEST(frame_batch, gives_back_every_frame_in_order) {
  frame_batch batch;
  std::vector<bytes> all;
  for (auto const& one : golden_frames()) all.push_back(from_hex(one.hex));
  for (auto const& one : all) ASSERT_TRUE(batch.add(one));
  auto const found = split(batch.whole());
  ASSERT_TRUE(found) << found.error().what();
  ASSERT_EQ(found->size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_TRUE(std::ranges::equal((*found)[i], all[i]));
}

TEST(frame_batch, of_one_frame_is_that_frame) {
  frame_batch batch;
  auto const alone = frame_of(drain{});
  ASSERT_TRUE(batch.add(alone));
  EXPECT_TRUE(std::ranges::equal(batch.whole(), alone));
}

TEST(frame_batch, begins_anew_in_the_memory_of_before) {
  frame_batch batch;
  auto const one = frame_of(drain{}), other = frame_of(refused{errc::misuse, std::string(5'000, 'x')});
  frame_batch fresh;
  for (auto const* frame : {&one, &other, &one}) {
    ASSERT_TRUE(batch.add(*frame));
    ASSERT_TRUE(fresh.add(*frame));
  }
  auto const expected = fresh.whole();
  EXPECT_TRUE(std::ranges::equal(batch.whole(), expected));
  batch.clear();
  ASSERT_TRUE(batch.add(other));
  EXPECT_TRUE(std::ranges::equal(batch.whole(), other));
  auto memory = batch.release();
  EXPECT_TRUE(batch.empty());
  batch.clear(std::move(memory));
  for (auto const* frame : {&one, &other, &one}) ASSERT_TRUE(batch.add(*frame));
  EXPECT_TRUE(std::ranges::equal(batch.whole(), expected));
}

TEST(frame_batch, takes_no_more_than_fits_but_always_one) {
  frame_batch batch{64};
  auto const large = frame_of(refused{errc::misuse, std::string(100, 'x')}), small = frame_of(drain{});
  ASSERT_TRUE(batch.add(large));
  EXPECT_FALSE(batch.add(small));
  EXPECT_TRUE(std::ranges::equal(batch.whole(), large));
  batch.clear();
  while (batch.add(small)) {
  }
  EXPECT_GT(batch.count(), 1u);
  EXPECT_LE(batch.whole().size(), 64u);
}

TEST(frame_batch, refuses_lengths_that_are_not_those_of_its_frames) {
  std::string const preamble = "534b4e1a00010b00", drained = "534b4e1a0001110090";
  EXPECT_EQ(refusal(from_hex(preamble + "919109" + drained)), errc{});
  EXPECT_EQ(refusal(from_hex(preamble + "91910a" + drained)), errc::bad_message);
  EXPECT_EQ(refusal(from_hex(preamble + "919108" + drained)), errc::bad_message);
  EXPECT_EQ(refusal(from_hex(preamble + "919100" + drained)), errc::bad_message) << "shorter than a preamble";
  EXPECT_EQ(refusal(from_hex(preamble + "9192cfffffffffffffffff" "09" + drained)), errc::bad_message);
  EXPECT_EQ(refusal(from_hex(preamble + "91ddffffffff" + drained)), errc::too_large);
  EXPECT_EQ(refusal(from_hex(preamble + "91")), errc::bad_message);
}

TEST(frame_batch, is_no_message_of_its_own) {
  auto const one = decode(from_hex("534b4e1a00010b00" "9190"));
  ASSERT_FALSE(one);
  EXPECT_EQ(one.error().code(), errc::bad_message);
}

}  // namespace
}  // namespace skein::bus::testing
