#include "numbered_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

namespace skein::bus {
namespace {

using index = numbered_index<int>;

std::map<std::uint64_t, int> all_of(index const& from) {
  std::map<std::uint64_t, int> all;
  from.each([&](std::uint64_t no, int value) { EXPECT_TRUE(all.emplace(no, value).second) << no; });
  return all;
}

TEST(numbered_index, finds_what_still_stands_when_thousands_of_later_numbers_have_come_and_gone) {
  index it;
  it[1] = 10;
  it[2] = 20;
  for (std::uint64_t no = 3; no < 5'000; ++no) {
    it[no] = 1;
    ASSERT_EQ(it.extract(no), 1);
  }
  ASSERT_NE(it.find(1), nullptr);
  EXPECT_EQ(*it.find(1), 10);
  EXPECT_EQ(all_of(it), (std::map<std::uint64_t, int>{{1, 10}, {2, 20}}));
  EXPECT_EQ(it.extract(1), 10);
  EXPECT_EQ(it.extract(2), 20);
  EXPECT_TRUE(it.empty());
}

TEST(numbered_index, knows_no_number_that_was_never_given) {
  index it;
  EXPECT_EQ(it.find(0), nullptr);
  EXPECT_EQ(it.extract(0), 0);
  it[5] = 50;
  for (std::uint64_t const no : {std::uint64_t{0}, std::uint64_t{5 + 64}, ~std::uint64_t{0}}) {
    EXPECT_EQ(it.find(no), nullptr);
    EXPECT_EQ(it.extract(no), 0);
  }
  EXPECT_EQ(it.size(), 1u);
}

TEST(numbered_index, holds_what_a_map_would_hold_while_it_grows_and_shrinks) {
  index it;
  std::map<std::uint64_t, int> expected;
  std::uint64_t draw = 1, last = 0;
  for (int round = 0; round < 6; ++round) {
    bool const grows = round % 2 == 0;
    for (int i = 0; i < 12'000; ++i) {
      draw = draw * 6364136223846793005u + 1442695040888963407u;
      if (expected.empty() || (draw >> 33) % 10 < (grows ? 9u : 1u)) {
        last += 1 + (draw >> 60) % 2;
        it[last] = expected[last] = i + 1;
      } else {
        // The oldest, one in the middle, or one that was erased before comes again.
        auto const found = (draw >> 50) % 3 == 0 ? expected.begin() : expected.lower_bound(last - std::min(last, (draw >> 40) % 3'000));
        if (found == expected.end()) continue;
        auto const [no, value] = *found;
        expected.erase(found);
        ASSERT_EQ(it.extract(no), value);
        if ((draw >> 55) % 8 == 0) it[no] = expected[no] = value;
      }
    }
    ASSERT_EQ(it.size(), expected.size());
    ASSERT_EQ(all_of(it), expected);
  }
}

}  // namespace
}  // namespace skein::bus
