// What is known of the keys that came last.
#include <skein/bus/recent_map.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace skein::bus::testing {
namespace {

constexpr std::size_t kept = 100;

template <class Map>
bool knows(Map& map, int key) {
  return !map.find_or_make(key).second;
}

TEST(recent_map, remembers_as_many_as_it_was_told_to) {
  for (int last = 1; last <= 1'000; last += 37) {
    recent_map<int, int> map{kept};
    for (int key = 1; key <= last; ++key) map.find_or_make(key).first = 2 * key;
    for (int key = std::max(1, last - static_cast<int>(kept) + 1); key <= last; ++key) {
      auto const [value, made] = map.find_or_make(key);
      ASSERT_FALSE(made) << key << " of " << last;
      ASSERT_EQ(value, 2 * key);
    }
  }
}

TEST(recent_map, forgets_what_came_before_twice_as_many) {
  recent_map<int, int> map{kept};
  for (int key = 0; key <= static_cast<int>(2 * kept); ++key) map.find_or_make(key);
  EXPECT_FALSE(knows(map, 0));
}

TEST(recent_map, keeps_what_is_looked_up) {
  recent_map<int, int> map{kept};
  map.find_or_make(-1).first = 7;
  for (int key = 0; key < 10'000; ++key) {
    (void)map.find_or_make(key);
    if (key % 50 != 0) continue;
    ASSERT_TRUE(knows(map, -1)) << key;
  }
  EXPECT_EQ(map.find_or_make(-1).first, 7);
}

TEST(recent_map, tells_keys_of_one_hash_apart) {
  struct same {
    std::size_t operator()(int) const noexcept { return 42; }
  };
  recent_map<int, int, same> map{kept};
  for (int key = 0; key < 150; ++key) map.find_or_make(key).first = key;
  for (int key = 50; key < 150; ++key) EXPECT_EQ(map.find_or_make(key).first, key);
}

}  // namespace
}  // namespace skein::bus::testing
