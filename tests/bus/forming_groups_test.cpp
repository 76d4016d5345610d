#include "forming_groups.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace skein::bus {
namespace {

constexpr std::size_t hash = 7;

TEST(forming_table, tells_names_of_one_hash_apart_in_whatever_order_they_are_dropped) {
  std::array<std::size_t, 4> order{0, 1, 2, 3};
  std::array<std::string, 4> const keys{"a", "b", "c", "d"};
  do {
    forming_table table;
    std::array<forming_groups*, 4> made{};
    for (std::size_t i = 0; i < keys.size(); ++i) made[i] = &table.add({"run", keys[i], hash}, 2);
    EXPECT_EQ(table.find({"run", "e", hash}), nullptr);
    EXPECT_EQ(table.find({"another", "a", hash}), nullptr);
    for (std::size_t gone = 0; gone < order.size(); ++gone) {
      table.drop(*made[order[gone]]);
      for (std::size_t i = 0; i < order.size(); ++i) {
        auto const at = order[i];
        EXPECT_EQ(table.find({"run", keys[at], hash}), i <= gone ? nullptr : made[at]);
      }
    }
    EXPECT_EQ(table.find({"run", "a", hash}), nullptr);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(forming_table, gives_what_was_dropped_a_new_name_and_nothing_of_the_old_one) {
  forming_table table;
  auto& first = table.add({"run", "a", hash}, 1);
  auto& other = table.add({"run", "b", hash}, 1);
  first.lacking[0].push_back(1);
  first.lacking[0].erase(1);
  table.drop(first);
  auto& again = table.add({"run", "c", 8}, 2);
  EXPECT_EQ(again.lacking.size(), 2u);
  EXPECT_TRUE(again.empty());
  EXPECT_EQ(table.find({"run", "c", 8}), &again);
  EXPECT_EQ(table.find({"run", "b", hash}), &other);
}

}  // namespace
}  // namespace skein::bus
