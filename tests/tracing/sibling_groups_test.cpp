#include "sibling_groups.hpp"

#include <gtest/gtest.h>

#include <set>

namespace skein {
namespace {

sibling_key key(std::uint8_t parent, std::uint64_t name) { return {span_id{{parent}}, name}; }

TEST(sibling_groups, finds_each_group_of_thousands_where_it_was_made) {
  sibling_groups groups;
  std::set<sibling_group*> made;
  for (std::uint64_t name = 0; name < 5'000; ++name) {
    auto& group = groups.at(key(name % 7, name));
    group.count = static_cast<std::uint32_t>(name) + 1;
    made.insert(&group);
  }
  EXPECT_EQ(groups.size(), 5'000u);
  EXPECT_EQ(made.size(), 5'000u);
  for (std::uint64_t name = 0; name < 5'000; ++name) ASSERT_EQ(groups.at(key(name % 7, name)).count, name + 1);
  EXPECT_EQ(groups.size(), 5'000u);
}

TEST(sibling_groups, tells_keys_of_one_hash_apart) {
  // The hash is of parent and name together: these two have the same.
  sibling_groups groups;
  sibling_key const one{span_id{{1}}, 0}, other{span_id{}, 1};
  groups.at(one).count = 1;
  groups.at(other).count = 2;
  EXPECT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups.at(one).count, 1u);
  EXPECT_EQ(groups.at(other).count, 2u);
}

TEST(sibling_groups, starts_anew_in_its_own_memory_but_gives_back_that_of_long_tails) {
  sibling_groups groups;
  auto& group = groups.at(key(1, 1));
  auto const small = group.tail.capacity();
  group.count = 1'000;
  for (int i = 0; i < 1'000; ++i) group.tail.push_back({});
  groups.clear();
  EXPECT_EQ(groups.size(), 0u);
  auto& next = groups.at(key(2, 2));
  EXPECT_EQ(&next, &group);
  EXPECT_EQ(next.count, 0u);
  EXPECT_TRUE(next.tail.empty());
  EXPECT_EQ(next.tail.capacity(), small);
}

}  // namespace
}  // namespace skein
